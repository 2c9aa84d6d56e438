"""What each factor does to each code when it takes its values: the numbers behind interventional-effect plots."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from metaprior.core import MetapriorError

TAILS = 0.05
"""The wide band of an effect leaves out this share of the examples at either end."""


@dataclass(frozen=True, eq=False)
class Effect:
    """One code as one factor takes each of its V values, while the other factors vary as they do in the data."""

    values: Int[np.ndarray, " v"]
    mean: Float[np.ndarray, " v"]
    sd: Float[np.ndarray, " v"]
    low: Float[np.ndarray, " v"]
    """The 5th percentile."""
    high: Float[np.ndarray, " v"]
    """The 95th percentile."""
    share: float
    """Share of the code's variance that the factor explains, from 0 to 1."""


@dataclass(frozen=True, eq=False)
class Effects:
    """The effect of every factor on every code, ``cells[code][factor]``, and the examples they were measured on."""

    codes: Float[np.ndarray, "n d"]
    factors: Int[np.ndarray, "n f"]
    factor_names: tuple[str, ...]
    cells: Sequence[Sequence[Effect]]
    factor_values: tuple[tuple[str, ...], ...] = ()
    """What the factors' indices stand for, where that is known."""

    def named(self, factor: int) -> list[str]:
        """The values of a factor by their names, otherwise by their indices."""
        values = self.cells[0][factor].values.tolist()
        return [self.factor_values[factor][value] for value in values] if self.factor_values else list(map(str, values))

    @property
    def shares(self) -> Float[np.ndarray, "d f"]:
        """Which share of each code's variance each factor explains."""
        return np.array([[effect.share for effect in row] for row in self.cells])

    def held(self, code: int, factor: int, most: int = 6) -> Float[np.ndarray, "held v"]:
        """E[code | parent, factor] over the factor's values, with the parent held at up to ``most`` of its values.

        The parent is the factor that explains most of the code. The lines are flat where nothing but the parent moves
        the code; NaN where no example has both values. Source: Suter et al. 2019.
        """
        parent = int(self.shares[code].argmax())
        kept = np.unique(self.factors[:, parent])
        kept = kept[np.unique(np.linspace(0, len(kept) - 1, most).round().astype(int))]
        lines = np.full((len(kept), len(self.cells[code][factor].values)), np.nan)
        for line, value in zip(lines, kept, strict=True):
            rows = self.factors[:, parent] == value
            for i, intervened in enumerate(self.cells[code][factor].values):
                chosen = self.codes[rows & (self.factors[:, factor] == intervened), code]
                line[i] = chosen.mean() if len(chosen) else np.nan
        return lines


def interventional_effects(
    codes: Float[np.ndarray, "n d"],
    factors: Int[np.ndarray, "n f"],
    factor_names: Sequence[str] = (),
    factor_values: tuple[tuple[str, ...], ...] = (),
) -> Effects:
    """The effects of factors on codes; rows in which a factor is missing (-1) are left out.

    >>> factors = np.indices((2, 3)).reshape(2, -1).T
    >>> effects = interventional_effects(factors[:, ::-1].astype(float), factors)
    >>> effects.shares.tolist(), effects.cells[0][1].mean.tolist()
    ([[0.0, 1.0], [1.0, 0.0]], [0.0, 1.0, 2.0])
    """
    known = (factors >= 0).all(axis=1)
    codes, factors = codes[known].astype(np.float64), factors[known]
    if not len(factors):
        raise MetapriorError("every row misses some factor, so there is no effect of factors to show")
    columns = [_effects_of(factors[:, k], codes) for k in range(factors.shape[1])]
    names = tuple(factor_names) or tuple(f"factor_{k}" for k in range(factors.shape[1]))
    return Effects(codes, factors, names, [list(row) for row in zip(*columns, strict=True)], factor_values)


def explained(counts: np.ndarray, sd: Float[np.ndarray, "v d"], codes: np.ndarray) -> Float[np.ndarray, " d"]:
    r"""The share of each code's variance that a factor explains: :math:`\epsilon^2`, the correlation ratio less chance.

    .. math:: \epsilon^2 = 1 - \frac{\sum_v n_v s_v^2 / (n - V)}{\sum_i (z_i - \bar z)^2 / (n - 1)}

    For a factor that does nothing its mean is 0, where that of the correlation ratio is (V − 1)/(n − 1); negative
    values are shown as 0. Without noise and with many rows both are the first-order Sobol index. Source: Kelley 1935.
    """
    n, variance = len(codes), codes.var(axis=0)
    varies = variance > 1e-12 * (1 + codes.mean(axis=0) ** 2)  # what rounding leaves of a constant is no variance
    if n <= len(counts) or not varies.any():
        return np.zeros(codes.shape[1])
    within = (counts[:, None] * sd**2).sum(axis=0) / np.where(varies, n * variance, 1)
    return np.where(varies, np.clip(1 - within * (n - 1) / (n - len(counts)), 0, 1), 0.0)


def _effects_of(factor: Int[np.ndarray, " n"], codes: Float[np.ndarray, "n d"]) -> list[Effect]:
    values, place, counts = np.unique(factor, return_inverse=True, return_counts=True)
    groups = np.split(codes[np.argsort(place, kind="stable")], np.cumsum(counts)[:-1])
    mean, sd = (np.stack([getattr(group, kind)(axis=0) for group in groups]) for kind in ("mean", "std"))
    low, high = (np.stack([np.quantile(group, q, axis=0) for group in groups]) for q in (TAILS, 1 - TAILS))
    share = explained(counts, sd, codes)
    return [Effect(values, mean[:, j], sd[:, j], low[:, j], high[:, j], float(share[j])) for j in range(codes.shape[1])]
