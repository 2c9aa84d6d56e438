"""The protocol rd: what codes cost (rate), what they lose (distortion), bounds on the likelihood, what they are for."""

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from metaprior.core import Explains, derived_seed, generator, require, require_at_least
from metaprior.judge.decomposition import Decomposition, decompose
from metaprior.judge.explained import Explained, explained
from metaprior.judge.features import Gathers, Progress
from metaprior.judge.label_distortion import label_distortion, mean_codes
from metaprior.judge.scores import Score, Scores, Table
from metaprior.objectives import importance_weighted_bound, imq_of_scales, mmd

DRAWS = 8
"""Samples of each code for the distortion, and for a rate without a closed form."""
ACTIVE = 0.01
"""A code is active where its mean varies by more than this over examples (Burda et al. 2016)."""
NEAR = 0.9
"""From this share of log N on the information of N examples is said to be near its ceiling."""
DISTANCES_AT_ONCE = 2**25
"""So many numbers, pairs of codes times the size of a code, a discrepancy may hold."""
DETERMINISTIC = "the rate is infinite: codes are deterministic, and their prior has a density"
NO_LIKELIHOOD = "the model has no p(x | z), so that nothing says what its codes leave open"
NOT_NORMAL = "the model gives no normal posterior of an example with the prior N(0, 1)"
DISAGREE = "explain() gives a posterior and a log_ratio that disagree: the prior is not N(0, 1)"
SCORES = (
    "distortion", "rate", "negative_elbo", "nll_iwae", "entropy_bound", "mutual_information_lower",
    "mutual_information_upper", "total_correlation", "dimension_wise_kl", "active_units", "mmd_to_prior",
    "label_distortion", "label_distortion_sampled", "probe_accuracy", "probe_accuracy_sampled",
)  # fmt: skip
OF_A_RATE = (
    "rate", "negative_elbo", "nll_iwae", "entropy_bound", "mutual_information_lower", "mutual_information_upper",
    "total_correlation", "dimension_wise_kl",
)  # fmt: skip
"""The scores that a deterministic code has none of."""
OF_A_LIKELIHOOD = ("distortion", "negative_elbo", "nll_iwae", "entropy_bound")
"""The scores that a model without p(x | z) has none of."""


@dataclass(frozen=True)
class _Told:
    """Scores that have the seed and the number of examples in common."""

    n: int
    seed: int

    def mean(self, values: Float[Tensor, " n"], protocol: str, **details: Any) -> Score:
        """A mean over examples with its standard error, or why there is none."""
        values, n = values.double(), len(values)
        if not bool(values.isfinite().all()):
            return self.without("it is not finite for some example", protocol, n)
        se = float(values.std() / n**0.5) if n > 1 else None
        return Score(float(values.mean()), n, self.seed, protocol, n, se=se, details=details)

    def number(self, value: float, protocol: str, **details: Any) -> Score:
        """A number of all examples together."""
        return Score(value, self.n, self.seed, protocol, self.n, details=details)

    def without(self, reason: str, protocol: str = "rd", n: int | None = None) -> Score:
        """A score that cannot be computed."""
        return Score(None, self.n if n is None else n, self.seed, protocol, self.n if n is None else n, reason=reason)


