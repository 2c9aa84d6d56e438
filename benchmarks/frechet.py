"""What a Fréchet distance costs: ours against the root of the product of covariances by SciPy, as FID's code takes it.

Run as ``python -m benchmarks.frechet [--json]``. Two sets of moments of as many features as the published Inception has
are given; contenders take turns in one process, and ratios are medians of those within a repeat. On a machine that
others use too, threads wait for each other: trust the figures of one thread. Some 4 minutes.
"""

import argparse
import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy
from scipy.linalg import LinAlgWarning, sqrtm
from threadpoolctl import threadpool_limits

from metaprior.metrics import frechet_distance_of_normals

Moments = tuple[np.ndarray, np.ndarray]


def moments(size: int, seed: int) -> Moments:
    """Mean and covariance of 3 examples a feature, with a spectrum that falls by a factor of 20,000."""
    rng = np.random.default_rng(seed)
    scales = np.exp(-5 * np.arange(size) / size)[:, None]
    examples = rng.normal(size=(3 * size, size)) @ (scales * rng.normal(size=(size, size)) / np.sqrt(size))
    return examples.mean(axis=0), np.cov(examples, rowvar=False)


def by_root(one: Moments, other: Moments) -> float:
    gap, root = one[0] - other[0], sqrtm(one[1] @ other[1])
    return float(gap @ gap + np.trace(one[1]) + np.trace(other[1]) - 2 * np.trace(root).real)


def ours(one: Moments, other: Moments) -> float:
    return frechet_distance_of_normals(*one, *other)


def still(given: Moments) -> Moments:
    """The same with a feature that is constant."""
    mean, covariance = given[0], given[1].copy()
    covariance[0] = covariance[:, 0] = 0
    return mean, covariance


def timed(contender: Callable[[Moments, Moments], float], sets: tuple[Moments, Moments]) -> tuple[float, float]:
    began = time.perf_counter()
    value = contender(*sets)
    return time.perf_counter() - began, value


def row(size: int, threads: int, sets: tuple[Moments, Moments], case: str, repeats: int) -> dict[str, Any]:
    with threadpool_limits(threads):
        turns = [[timed(contender, sets) for contender in (ours, by_root)] for _ in range(repeats)]
    return {
        "features": size,
        "threads": threads,
        "covariances": case,
        "ours_s": round(statistics.median(ours[0] for ours, _ in turns), 3),
        "scipy_s": round(statistics.median(theirs[0] for _, theirs in turns), 3),
        "ratio": round(statistics.median(theirs[0] / ours[0] for ours, theirs in turns), 1),
        "ours": round(turns[0][0][1], 6),
        "scipy": round(turns[0][1][1], 6),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--features", type=int, nargs="+", default=[2048])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=2)
    options = parser.parse_args()
    warnings.simplefilter("ignore", LinAlgWarning)  # SciPy finds that a singular matrix has no root
    ours(moments(8, 0), moments(8, 1))  # what is imported at the first call is not timed
    rows = []
    for size in options.features:
        sets = moments(size, 0), moments(size, 1)
        cases = {"regular": sets, "one singular": (still(sets[0]), sets[1])}
        for threads in options.threads:
            for case, given in cases.items():
                rows.append(row(size, threads, given, case, options.repeats))
                print(f"{size} features, {threads} threads, {case}: {rows[-1]['ratio']} times", file=sys.stderr)
    if options.json:
        print(json.dumps({"scipy": scipy.__version__, "repeats": options.repeats, "rows": rows}))
        return
    print("| " + " | ".join(rows[0]) + " |\n" + "|---" * len(rows[0]) + "|")
    for each in rows:
        print("| " + " | ".join(map(str, each.values())) + " |")


if __name__ == "__main__":
    main()
