"""Scores from what codes are good for: telling factors after few examples, without a code, elsewhere, and fairly."""

from typing import Any

from metaprior.judge.draws import Codes, CodesOfWorld
from metaprior.judge.scorers.found import Found, memorised, scored
from metaprior.judge.settings import Settings
from metaprior.metrics import (
    downstream_accuracy,
    reduced_downstream_accuracy,
    strong_generalisation_gap_finite,
    strong_generalisation_gap_of,
    unfairness_finite,
    unfairness_of,
)
from metaprior.metrics.downstream import SIZES

FEW, TESTED = 500, 1_000
"""Examples that the costlier tasks learn from and are tested on, for which the study has no setting."""


def score_downstream(codes: Codes, settings: Settings, seed: int) -> Found:
    """Accuracy of predictors after 10, 100, 1,000 and 10,000 examples, as far as ``train`` goes."""
    found = downstream_accuracy(
        *codes.split(settings.train, settings.test, seed),
        predictor=settings.predictor, backend=settings.backend, seed=seed, threads=settings.threads,
    )  # fmt: skip
    about = {"predictor": found.predictor, "backend": found.backend, "constant_factors": found.constant_factors}
    scores = {
        f"downstream_accuracy_{size}": scored(codes, settings, None, found.n_test, reason=found.reason, **about)
        for size in SIZES
    } | {
        f"downstream_accuracy_{size}": scored(
            codes,
            settings,
            float(found.mean[i]),
            found.n_test,
            size + found.n_test,
            worst=float(found.worst[i]),
            test_seen=memorised(codes, size),
            **about,
        )
        for i, size in enumerate(found.sizes)
    }
    most = max(found.sizes, default=0)
    for few in (100, 1_000):
        name, value = f"sample_efficiency_{few}", found.sample_efficiency(few)
        scores[name] = scored(
            codes, settings, value, found.n_test, most + found.n_test, found.reason,
            test_seen=memorised(codes, most), **about,
        )  # fmt: skip
    return Found(scores)


def score_reduced_downstream(codes: Codes, settings: Settings, seed: int) -> Found:
    """Accuracy without the code that matters most for a factor: of that factor, and of the others."""
    split = codes.split(min(FEW, settings.train), min(TESTED, settings.test), seed)
    found = reduced_downstream_accuracy(*split, **_trees(settings, seed))
    about = {"backend": found.backend, "constant_factors": found.constant_factors, "full": found.full.tolist()}
    about["test_seen"] = memorised(codes, found.n_train)
    values = {"reduced_downstream": found.reduced, "reduced_downstream_others": found.others}
    drawn = found.n_train + found.n_test
    return Found(
        {
            name: scored(codes, settings, value, found.n_test, drawn, found.reason, **about)
            for name, value in values.items()
        }
    )


def score_strong_downstream(codes: Codes, settings: Settings, seed: int) -> Found:
    """The share of accuracy lost where a factor that was fixed in training has other values."""
    train, test = min(FEW, settings.train), min(TESTED, settings.test)
    if isinstance(codes, CodesOfWorld):
        world = codes.interventions(seed)
        found = strong_generalisation_gap_of(world, train=train, test=test, **_trees(settings, seed))
        drawn = (found.n_train + found.n_test) * len(found.shifts)
    else:
        split = codes.split(settings.train, settings.test, seed)
        found = strong_generalisation_gap_finite(*split, train=train, **_trees(settings, seed))
        drawn = min(found.n_train * len(found.shifts), len(split[0])) + len(split[2])
    score = scored(
        codes, settings, found.value, found.n_test, drawn, found.reason,
        backend=found.backend, shifts=len(found.shifts),
    )  # fmt: skip
    return Found({"strong_downstream": score})


def score_fairness(codes: Codes, settings: Settings, seed: int) -> Found:
    """How far predictions of each factor depend on each other factor."""
    if isinstance(codes, CodesOfWorld):
        found = unfairness_of(codes.interventions(seed), train=settings.train, **_trees(settings, seed))
        changes = (len(codes.factor_sizes) - 1) * sum(codes.factor_sizes)  # any factor told, any value of any other
        drawn = found.n_train + found.n_test * changes
    else:
        found = unfairness_finite(*codes.split(settings.train, settings.test, seed), **_trees(settings, seed))
        drawn = found.n_train + found.n_test
    values = {"unfairness": found.value, "unfairness_worst": found.worst}
    return Found(
        {
            name: scored(codes, settings, value, found.n_test, drawn, found.reason, backend=found.backend)
            for name, value in values.items()
        }
    )


def _trees(settings: Settings, seed: int) -> dict[str, Any]:
    return {"backend": settings.backend, "seed": seed, "threads": settings.threads}