def rate_distortion(
    model: Explains,
    data: Gathers,
    train: Gathers | None = None,
    *,
    examples: int = 5_000,
    images: int = 1_000,
    samples: int = 500,
    seed: int = 0,
    model_name: str = "",
    data_name: str = "",
    progress: Progress | None = None,
) -> Scores:
    """Rate, distortion and usefulness of a model on up to ``examples`` rows of ``data``, in nats.

    The importance-weighted bound takes ``images`` of those rows and ``samples`` of each one's code. Labels, otherwise
    factors, are told from codes by a predictor that learns from ``train`` or, where that is not given, from two thirds
    of the rows. Only rows that the model was not trained on give a bound on the entropy of the data.

    Sources: Alemi et al. 2018 (rate, distortion), Burda et al. 2016 (bound, active units), Chen et al. 2018 (the parts
    of the rate), Tschannen et al. 2018 (label distortion).
    """
    require(model, Explains, "judging rate and distortion")
    require_at_least(1, images=images, samples=samples)
    require_at_least(2, examples=examples)
    rows = _some(len(data), examples, seed, "rows")
    told = _Told(len(rows), seed)
    found = explained(model, data, rows, DRAWS, derived_seed(seed, "rate"), progress)
    rate = rate_of(found)
    if rate is None:
        scores = _of_deterministic(found, told)
    else:
        few = rows[_some(len(rows), images, seed, "images")]
        scores = _rate(rate, found, told) | _parts(found, told, progress)
        scores |= _likelihood(rate, model, data, few, found, samples, told, progress)
    scores["mmd_to_prior"] = _to_prior(found, told)
    scores["active_units"] = _active(model, data, rows, found, told)
    label_scores, tables = label_distortion(model, data, rows, found, train, examples, seed)
    scores |= label_scores
    if found.rate is not None:
        kl = found.rate.double().mean(dim=0)
        kind = "code" if len(kl) == found.codes.shape[1] else "group"
        names = tuple(f"{kind}_{i}" for i in range(len(kl)))
        tables["kl_per_code"] = Table(kl[:, None].numpy(), names, ("kl",), "nats")
    return Scores(
        protocol="rd",
        scores={name: scores[name] for name in SCORES if name in scores},
        model=model_name or type(model).__name__,
        data=data_name or getattr(data, "name", "") or type(data).__name__,
        tables=tables,
    )


def _some(length: int, most: int, seed: int, name: str) -> Tensor:
    """Up to so many indices below ``length``, drawn without replacement, in their order."""
    return torch.randperm(length, generator=generator(seed, f"rd {name}"))[:most].sort().values


def _each(samples: int) -> str:
    return f"{samples} sample{'s' * (samples > 1)} of each code"


def rate_of(found: Explained) -> Float[Tensor, " n"] | None:
    """KL(q(z | x) || p(z)) of each example, in closed form or by its samples; None where it is infinite."""
    if found.rate is not None:
        return found.rate.sum(dim=1)
    return None if found.log_ratio is None else found.log_ratio.mean(dim=1)


def _rate(rate: Float[Tensor, " n"], found: Explained, told: _Told) -> dict[str, Score]:
    """R, and R as the upper bound on the information."""
    how = "closed form" if found.rate is not None else _each(DRAWS)
    return {"rate": told.mean(rate, how), "mutual_information_upper": told.mean(rate, f"the rate: {how}")}


def _likelihood(
    rate: Float[Tensor, " n"],
    model: Explains,
    data: Gathers,
    few: Tensor,
    found: Explained,
    samples: int,
    told: _Told,
    progress: Progress | None,
) -> dict[str, Score]:
    """D, D + R, and by more samples of the codes of a few rows -log p(x) from above: the entropy of the data too."""
    if found.distortion is None:
        return dict.fromkeys(OF_A_LIKELIHOOD, told.without(NO_LIKELIHOOD))
    distortion = found.distortion.mean(dim=1)
    scores = {
        "distortion": told.mean(distortion, _each(DRAWS)),
        "negative_elbo": told.mean(distortion + rate, _each(DRAWS)),
    }
    more = explained(model, data, few, samples, derived_seed(told.seed, "likelihood"), progress)
    if more.distortion is None or more.log_ratio is None:
        unknown = told.without("the codes' density is not known")
        return scores | dict.fromkeys(("nll_iwae", "entropy_bound"), unknown)
    log_weights = -(more.distortion + more.log_ratio).double()
    protocol = f"importance-weighted bound, {_each(samples)}"
    nll = told.mean(
        -importance_weighted_bound(log_weights), protocol,
        samples=samples, negative_elbo=_finite(-log_weights.mean()),
    )  # fmt: skip
    bound = replace(nll, protocol="nll_iwae", details={"direction": "upper"})
    return scores | {"nll_iwae": nll, "entropy_bound": bound}


