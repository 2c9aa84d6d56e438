"""The figure of the claims at desk scale: ``python desk_figure.py runs/reproduce/disentangle/desk``."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from metaprior.papers.disentangle.measures import DCI, MIG, supervised_pick, unsupervised_pick
from metaprior.papers.disentangle.scales import DESK, METHODS
from metaprior.report.words import method_name
from metaprior.study.models import Models, read_models

COLOURS = dict(zip(METHODS, ("#264aa8", "#c2541b", "#2a7d46", "#a8559e"), strict=True))
LABELLERS = ("perfect", "binned", "noisy", "partial", "permuted")
INK, MUTED = "#1c1e24", "#8a8e98"


def validation_against_test(axes: plt.Axes, models: Models) -> None:
    """Claims 1, 3 and 4: what 100 labels say of each of the 144 models without labels."""
    for method in METHODS:
        cohort = models.where(recipe=method)
        axes.scatter(
            cohort.validation(DCI, 100, 0), cohort.test(DCI), s=9, color=COLOURS[method], label=method_name(method)
        )
    axes.set(xlabel="DCI on 100 labels (set 0)", ylabel="DCI on the world", title="Validation and test, 144 models")
    axes.legend(frameon=False, fontsize=7, handletextpad=0.1, labelspacing=0.3)


def pipelines(axes: plt.Axes, models: Models) -> None:
    """Claim 5: what U/S and S2/S pick with the same labels."""
    for method in METHODS:
        pairs = [[unsupervised_pick(models, method, s, DCI).score for s in DESK.label_seeds],
                 [supervised_pick(models, method, s, DCI).score for s in DESK.label_seeds]]  # fmt: skip
        axes.scatter(*pairs, s=14, color=COLOURS[method])
    top = max(axes.get_xlim()[1], axes.get_ylim()[1])
    axes.plot([0, top], [0, top], color=MUTED, linewidth=0.7, zorder=0)
    axes.set(xlim=(0, top), ylim=(0, top), xlabel="DCI of the pick, U/S", ylabel="DCI of the pick, S2/S")
    axes.set_title("The same 100 labels, to select or to learn")


def labellers(axes: plt.Axes, models: Models, score: str, name: str) -> None:
    """Claims 6 to 8: what S2/S picks with labels of each kind; without labels at the left."""
    kinds = ("none", *LABELLERS)
    for m, method in enumerate(METHODS):
        shift = (m - 1.5) * 0.11
        for k, kind in enumerate(kinds):
            picks = [
                unsupervised_pick(models, method, s, score).score
                if kind == "none"
                else supervised_pick(models, method, s, score, kind).score
                for s in DESK.kinds_label_seeds
            ]
            axes.scatter(np.full(len(picks), k + shift), picks, s=12, color=COLOURS[method])
    axes.set_xticks(range(len(kinds)), ["none\n(U/S)", *LABELLERS])
    axes.set(ylabel=f"{name} of the pick", title=f"Kinds of 100 labels: {name}")


def total_correlation(axes: plt.Axes, models: Models) -> None:
    """Claim 12: total correlation of mean and of sampled codes of the beta-VAEs."""
    cohort = models.where(recipe="beta-vae")
    for codes, colour in (("mean", "#c2541b"), ("sampled", "#264aa8")):
        betas = np.array(cohort.field("beta"))
        values = cohort.test("gaussian_total_correlation", codes)
        means = [values[betas == beta].mean() for beta in np.unique(betas)]
        axes.scatter(betas, values, s=7, color=colour, alpha=0.5)
        axes.plot(np.unique(betas), means, color=colour, linewidth=1.2, label=f"{codes} codes")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(np.unique(betas), [f"{beta:g}" for beta in np.unique(betas)])
    axes.set(xlabel="β", ylabel="Gaussian total correlation, nats", title="Samples decorrelate, means do not")
    axes.legend(frameon=False, fontsize=7)


def losses(axes: plt.Axes, models: Models) -> None:
    """Claim 9: what S2/S picks by cross-entropy and by squared error."""
    for method in METHODS:
        pairs = [
            [supervised_pick(models.where(loss=loss), method, s, DCI).score for s in DESK.kinds_label_seeds]
            for loss in ("l2-sigmoid", "xent")
        ]
        axes.scatter(*pairs, s=14, color=COLOURS[method])
    top = max(axes.get_xlim()[1], axes.get_ylim()[1])
    axes.plot([0, top], [0, top], color=MUTED, linewidth=0.7, zorder=0)
    axes.set(xlim=(0, top), ylim=(0, top), xlabel="DCI of the pick, squared error", ylabel="DCI, cross-entropy")
    axes.set_title("Two supervised losses")


def main(folder: Path, file: Path) -> None:
    """Draw all panels."""
    models = read_models(folder).where(data=DESK.worlds[0])
    without = models.where(recipe=METHODS)
    few = models.where(labels=(None, 100))
    xent = few.where(loss=(None, "xent"), seed=DESK.pipeline_seeds)  # U/S picks from as many models as S2/S
    plt.rcParams.update(
        {"font.size": 8, "axes.titlesize": 9, "axes.titlelocation": "left", "axes.edgecolor": "#c9c5bc",
         "axes.spines.top": False, "axes.spines.right": False, "text.color": INK, "axes.labelcolor": INK}
    )  # fmt: skip
    figure, grid = plt.subplots(2, 3, figsize=(10.5, 6.2), layout="constrained")
    validation_against_test(grid[0, 0], without)
    pipelines(grid[0, 1], xent)
    total_correlation(grid[0, 2], without)
    labellers(grid[1, 0], xent, DCI, "DCI")
    labellers(grid[1, 1], xent, MIG, "MIG")
    losses(grid[1, 2], few)
    figure.savefig(file, dpi=130)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(__file__).with_name("desk.png"))
