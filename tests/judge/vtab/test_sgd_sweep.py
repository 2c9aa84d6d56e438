"""Many heads at once are what torch.optim.SGD makes of each alone."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import cross_entropy

from metaprior.core import MetapriorError
from metaprior.judge.vtab.sgd_sweep import Heads, sgd_sweep
from metaprior.judge.vtab.trial import Trial
from tests.judge.probes.blobs import blobs

TRIALS = (
    Trial(0.1, 16, 40, drops=(12, 24, 36), weight_decay=0.1),
    Trial(1.0, 16, 25, warmup=5, drops=(10,)),
    Trial(0.01, 16, 40, drops=(12, 24, 36)),
    Trial(0.3, 16, 7, warmup=2),
)
IN_EPOCHS = tuple(Trial(lr, 32, 3, "epochs", warmup=1, weight_decay=decay) for lr in (0.5, 0.1) for decay in (0.0, 0.2))


def task(n: int = 50, d: int = 6, classes: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    features, labels = blobs(0, n, d, classes)
    return torch.from_numpy(features), torch.from_numpy(labels)


def alone(x: torch.Tensor, y: torch.Tensor, classes: int, trial: Trial, seed: int) -> torch.nn.Linear:
    head = torch.nn.Linear(x.shape[1], classes, dtype=x.dtype)
    torch.nn.init.zeros_(head.weight)
    torch.nn.init.zeros_(head.bias)
    groups = [{"params": [head.weight], "weight_decay": trial.weight_decay}, {"params": [head.bias]}]
    optimizer = torch.optim.SGD(groups, lr=1.0, momentum=trial.momentum)
    rate, stream = trial.schedule(len(x)), trial.stream(len(x))
    for step in range(trial.steps(len(x))):
        rows = stream.indices(len(x), seed, "train", step)
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        optimizer.zero_grad()
        cross_entropy(head(x[rows]), y[rows]).backward()
        optimizer.step()
    return head


@pytest.mark.parametrize("trials", [TRIALS, IN_EPOCHS], ids=["steps", "epochs"])
def test_each_head_is_torch_s_own_sgd(trials: tuple[Trial, ...]) -> None:
    x, y = task()
    found = sgd_sweep(x, y, 4, trials, seed=3)
    for trial, weights, bias in zip(trials, found.weights, found.bias, strict=True):
        head = alone(x, y, 4, trial, seed=3)
        assert torch.allclose(weights, head.weight.T, rtol=0, atol=1e-10)
        assert torch.allclose(bias, head.bias, rtol=0, atol=1e-10)


def test_heads_do_not_depend_on_their_company() -> None:
    x, y = task()
    together = sgd_sweep(x, y, 4, TRIALS)
    for place, trial in enumerate(TRIALS):
        single = sgd_sweep(x, y, 4, [trial])
        assert torch.allclose(single.weights[0], together.weights[place], rtol=0, atol=1e-12)


def test_one_that_diverges_leaves_the_others_alone_and_tells_nothing() -> None:
    x, y = task()
    wild = Trial(1e308, 16, 40, drops=())
    found = sgd_sweep(x, y, 4, [wild, TRIALS[0]])
    assert not found.weights[0].isfinite().all()
    accuracies = found.accuracies(x, y)
    assert accuracies[0] == 0
    assert accuracies[1] == pytest.approx(sgd_sweep(x, y, 4, [TRIALS[0]]).accuracies(x, y)[0])
    assert accuracies[1] > 0.5


def test_accuracies_are_shares_of_correct_predictions() -> None:
    heads = Heads(torch.eye(2).expand(2, 2, 2), torch.tensor([[0.0, 0.0], [9.0, 0.0]]))
    x, y = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]), torch.tensor([0, 1, 0])
    assert heads.accuracies(x, y) == pytest.approx([2 / 3, 2 / 3])


@pytest.mark.parametrize("other", [{"batch": 8}, {"momentum": 0.5}, {"optimizer": "adam"}])
def test_a_sweep_shares_batches_and_momentum(other: dict) -> None:
    with pytest.raises(MetapriorError, match="share one batch"):
        sgd_sweep(*task(), 4, [TRIALS[0], replace(TRIALS[2], **other)])