def _finite(value: Tensor) -> float | None:
    return float(value) if bool(value.isfinite()) else None


def _parts(found: Explained, told: _Told, progress: Progress | None) -> dict[str, Score]:
    """I, TC and the dimension-wise KL, by one sample of each code and the posteriors of the very same examples."""
    names = ("mutual_information_lower", "total_correlation", "dimension_wise_kl")
    if found.posterior is None:
        return dict.fromkeys(names, told.without(NOT_NORMAL))
    parts = decompose(found.codes, *found.posterior, progress)
    if not _agree(parts, found):
        return dict.fromkeys(names, told.without(DISAGREE))
    protocol, ceiling = f"exact over {told.n:,} examples", math.log(told.n)
    near = bool(parts.mutual_information.mean() >= NEAR * ceiling)
    of_all = f"{protocol}, near log {told.n:,}, the most that they can show" if near else protocol
    information = told.mean(parts.mutual_information, of_all, ceiling=ceiling, near_ceiling=near)
    return {
        "mutual_information_lower": information,
        "total_correlation": told.mean(parts.total_correlation, protocol),
        "dimension_wise_kl": told.mean(parts.dimension_wise_kl, protocol),
    }


def _agree(parts: Decomposition, found: Explained) -> bool:
    """Whether the parts add up to the log-ratio that the model itself gives of the same codes, but for rounding."""
    if found.log_ratio is None:
        return False
    apart = (parts.rate - found.log_ratio[:, 0]).abs().nanmean()
    return not bool(apart > 0.01 * found.codes.shape[1])


def _active(model: Explains, data: Gathers, rows: Tensor, found: Explained, told: _Told) -> Score:
    """How many codes the means of examples move."""
    protocol = f"variance of means above {ACTIVE:g}"
    means = mean_codes(model, data, rows, found)
    if means is None:
        return told.without("the model does not encode", protocol)
    variance = torch.from_numpy(means).double().var(dim=0, correction=0)
    if not bool(variance.isfinite().all()):
        return told.without("codes are not all finite", protocol)
    by_kl = {} if found.rate is None else {"by_kl": int((found.rate.double().mean(dim=0) > ACTIVE).sum())}
    return told.number(float((variance > ACTIVE).sum()), protocol, codes=len(variance), **by_kl)


def _of_deterministic(found: Explained, told: _Told) -> dict[str, Score]:
    """The distortion, and why there is nothing of a rate."""
    scores = dict.fromkeys(OF_A_RATE, told.without(DETERMINISTIC))
    if found.distortion is None:
        return scores | {"distortion": told.without(NO_LIKELIHOOD)}
    return scores | {"distortion": told.mean(found.distortion[:, 0], "one code of each example")}


def _to_prior(found: Explained, told: _Told) -> Score:
    """How far the codes of all examples together, one sample of each, lie from N(0, 1): those with that prior."""
    size = found.standard
    if not size:
        return told.without("no code has the prior N(0, 1)")
    most = max(2, math.isqrt(DISTANCES_AT_ONCE // size))
    codes = found.codes[_some(len(found.codes), most, told.seed, "discrepancy"), :size]
    draws = torch.randn(codes.shape, dtype=codes.dtype, generator=generator(told.seed, "prior"))
    part = f", the first {size} of {found.codes.shape[1]} codes" if size < found.codes.shape[1] else ""
    protocol = f"inverse multiquadratic kernels of seven scales, against N(0, 1){part}"
    if len(codes) < 2 or not bool(codes.isfinite().all()):
        return told.without("it takes 2 codes or more, all of them finite", protocol)
    value = float(mmd(codes, draws, partial(imq_of_scales, base=2.0 * size)))
    return replace(told.number(value, protocol), n=len(codes))
