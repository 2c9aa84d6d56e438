"""What the disentanglement metrics cost: ours against their definitions written with NumPy and scikit-learn.

Run as ``python -m benchmarks.metric_suite [--quick] [--json]``. Each metric takes 10,000 training and 5,000 test points
of a world of dSprites' size whose codes are known, so that no network is run: A axis-aligned with five nearly dead
codes, B partly mixed, C fully mixed. Ours and ``benchmarks.disentanglement_oracle`` take turns in one process, with one
thread; times are processor seconds, medians over repeats, and ratios are medians of those within a repeat. DCI is
measured once, in the first case, since the oracle's takes some 5 minutes: all in all 7, or 1½ with ``--quick``, which
leaves it out.
"""

import argparse
import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sklearn
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from benchmarks import disentanglement_oracle as oracle
from metaprior import metrics

SIZES = (3, 6, 40, 32, 32)
CASES = ("A", "B", "C")


@dataclass(frozen=True, eq=False)
class Task:
    """Codes of every combination of factor values, and a sample of them to train on and one to test on."""

    table: np.ndarray
    sizes: tuple[int, ...]
    train: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]

    @classmethod
    def of(cls, table: np.ndarray, sizes: tuple[int, ...], n: int) -> "Task":
        samples = (oracle.sample(table, sizes, count, seed) for seed, count in enumerate((n, n // 2)))
        return cls(table, sizes, *samples)

    @property
    def points(self) -> dict[str, int]:
        return {"train": len(self.train[0]), "test": len(self.test[0])}


def world(case: str, sizes: tuple[int, ...] = SIZES, num_codes: int = 10) -> np.ndarray:
    """Codes of every combination of factor values, in mixed-radix order: linear in the factors, and normal noise."""
    rng = np.random.default_rng(CASES.index(case))
    factors = np.stack(np.unravel_index(np.arange(np.prod(sizes)), sizes), axis=1) / (np.array(sizes) - 1) - 0.5
    mixing, noise = 1.5 * rng.normal(size=(len(sizes), num_codes)), np.full(num_codes, 0.05)
    if case != "C":
        own = np.eye(len(sizes), num_codes)
        live = len(sizes) + 2 * (case == "B")
        mixing = 2.5 * own if case == "A" else 2.5 * own + 0.5 * mixing
        mixing[:, live:], noise[live:] = 0, 0.01
    return factors @ mixing + noise * rng.normal(size=(len(factors), num_codes))


Score = Callable[[Task], float | None]

METRICS: dict[str, tuple[Score, Score]] = {
    "BetaVAE score": (
        lambda t: metrics.beta_vae_score(t.table, t.sizes, metrics.Points(**t.points)).value,
        lambda t: oracle.beta_vae_score(t.table, t.sizes, 0, **t.points)["test"],
    ),
    "FactorVAE score": (
        lambda t: metrics.factor_vae_score(t.table, t.sizes, metrics.Votes(**t.points)).value,
        lambda t: oracle.factor_vae_score(t.table, t.sizes, 0, **t.points)["test"],
    ),
    "MIG": (lambda t: metrics.mig(*t.train).value, lambda t: oracle.mig(*t.train)["mig"]),
    "modularity": (
        lambda t: metrics.modularity(*t.train).value,
        lambda t: oracle.modularity(*t.train)["modularity"],
    ),
    "explicitness": (
        lambda t: metrics.explicitness(*t.train, *t.test).value,
        lambda t: oracle.explicitness(*t.train, *t.test)["test"],
    ),
    "SAP": (lambda t: metrics.sap(*t.train, *t.test).value, lambda t: oracle.sap(*t.train, *t.test)["sap"]),
    "IRS": (lambda t: metrics.irs(*t.train).value, lambda t: oracle.irs(*t.train)["irs"]),
    "unsupervised (TC)": (
        lambda t: metrics.unsupervised_scores(t.train[0]).gaussian_total_correlation,
        lambda t: oracle.unsupervised_scores(t.train[0])["total_correlation"],
    ),
}
"""How ours and the oracle compute each metric, of which one score is shown."""
DCI: tuple[Score, Score] = (
    lambda t: metrics.dci(*t.train, *t.test).disentanglement,
    lambda t: oracle.dci(*t.train, *t.test)["disentanglement"],
)


@dataclass(frozen=True)
class Timed:
    """Processor seconds of each repeat, and the score."""

    seconds: list[float]
    score: float | None


def measure(task: Task, contenders: Sequence[Score], repeats: int) -> list[Timed]:
    """They take turns, and begin in turn."""
    seconds: list[list[float]] = [[] for _ in contenders]
    scores: list[float | None] = [None for _ in contenders]
    for repeat in range(repeats):
        for i in range(len(contenders))[:: (-1) ** repeat]:
            began = time.process_time()
            scores[i] = contenders[i](task)
            seconds[i].append(time.process_time() - began)
    return [Timed(*each) for each in zip(seconds, scores, strict=True)]


def row(case: str, metric: str, ours: Timed, theirs: Timed) -> dict[str, Any]:
    return {
        "case": case,
        "metric": metric,
        "ours_cpu_ms": round(1000 * statistics.median(ours.seconds), 1),
        "oracle_cpu_ms": round(1000 * statistics.median(theirs.seconds), 1),
        "ratio": round(statistics.median(b / a for a, b in zip(ours.seconds, theirs.seconds, strict=True)), 1),
        "ours": None if ours.score is None else round(float(ours.score), 4),
        "oracle": None if theirs.score is None else round(float(theirs.score), 4),
    }


def total(case: str, name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    ours, theirs = (round(sum(each[key] for each in rows), 1) for key in ("ours_cpu_ms", "oracle_cpu_ms"))
    ratio = round(theirs / ours, 1)
    return dict(zip(rows[0], (case, name, ours, theirs, ratio, None, None), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--quick", action="store_true", help="leave DCI out")
    parser.add_argument("--repeats", type=int, default=7, help="of every metric but DCI")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=CASES)
    parser.add_argument("--points", type=int, default=10_000, help="to train on; half as many to test on")
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)  # scikit-learn's defaults stop where they stop
    rows = []
    with threadpool_limits(1):
        small = Task.of(world("C", (3, 3)), (3, 3), 200)
        for contenders in (*METRICS.values(), DCI):  # what is imported at the first call is not timed
            measure(small, contenders, 1)
        for case in options.cases:
            task = Task.of(world(case), SIZES, options.points)
            own = []
            for name, contenders in METRICS.items():
                own.append(row(case, name, *measure(task, contenders, options.repeats)))
                print(f"{case}, {name}: {own[-1]['ratio']} times", file=sys.stderr)
            rows += [*own, total(case, "all of these", own)]
            if case == options.cases[0] and not options.quick:
                own.append(row(case, "DCI", *measure(task, DCI, 1)))
                rows += [own[-1], total(case, "all of these and DCI", own)]
    if options.json:
        print(json.dumps({"sklearn": sklearn.__version__, "repeats": options.repeats, "rows": rows}))
        return
    print("| " + " | ".join(rows[0]) + " |\n" + "|---" * len(rows[0]) + "|")
    for each in rows:
        print("| " + " | ".join("" if value is None else str(value) for value in each.values()) + " |")


if __name__ == "__main__":
    main()
