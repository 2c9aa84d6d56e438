"""Recorded scores of the original metric code, on codes that a formula gives; they may lie beside the checkout."""

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

FOLDER = Path(__file__).parents[3] / "shared" / "reference" / "disentanglement"
CASES = (
    "A_dsprites", "B_dsprites", "C_dsprites", "E_dsprites", "A_shapes3d", "Z_dsprites", "A_dsprites@f32",
    "C_dsprites@f32",
)  # fmt: skip
recorded = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the recorded reference scores are not at {FOLDER}")


@functools.cache
def _read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text())


def scores(case: str, metric: str, environment: str = "sk1.9") -> dict[str, dict[str, float]]:
    """Mean and sd of each score of a metric."""
    return _read("scores.json")["scores"][case][metric][environment]["scores"]


def matrices(case: str, metric: str, environment: str = "sk1.9") -> dict[str, Any]:
    """The matrices of seed 0."""
    return _read("scores.json")["scores"][case][metric][environment]["seed_0"]


def tolerance(score: dict[str, float]) -> float:
    return max(3 * score["sd"], 0.005)


@functools.lru_cache(maxsize=1)
def world(case: str) -> tuple[np.ndarray, tuple[int, ...]]:
    """Codes of every factor combination of a case, in mixed-radix order, and the factor sizes."""
    name, _, precision = case.partition("@")
    spec = _read("cases.json")
    case_ = spec["cases"][name]
    sizes = tuple(case_["factor_sizes"])
    index = np.arange(np.prod(sizes))
    factors = np.stack(np.unravel_index(index, sizes), 1)
    z = np.zeros((len(index), case_["num_codes"]))
    for k, size in enumerate(sizes):
        z += np.outer(factors[:, k] / (size - 1.0) - 0.5, np.array(case_["A"])[:, k])
    for e in case_["extra"]:
        v, m, size = factors[:, e["factor"]], e["m"], sizes[e["factor"]]
        part = (v % m) / (m - 1) if e["kind"] == "mod" else (v // m) / float((size - 1) // m)
        z[:, e["code"]] += e["weight"] * (part - 0.5)
    z += np.array(case_["s"]) * _noise(index, case_["num_codes"], case_["noise_seed"], spec["noise"])
    return (z.astype(np.float32) if precision else z), sizes


def _noise(index: np.ndarray, codes: int, seed: int, n: dict[str, Any]) -> np.ndarray:
    u = np.uint64
    x = index.astype(u)[:, None] * u(codes) + np.arange(codes, dtype=u) + u(seed * n["seed_stride"])
    a, b, c = map(u, n["shifts"])
    with np.errstate(over="ignore"):
        x = x + u(int(n["golden"], 16))
        x = (x ^ (x >> a)) * u(int(n["mul1"], 16))
        x = (x ^ (x >> b)) * u(int(n["mul2"], 16))
        x ^= x >> c
    words = sum((x >> u(s)) & u(65535) for s in (0, 16, 32, 48))
    return (words.astype(np.float64) - n["center"]) * n["scale"]


def sample(case: str, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes and factors of ``n`` uniform draws with replacement."""
    codes, sizes = world(case)
    index = np.random.default_rng(seed).integers(len(codes), size=n)
    return codes[index], np.stack(np.unravel_index(index, sizes), 1)
