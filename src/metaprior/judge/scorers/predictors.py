"""Scores from predictors that learn factors from codes."""

import numpy as np

from metaprior.judge.draws import Codes
from metaprior.judge.scorers.found import Found, memorised, scored
from metaprior.judge.settings import Settings
from metaprior.metrics import dci, explicitness, modularity, sap


def score_dci(codes: Codes, settings: Settings, seed: int) -> Found:
    """DCI by trees that learn from ``train`` examples and are tested on ``test`` others."""
    found = dci(
        *codes.split(settings.train, settings.test, seed), backend=settings.backend, seed=seed, threads=settings.threads
    )
    drawn = found.n_train + found.n_test
    about = {
        "reason": found.reason, "backend": found.backend,
        "constant_factors": found.constant_factors, "dead_codes": found.dead_codes,
    }  # fmt: skip
    scores = {
        "dci_disentanglement": scored(codes, settings, found.disentanglement, found.n_train, drawn, **about),
        "dci_completeness": scored(codes, settings, found.completeness, found.n_train, drawn, **about),
        "dci_informativeness": scored(
            codes, settings, found.informativeness_test, found.n_test, drawn, train=found.informativeness_train,
            test_seen=memorised(codes, settings.train), **about,
        ),
    }  # fmt: skip
    return Found(scores, {"dci_importance": (found.importance, "share of a factor's importance")})


def score_modularity_explicitness(codes: Codes, settings: Settings, seed: int) -> Found:
    """Modularity on ``train`` examples; explicitness of a linear predictor that learns from these, on others."""
    modular = modularity(*codes.sample(settings.train, seed), bins=settings.bins)
    explicit = explicitness(*codes.split(settings.train, settings.test, seed))
    drawn = explicit.n_train + explicit.n_test
    scores = {
        "modularity": scored(
            codes, settings, modular.value, modular.n, reason=modular.reason, live_codes_alone=modular.live_value,
            bins=settings.bins, dead_codes=modular.dead_codes, constant_factors=modular.constant_factors,
        ),
        "explicitness": scored(
            codes, settings, explicit.value, explicit.n_test, drawn, explicit.reason, train=explicit.train_value,
            predictor=f"logistic regression, {explicit.variant}", dead_codes=explicit.dead_codes,
            constant_factors=explicit.constant_factors,
            left_out=[list(values) for values in explicit.left_out] if any(explicit.left_out) else None,
        ),
    }  # fmt: skip
    return Found(scores)


def score_sap(codes: Codes, settings: Settings, seed: int) -> Found:
    """SAP by a linear support vector machine on each code; with it, what exact codes reach on the same examples."""
    split = _, factors, _, answers = codes.split(settings.train, settings.test, seed)
    found = sap(*split)
    centre, scale = factors.mean(axis=0), np.maximum(factors.std(axis=0), 1e-12)
    exact = sap((factors - centre) / scale, factors, (answers - centre) / scale, answers)
    score = scored(
        codes, settings, found.value, found.n_test, found.n_train + found.n_test, found.reason,
        exact_codes=exact.value, constant_factors=found.constant_factors, dead_codes=found.dead_codes,
    )  # fmt: skip
    return Found({"sap": score}, {"sap_scores": (found.scores, "accuracy")})
