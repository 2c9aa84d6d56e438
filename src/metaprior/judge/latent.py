"""Codes to decode: drawn from a mixture that fits a model's codes, or on the way from one code to another."""

import warnings
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from metaprior.core import MetapriorError, generator, require_at_least, unknown
from metaprior.metrics.arrays import Array, as_codes

Way: TypeAlias = Literal["linear", "spherical"]
"""How to go from code to code."""
STRAIGHT = 1e-4
"""Of so small a sine the angle between two codes is no longer known well enough to go along it."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """A mixture of K normals over codes of Z numbers."""

    weights: Float[Tensor, " k"]
    means: Float[Tensor, "k z"]
    factors: Float[Tensor, "k z z"]
    """Lower triangular; a covariance is a factor times its transpose."""

    def sample(self, count: int, seed: int = 0) -> Float[Tensor, "count z"]:
        """Independent codes, float32; the same seed gives the same ones."""
        source = generator(seed, "mixture")
        of = torch.multinomial(self.weights, count, replacement=True, generator=source)
        noise = torch.randn(count, self.means.shape[1], 1, dtype=torch.float64, generator=source)
        return (self.means[of] + (self.factors[of] @ noise).squeeze(2)).float()


def fit_mixture(codes: Array, components: int = 10, seed: int = 0) -> Mixture:
    """The mixture of normals, each with a covariance of its own, that fits codes N×Z by expectation maximisation.

    It stands in for a prior where a model has none, or where codes do not follow it: ``decode`` its samples. Codes are
    standardised first, so that the variance that EM adds to keep components from collapsing, 1e-6, is the same share
    of any code's; a code that does not vary stays as it is.

    Source: Ghosh et al. 2020 (ex-post density estimation).

    >>> fit_mixture([[0.0, 5.0], [1.0, 5.0], [2.0, 5.0]], components=1).means.tolist()
    [[1.0, 5.0]]
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    values = as_codes(codes).astype(np.float64)
    require_at_least(1, components=components)
    if len(values) < max(2, components):
        raise MetapriorError(f"{components} components take at least {max(2, components)} codes, not {len(values)}")
    mean, scale = values.mean(axis=0), values.std(axis=0)
    scale[scale == 0] = 1.0
    mixture: Any = GaussianMixture(components, random_state=seed % 2**32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a mixture that could fit better is a mixture
        mixture.fit((values - mean) / scale)
    factors = scale[:, None] * np.linalg.cholesky(mixture.covariances_)
    weights, means = mixture.weights_, mean + scale * mixture.means_
    return Mixture(*map(torch.from_numpy, (weights, means, factors)))


def interpolate(
    start: Float[Tensor, "b z"], end: Float[Tensor, "b z"], steps: int, kind: Way = "linear"
) -> Float[Tensor, "b steps z"]:
    r"""Codes on the way from each start to its end, both included, at equal steps t of 0 … 1.

    Linear: :math:`(1 - t)\, a + t\, b`. Spherical (Shoemake 1985), by the angle :math:`\omega` between them,

    .. math:: \frac{\sin (1 - t) \omega}{\sin \omega}\, a + \frac{\sin t \omega}{\sin \omega}\, b

    which keeps the length of codes of one length, as draws from a normal in many dimensions nearly are; a straight
    line leads through codes that are too short. Where codes point the same way, or opposite ways, it is linear.

    >>> interpolate(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]]), steps=3).tolist()
    [[[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]]
    """
    require_at_least(2, "both ends are steps", steps=steps)
    if start.shape != end.shape or start.ndim != 2:
        shapes = " and ".join(str(tuple(each.shape)) for each in (start, end))
        raise MetapriorError(f"an interpolation takes as many starts as ends, both B×Z, not {shapes}")
    if kind not in get_args(Way):
        raise unknown("kind of interpolation", kind, get_args(Way))
    t = torch.linspace(0, 1, steps, dtype=torch.float64, device=start.device)
    away, near = (1 - t).expand(len(start), -1), t.expand(len(start), -1)
    if kind == "spherical":
        cosine = torch.cosine_similarity(start.double(), end.double()).clamp(-1, 1)
        angle, sine = cosine.arccos()[:, None], (1 - cosine.square()).sqrt()[:, None]
        bent = (sine > STRAIGHT) & (start.any(1) & end.any(1))[:, None]  # a code of zeros points nowhere
        away, near = (torch.where(bent, (part * angle).sin() / sine, part) for part in (away, near))
    codes = away[:, :, None] * start[:, None].double() + near[:, :, None] * end[:, None].double()
    return codes.to(start.dtype)
