"""M1+M2: a VAE, and a semi-supervised VAE of its codes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from torch import Tensor

from metaprior.core import (
    Batch,
    DataSpec,
    Explanation,
    Method,
    Player,
    Step,
    Stream,
    Term,
    require_above,
    require_at_least,
)
from metaprior.methods.m2 import M2, M2Recipe
from metaprior.methods.vae import VAE, VAERecipe
from metaprior.objectives import log_normal


class M1M2(Method):
    """M1, a VAE of inputs x, and M2 of samples of its codes z1 (Kingma et al. 2014, section 2.3).

    The paper trains M1 to its end and then M2 on what it found; here both learn in each step, M1 by its own loss alone
    and M2 from codes that take no gradient. M2 sees z1 as vectors, normal around what it decodes with one variance.
    Codes are M2's, z2; an image is made of them by way of the z1 that they stand for.
    """

    cohort = True

    def __init__(self, m1: VAE, m2: M2) -> None:
        super().__init__()
        self.m1 = m1
        self.m2 = m2
        self.hyper = m1.hyper | m2.hyper

    def players(self) -> tuple[Player, ...]:
        return tuple(
            replace(player, name=name, modules=tuple(f"{name}.{module}" for module in player.modules))
            for name, method in (("m1", self.m1), ("m2", self.m2))
            for player in method.players()
        )

    def streams(self) -> dict[str, Stream]:
        return self.m2.streams() | self.m1.streams()

    def forward(self, player: str, batches: Mapping[str, Batch], step: Step) -> dict[str, Term]:
        if player == "m1":
            posterior, codes = self.m1.infer(batches["unlabelled"], step)
            step.shared["codes"] = codes.detach()
            return self.m1.reconstruction(batches["unlabelled"], codes) | self.m1.regularisers(posterior, codes, step)
        labelled = batches["labelled"]
        features = self.m1.infer(labelled, noise_apart(step, "labelled"))[1].detach()
        known = {name: column for name, column in labelled.columns.items() if name not in ("images", "values")}
        seen = {
            "unlabelled": Batch({"values": step.shared["codes"]}),
            "labelled": Batch(known | {"values": features}),
        }
        return self.m2(self.m2.player, seen, noise_apart(step, "m2"))

    def classify(self, images: Tensor) -> Tensor:
        """log q(y | z1) at M1's means, B×K, up to a constant."""
        return self.m2.classify(self.m1.encode(images))

    def encode(self, images: Tensor) -> Tensor:
        """M2's means of M1's means, told q(y | z1), B×Z."""
        return self.m2.encode(self.m1.encode(images))

    def decode(self, codes: Tensor, told: Tensor | None = None) -> Tensor:
        """What codes stand for, of examples with that label; without it, of the uniform distribution over labels."""
        return self.m1.decode(self.m2.decode(codes, told))

    def sample(self, count: int, seed: int = 0, told: Tensor | None = None) -> Tensor:
        """Images of draws from M2's prior, told the label, or uniform draws of it."""
        return self.m1.decode(self.m2.sample(count, seed, told))

    def explain(self, batch: Batch, step: Step, samples: int = 1) -> Explanation:
        """Samples of z1 and of y and z2, one each, and what they make of their examples; codes are z2.

        The rate has no closed form.
        """
        repeated = batch.map(lambda column: column.repeat_interleave(samples, dim=0))
        posterior, features = self.m1.infer(repeated, step)
        distortion = self.m1.likelihood.nll(self.m1.outputs(features, repeated), repeated.inputs)
        above = self.m2.explain(Batch({"values": features}), noise_apart(step, "m2"))
        log_ratio = log_normal(features, *posterior).sum(dim=1) - above.log_weights[:, 0]
        each = (batch.size, samples)
        return Explanation(
            above.codes[:, 0].unflatten(0, each),
            distortion.unflatten(0, each),
            log_ratio.unflatten(0, each),
            rate=None,
            standard=above.standard,
        )


def noise_apart(step: Step, use: str) -> Step:
    """The step with random numbers of that use alone, since one name always gives the same ones."""
    return replace(step, draws=lambda kind, name, shape: step.draws(kind, f"{use}/{name}", shape))


@dataclass(frozen=True, kw_only=True)
class M1M2Recipe(M2Recipe):
    """M1+M2; what is said of features is ours, where the paper has 50 of them, from memory."""

    features: int = 10
    """Number of M1's codes, which M2 learns from."""
    feature_hidden: int = 500
    """Units of each hidden layer of M2's nets."""
    feature_variance: float = 1.0
    """Variance of M1's codes around what M2 decodes; with 1, an M2 that has learned nothing is M1's own prior."""

    def build(self, data: DataSpec) -> Method:
        """An :class:`M1M2` for inputs of the data's shape."""
        require_at_least(1, features=self.features, feature_hidden=self.feature_hidden)
        require_above(0, feature_variance=self.feature_variance)
        trained = {"batch": self.batch, "lr": self.lr}
        below = VAERecipe(
            latent_dim=self.features, nets=self.nets, hidden=self.hidden, likelihood=self.likelihood,
            variance=self.variance, **trained,
        )  # fmt: skip
        above = M2Recipe(
            latent_dim=self.latent_dim, nets="mlp", hidden=self.feature_hidden, variance=self.feature_variance,
            attribute=self.attribute, alpha=self.alpha, bounds=self.bounds, labelled_batch=self.labelled_batch,
            **trained,
        )  # fmt: skip
        m2 = above.build(replace(data, image_shape=None, value_shape=(self.features,)))
        assert isinstance(m2, M2)
        return M1M2(VAE(below.build_nets(data), **below.shared(data)), m2)
