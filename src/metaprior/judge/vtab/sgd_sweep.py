"""Linear classifiers by stochastic gradient descent, many at once: each its own rate and decay, all the same batches.

The heads' weights lie side by side in one matrix, so that a step is two matrix products however many there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn.functional import one_hot

from metaprior.core import MetapriorError
from metaprior.judge.vtab.trial import Trial


@dataclass(frozen=True, eq=False)
class Heads:
    """H linear classifiers of K classes; one that diverged holds numbers that are not finite."""

    weights: Float[Tensor, "h d k"]
    bias: Float[Tensor, "h k"]

    def accuracies(self, features: Float[Tensor, "n d"], labels: Int64[Tensor, " n"]) -> list[float]:
        """Share of correct predictions of each head; 0 of one that diverged."""
        finite = self.weights.flatten(1).isfinite().all(1) & self.bias.isfinite().all(1)
        told = (features @ self.weights + self.bias[:, None]).argmax(-1)
        return (((told == labels).double().mean(1)) * finite).tolist()


def sgd_sweep(
    features: Float[Tensor, "n d"], labels: Int64[Tensor, " n"], classes: int, trials: Sequence[Trial], seed: int = 0
) -> Heads:
    """A head for each trial, from zero: mean cross-entropy, momentum, its own schedule; the bias does not decay.

    What ``torch.optim.SGD`` makes of each trial alone, drawing the same examples. A head whose schedule is over is put
    aside, and the others go on.
    """
    batch, momentum = trials[0].batch, trials[0].momentum
    for trial in trials:
        if (trial.optimizer, trial.batch, trial.momentum, trial.unit) != ("sgd", batch, momentum, trials[0].unit):
            raise MetapriorError("the trials of a sweep share one batch and are all by SGD of the same momentum")
    n, d = features.shape
    stream, targets = trials[0].stream(n), one_hot(labels, classes).to(features)
    weights = features.new_zeros(len(trials), d, classes)
    bias = features.new_zeros(len(trials), classes)
    alive: list[int] = sorted(range(len(trials)), key=lambda i: -trials[i].steps(n))
    rates = [trial.schedule(n) for trial in trials]
    step, held = 0, _Held.zeros(d + 1, len(alive), classes, features)
    while alive:
        lr = features.new_tensor([rates[i](step) for i in alive])
        decay = features.new_tensor([trials[i].weight_decay for i in alive])
        drawn = stream.indices(n, seed, "train", step).to(features.device)
        held.update(features[drawn], targets[drawn], lr, decay, momentum)
        step += 1
        while alive and trials[alive[-1]].steps(n) <= step:
            weights[alive[-1]], bias[alive[-1]] = held.theta[:-1, -1], held.theta[-1, -1]
            alive.pop()
            held = _Held(held.theta[:, :-1].contiguous(), held.velocity[:, :-1].contiguous())
    return Heads(weights, bias)


@dataclass(eq=False)
class _Held:
    """Parameters of the heads that go on, and their momentum: (d+1)×H×k, the last row being the bias."""

    theta: Tensor
    velocity: Tensor

    @classmethod
    def zeros(cls, rows: int, heads: int, classes: int, like: Tensor) -> "_Held":
        return cls(like.new_zeros(rows, heads, classes), like.new_zeros(rows, heads, classes))

    def update(self, x: Tensor, targets: Tensor, lr: Tensor, decay: Tensor, momentum: float) -> None:
        """One step of every head on one batch."""
        kernel, bias = self.theta[:-1], self.theta[-1]
        logits = (x @ kernel.flatten(1)).view(len(x), *bias.shape) + bias
        error = (logits.softmax(-1) - targets[:, None]) / len(x)
        self.velocity.mul_(momentum)
        self.velocity[:-1].add_((x.T @ error.flatten(1)).view_as(kernel)).addcmul_(kernel, decay[:, None])
        self.velocity[-1].add_(error.sum(0))
        self.theta.addcmul_(self.velocity, lr[:, None], value=-1)
