"""Few labels in the loss: the S2 term that any VAE of the study can take."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from metaprior.core import Cycle, DataSpec, MetapriorError, Scalar, Step, Stream, require_above, require_at_least
from metaprior.methods.inputs import require_codes
from metaprior.objectives import (
    embedding_xent,
    normalised_factors,
    supervised_covariance,
    supervised_l2,
    supervised_l2_every_pair,
    supervised_xent,
)


class SupervisedLoss(nn.Module):
    """A loss of means B×Z and labels B×F; ``sums`` says whether it grows with the batch, ``fewest`` what it needs."""

    sums: ClassVar[bool] = True
    fewest: ClassVar[int] = 1


class Xent(SupervisedLoss):
    """Sigmoid cross-entropy of means and normalised labels, a sum over the batch: the study's main loss."""

    sizes: Tensor

    def __init__(self, factor_sizes: tuple[int, ...]) -> None:
        super().__init__()
        self.register_buffer("sizes", torch.tensor(factor_sizes), persistent=False)

    def forward(self, means: Tensor, factors: Tensor, step: Step) -> Tensor:
        return step.total(supervised_xent(means, normalised_factors(factors, self.sizes)))


class ScaledL2(SupervisedLoss):
    """Squared error of b * means and raw labels, a sum over the batch; the one scale b begins at 1 and is learned."""

    def __init__(self, factor_sizes: tuple[int, ...]) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, means: Tensor, factors: Tensor, step: Step) -> Tensor:
        return step.total(supervised_l2(means[:, : factors.shape[1]] * self.scale, factors.to(means.dtype)))


class SigmoidL2(Xent):
    """Squared error of sigmoid(means) and normalised labels, a sum over the batch."""

    def forward(self, means: Tensor, factors: Tensor, step: Step) -> Tensor:
        targets = normalised_factors(factors, self.sizes).to(means.dtype)
        return step.total(supervised_l2(means[:, : factors.shape[1]].sigmoid(), targets))


class ReferenceL2(Xent):
    """:class:`SigmoidL2` with the mistake of disentanglement_lib: every mean against every label of the batch."""

    def forward(self, means: Tensor, factors: Tensor, step: Step) -> Tensor:
        targets = step.gather(normalised_factors(factors, self.sizes).to(means.dtype))
        return step.total(supervised_l2_every_pair(means[:, : factors.shape[1]].sigmoid(), targets))


class Covariance(SupervisedLoss):
    """Squared covariances of codes with the labels of other factors."""

    sums = False
    fewest = 2

    def __init__(self, factor_sizes: tuple[int, ...]) -> None:
        super().__init__()

    def forward(self, means: Tensor, factors: Tensor, step: Step) -> Tensor:
        return supervised_covariance(step.gather(means), step.gather(factors.to(means.dtype)))


class Embedding(SupervisedLoss):
    """Softmax over the distances from a code to a learned place for each value; mean over the batch, sum over factors.

    With ``ordered`` the places of a factor lie on a line, slope * index + bias. ``sigma``, one over the unit of
    distance, is given, or (None) one is learned for each factor, from 1 on. The rest begins as in TensorFlow: places
    uniform in +-sqrt(3 / K), slope and bias in +-sqrt(3).
    """

    sums = False

    def __init__(self, factor_sizes: tuple[int, ...], sigma: float | None = 1.0, ordered: bool = False) -> None:
        super().__init__()
        self.ordered = ordered
        shapes = [(2, 3**0.5) if ordered else (size, (3 / size) ** 0.5) for size in factor_sizes]
        self.places = nn.ParameterList(torch.empty(count).uniform_(-bound, bound) for count, bound in shapes)
        self.sigma = nn.Parameter(torch.ones(len(factor_sizes))) if sigma is None else sigma
        self.factor_sizes = factor_sizes

    def extra_repr(self) -> str:
        """The numbers of values, which decide the code that runs: members of a cohort have them in common."""
        return f"factor_sizes={self.factor_sizes}"

    def forward(self, means: Tensor, factors: Tensor, step: Step) -> Tensor:
        losses = (
            embedding_xent(means[:, k], self.embedding(k, means), self.unit(k, means), factors[:, k])
            for k in range(len(self.factor_sizes))
        )
        return torch.stack([loss.mean() for loss in losses]).sum()

    def embedding(self, factor: int, means: Tensor) -> Tensor:
        """The places of a factor's values on its code's axis, K."""
        places = self.places[factor].to(means.dtype)
        if not self.ordered:
            return places
        slope, bias = places
        return slope * torch.arange(self.factor_sizes[factor], device=means.device, dtype=means.dtype) + bias

    def unit(self, factor: int, means: Tensor) -> Tensor:
        """One over the unit of distance on that axis."""
        sigma = self.sigma
        return sigma[factor].to(means.dtype) if isinstance(sigma, Tensor) else means.new_tensor(sigma)


