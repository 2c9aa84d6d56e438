"""Scores of the matrices that other metrics found."""

from collections.abc import Mapping

import numpy as np

from metaprior.judge.scorers.found import Found
from metaprior.judge.scores import Score
from metaprior.metrics import METRICS, unified_scores

_SOURCES = {
    "importance": ("dci", "dci_disentanglement", "dci_importance"),
    "information": ("mig", "mig", "mutual_information"),
    "accuracy": ("sap", "sap", "sap_scores"),
}
"""The metric whose matrix it is, the score that says whether there is one, and the matrix."""
MADE_OF = tuple(metric for metric, _, _ in _SOURCES.values())


def score_unified(found: Mapping[str, Found]) -> Found:
    """The matrices of DCI, MIG and SAP, as they were found, each summed up in the way of each of these metrics."""
    gap = found["mig"].scores["mig"]
    owns, ways = {}, {}
    for source, (metric, score, matrix) in _SOURCES.items():
        owns[source] = found[metric].scores[score]
        if owns[source].value is not None:
            ways[source] = summed_up(found[metric].matrices[matrix][0], owns[source], gap)
    scores = {}
    for name in METRICS["unified"].scores:
        _, source, way = name.split("_", 2)
        own, value = owns[source], ways.get(source, {}).get(way)
        reason = own.reason or (gap.reason if way == "mig" else None) or "one factor alone has no other"
        scores[name] = Score(
            value, own.n, own.seed, own.protocol, own.rows, reason=reason if value is None else None,
            details={key: own.details[key] for key in ("constant_factors",) if key in own.details},
        )  # fmt: skip
    return Found(scores)


def summed_up(matrix: np.ndarray, own: Score, gap: Score) -> dict[str, float | None]:
    """A matrix without the factors that were constant in its own metric's sample; entropies are those of MIG's."""
    varying = np.delete(np.arange(matrix.shape[1]), own.details.get("constant_factors", ()))
    entropy = np.array(gap.details["entropy"])[varying]
    by_mig = unified_scores(matrix[:, varying], entropy).mig if entropy.any() else None
    return unified_scores(matrix[:, varying]).by_way | {"mig": by_mig}
