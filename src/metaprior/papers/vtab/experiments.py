"""The benchmark's questions as experiments: what is trained and measured, and the rule, fixed before the first run.

Rules are this project's own; published figures are of other encoders, data and tasks. Encoders are called by how they
learnt: ``scratch`` did not, before it was adapted. Accuracies are means over seeds, and over tasks, all or a group's.
"""

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Float

from metaprior.data.vtab import DESK as TASKS
from metaprior.papers.claim import Experiment, Measured, Ruling
from metaprior.papers.vtab.scales import Bench
from metaprior.study import Study, study_of
from metaprior.study.analysis import rank_correlation
from metaprior.study.grid import Grid, chain
from metaprior.study.models import Models

Sized = Callable[[Bench], Experiment]
TRAINED = ("vae", "wae-mmd", "rotation", "classifier", "sup-rotation")
KINDS = (*TRAINED, "scratch")


def learning_ranks(bench: Bench) -> Experiment:
    """Question 1: which learning makes the best encoders."""
    kinds = ("classifier", "rotation", "vae")
    return _experiment(
        bench,
        "Fine-tuned, mean of all tasks: the classifier above rotation, and rotation above the VAE",
        kinds,
        lambda models: {_named(kind): mean(bench, models, kind, bench.sweep) for kind in kinds},
        lambda m: _holds(m["classifier"] > m["rotation"] > m["vae"]),
    )


def generative_do_not_help(bench: Bench) -> Experiment:
    """Question 2: is a generative encoder a better start than none."""
    kinds = ("vae", "wae-mmd", "scratch")
    return _experiment(
        bench,
        "Fine-tuned, mean of all tasks: VAE and WAE-MMD both below the same encoder from scratch",
        kinds,
        lambda models: {_named(kind): mean(bench, models, kind, bench.sweep) for kind in kinds},
        lambda m: _holds(max(m["vae"], m["wae_mmd"]) < m["scratch"]),
    )


def rotation_is_for_structure(bench: Bench) -> Experiment:
    """Question 3: do self-supervised encoders stand better on structured tasks than on natural ones."""

    def measure(models: Models) -> Measured:
        behind = gains(bench, models, ("rotation", bench.sweep), ("classifier", bench.sweep))
        natural, structured = behind.mean(axis=1)
        return {
            "natural": float(natural),
            "structured": float(structured),
            "least": float((behind[1] - behind[0]).min()),
        }

    return _experiment(
        bench,
        "Fine-tuned, rotation's accuracy less the classifier's: larger on structured than on natural tasks, each seed, "
        "and on structured ones above 0 in the mean",
        ("rotation", "classifier"),
        measure,
        lambda m: _holds(m["least"] > 0 and m["structured"] > 0),
    )


def rotation_helps_labels(bench: Bench) -> Experiment:
    """Question 4: does self-supervision beside labels help."""

    def measure(models: Models) -> Measured:
        both, labels = (of_seeds(bench, models, kind, bench.sweep) for kind in ("sup-rotation", "classifier"))
        natural, structured = gains(bench, models, ("sup-rotation", bench.sweep), ("classifier", bench.sweep)).mean(1)
        found = {"gain": (both - labels).mean(), "least": (both - labels).min()}
        return {name: float(v) for name, v in (found | {"natural": natural, "structured": structured}).items()}

    return _experiment(
        bench,
        "Fine-tuned, mean of all tasks: sup-rotation above the classifier, each seed; it gains more on structured than "
        "on natural tasks, in the mean",
        ("sup-rotation", "classifier"),
        measure,
        lambda m: _holds(m["least"] > 0 and m["structured"] > m["natural"]),
    )


def tuning_beats_linear(bench: Bench) -> Experiment:
    """Question 5: what does it cost to leave the encoder as it is."""

    def measure(models: Models) -> Measured:
        kinds = ("classifier", "rotation", "vae")
        means = [gains(bench, models, (kind, bench.sweep), (kind, bench.linear)).mean(1) for kind in kinds]
        names = [f"{group}_{_named(kind)}" for kind in kinds for group in ("natural", "structured")]
        return dict(zip(names, map(float, np.ravel(means)), strict=True))

    return _experiment(
        bench,
        "Accuracy by the sweep of all weights less that by the same sweep of a linear layer, of classifier, rotation "
        "and VAE: above 0 on structured tasks for each, and there larger than on natural tasks for each",
        ("classifier", "rotation", "vae"),
        measure,
        lambda m: _holds(
            all(m[f"structured_{kind}"] > max(0.0, m[f"natural_{kind}"]) for kind in ("classifier", "rotation", "vae"))
        ),
    )


def few_labels_rank_alike(bench: Bench) -> Experiment:
    """Question 6: do a few labels rank encoders as many do."""

    def measure(models: Models) -> Measured:
        many = [mean(bench, models, kind, "ridge") for kind in KINDS]
        return {
            f"spearman_{shots.replace('-', '_')}": rank_correlation(
                [mean(bench, models, kind, shots) for kind in KINDS], many
            )
            for shots in bench.shots
        }

    return _experiment(
        bench,
        "Spearman's correlation over the six kinds of encoders between mean accuracies of ridge on few examples a "
        "class and on 1,000: at least .8 for 5 a class and more",
        KINDS,
        measure,
        lambda m: _holds(min(value for name, value in m.items() if name != "spearman_few_shot_1") >= 0.8),
    )


def of_seeds(
    bench: Bench, models: Models, kind: str, protocol: str, group: str | None = None
) -> Float[np.ndarray, " seeds"]:
    """The accuracy of each seed's encoder of a kind, mean over the tasks of a group, or over all; NaN without tasks."""
    steps = 0 if kind == "scratch" else bench.steps
    chosen = models.where(recipe="rotation" if kind == "scratch" else kind, steps=steps)
    tasks = [task for task in bench.tasks if group in (None, TASKS[task].group)]
    if not tasks:
        return np.full(len(chosen), np.nan)
    return np.mean([chosen.test(f"vtab.{protocol}.{task.removeprefix('standin/')}") for task in tasks], axis=0)


def gains(bench: Bench, models: Models, one: tuple[str, str], other: tuple[str, str]) -> Float[np.ndarray, "2 seeds"]:
    """What one kind by one protocol has more of than another, on natural and on structured tasks, for each seed.

    There is but one specialized stand-in.
    """
    groups = ("natural", "structured")
    have, lack = ([of_seeds(bench, models, *each, group) for group in groups] for each in (one, other))
    return np.array(have) - np.array(lack)


def mean(bench: Bench, models: Models, kind: str, protocol: str) -> float:
    """The accuracy of a kind of encoder over all tasks and seeds."""
    return float(of_seeds(bench, models, kind, protocol).mean())


def _named(kind: str) -> str:
    return kind.replace("-", "_")


def _holds(held: bool) -> Ruling:
    return ("pass" if held else "fail"), None


def _experiment(
    bench: Bench,
    rule: str,
    kinds: tuple[str, ...],
    measure: Callable[[Models], Measured],
    verdict: Callable[[Mapping[str, float]], Ruling],
) -> Experiment:
    def plan() -> Study:
        trained: Grid = bench.trained(*(kind for kind in kinds if kind in TRAINED))
        return study_of(
            bench.scale, {"all": chain(trained, bench.untrained()) if "scratch" in kinds else trained}, bench.judging
        )

    return Experiment(rule, plan, measure, verdict, bench.seeds)
