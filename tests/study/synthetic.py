"""Results of trainings that never were: folders of a study, quickly made and as large as wanted."""

import json
from pathlib import Path
from typing import Any

import numpy as np

STRENGTHS = {
    "beta-vae": ("beta", (1.0, 2.0, 4.0, 6.0, 8.0, 16.0)),
    "beta-tcvae": ("beta", (1.0, 2.0, 4.0, 6.0, 8.0, 10.0)),
    "factor-vae": ("gamma", (10.0, 20.0, 30.0, 40.0, 50.0, 100.0)),
    "dip-vae-i": ("lambda_od", (1.0, 2.0, 5.0, 10.0, 20.0, 50.0)),
    "s2-beta-vae": ("beta", (1.0, 4.0)),
    "s2-beta-tcvae": ("beta", (1.0, 4.0)),
    "s2-factor-vae": ("gamma", (10.0, 30.0)),
    "s2-dip-vae-i": ("lambda_od", (1.0, 5.0)),
}
DATA = ("dsprites", "cars3d", "smallnorb", "mpi3d")
LABELLERS = ("perfect", "binned", "noisy", "partial")
TEST = (
    "mig", "dci_disentanglement", "dci_completeness", "dci_informativeness", "factor_vae_score", "beta_vae_score",
    "modularity", "explicitness", "sap", "irs", "gaussian_total_correlation", "downstream_accuracy_100",
)  # fmt: skip
VALIDATION = ("mig", "dci_disentanglement", "sap")
CRITERIA = ("reconstruction", "kl", "negative_elbo")


def result(index: int, rng: np.random.Generator, test: tuple[str, ...] = TEST, sets: int = 2) -> dict[str, Any]:
    """The result of one training; better models are better by every score, more or less."""
    recipe = list(STRENGTHS)[index % len(STRENGTHS)]
    name, strengths = STRENGTHS[recipe]
    supervised = recipe.startswith("s2-")
    place = int(rng.integers(len(strengths)))
    good = float(np.clip(rng.normal(0.3 + 0.05 * place + 0.2 * supervised, 0.13), 0.02, 0.98))

    def about(noise: float) -> float:
        return round(float(np.clip(good + rng.normal(0, noise), 0, 1)), 6)

    labels = {"labels": 100 * 10 ** int(rng.integers(2)), "label_seed": int(rng.integers(5))} if supervised else {}
    method = {name: strengths[place], "lr": 0.0001}
    if supervised:
        method["supervision"] = {"gamma_sup": float(rng.choice([1.0, 4.0, 10.0]))}
    scores = [
        {"kind": "test", "score": score, "value": about(0.03 + 0.02 * i), "representation": each}
        for each in ("mean", "sampled")
        for i, score in enumerate(test)
    ]
    scores += [{"kind": "criterion", "score": score, "value": round(100 - 50 * about(0.5), 4)} for score in CRITERIA]
    if supervised:
        scores.append({"kind": "criterion", "score": "supervised", "value": round(1 - about(0.1), 6)})
    else:
        scores += [
            {
                "kind": "validation", "score": score, "value": about(8 / count**0.5 / 10), "labels": count,
                "labeller": labeller, "label_seed": seed,
            }
            for count in (100, 1000) for labeller in LABELLERS for seed in range(sets) for score in VALIDATION
        ]  # fmt: skip
    return {
        "id": f"{index:012x}",
        "experiment": {
            "recipe": recipe,
            "method": method,
            "data": DATA[int(rng.integers(len(DATA)))],
            "labels": None,
            "label_seed": 0,
            "labeller": str(rng.choice(LABELLERS)) if supervised else "perfect",
            "label_share": 0.9 if supervised else 1.0,
            "warm_start": None,
            "loop": {"steps": 300_000, "seed": int(rng.integers(6))},
        }
        | labels,
        "seconds": {"training": round(float(rng.uniform(100, 200)), 3), "judging": 12.5},
        "scores": scores,
        "asked": {"judging": {"metrics": list(test)}, "labels": []},
    }


def write_study(folder: Path, count: int, **options: Any) -> list[dict[str, Any]]:
    """A study folder with so many results, and the results."""
    rng = np.random.default_rng(0)
    return [write_result(folder, result(i, rng, **options)) for i in range(count)]


def write_result(folder: Path, told: dict[str, Any]) -> dict[str, Any]:
    """Keep one result as its training would."""
    run = folder / "runs" / told["id"]
    run.mkdir(parents=True, exist_ok=True)
    (run / "result.json").write_text(json.dumps(told) + "\n")
    return told


def write_failure(folder: Path, run: str, reason: str) -> None:
    """Keep why a training failed."""
    (folder / "runs" / run).mkdir(parents=True, exist_ok=True)
    (folder / "runs" / run / "failure.json").write_text(json.dumps({"reason": reason}))