LOSSES: dict[str, Callable[..., SupervisedLoss]] = {
    "xent": Xent,
    "l2": ScaledL2,
    "l2-sigmoid": SigmoidL2,
    "l2-reference": ReferenceL2,
    "cov": Covariance,
    "embed": Embedding,
    "embed-ordered": partial(Embedding, ordered=True),
}
"""The supervised losses by name, as disentanglement_lib calls them where it has them."""


class Supervision(nn.Module):
    """R_sup of the few-labels study, on encoder means (Locatello et al. 2020), with any of :data:`LOSSES`.

    The labelled stream goes round its examples in a fixed order, ``batch`` at a time, as in disentanglement_lib.
    """

    def __init__(self, loss: SupervisedLoss, gamma: Scalar = 4.0, batch: int = 64) -> None:
        super().__init__()
        self.loss = loss
        self.gamma = gamma
        self.batch = batch

    def streams(self) -> dict[str, Stream]:
        """The labelled stream."""
        return {"labelled": Cycle(self.batch, source="labelled")}

    def forward(self, means: Tensor, factors: Tensor, step: Step) -> Tensor:
        """R_sup of the global labelled batch: means B×Z, factors B×F (-1 where missing)."""
        return self.loss(means, factors, step)


@dataclass(frozen=True, kw_only=True)
class SupervisionRecipe:
    """The choices of the supervised term."""

    gamma_sup: Scalar = 4.0
    """Weight of the term, or a schedule of it; most losses are sums over the labelled batch. The paper's grid is not
    published."""
    loss: Literal["xent", "l2", "l2-sigmoid", "l2-reference", "cov", "embed", "embed-ordered"] = "xent"
    """xent: cross-entropy; l2: squared error, scale learned; l2-sigmoid: of sigmoids; l2-reference: the original's
    mistaken form of it; cov: covariances with other factors; embed: softmax over learned places of values."""
    labelled_batch: int = 64
    """Labelled images a step; most losses are sums, so this scales them."""
    sigma: float | None = 1.0
    """Of the embed losses: one over the unit of distance; none: learned."""

    def build(self, data: DataSpec, latent_dim: int) -> Supervision:
        """The term for the data's labelled factors."""
        sizes = data.labelled_factor_sizes or data.factor_sizes
        if not sizes:
            raise MetapriorError("a supervised method needs data with factors of variation, and this data has none")
        require_codes(len(sizes), latent_dim)
        require_at_least(0, gamma_sup=self.gamma_sup)
        require_at_least(1, labelled_batch=self.labelled_batch)
        require_above(0, sigma=self.sigma)
        if self.loss == "cov":
            require_at_least(2, "one example has no covariance", labelled_batch=self.labelled_batch)
        options = {"sigma": self.sigma} if self.loss.startswith("embed") else {}
        return Supervision(LOSSES[self.loss](sizes, **options), self.gamma_sup, self.labelled_batch)
