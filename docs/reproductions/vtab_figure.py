"""Draws docs/reproductions/vtab.png from the encoders of the claims at desk scale, and prints the page's tables.

Run as ``python docs/reproductions/vtab_figure.py runs/reproduce/vtab/desk``.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from metaprior.data.vtab import DESK as TASKS
from metaprior.papers.vtab.experiments import KINDS, of_seeds
from metaprior.papers.vtab.scales import DESK
from metaprior.study.models import Models, read_models

GREY = "#808080"  # readable on light and on dark pages
plt.rcParams |= {
    "text.color": GREY, "axes.labelcolor": GREY, "xtick.color": GREY, "ytick.color": GREY, "axes.edgecolor": GREY,
    "axes.facecolor": "none", "font.size": 9,
}  # fmt: skip
GROUPS = ("natural", "specialized", "structured")
COLOURS = dict(zip(KINDS, ("#0f7fc9", "#56a8d8", "#e3651d", "#16a078", "#87a334", GREY), strict=True))
WAYS = {DESK.sweep: "fine-tuned", DESK.linear: "linear layer by the same sweep", "ridge": "ridge"}


def means(models: Models) -> None:
    """The table of means: each kind, each way, each group, with the standard error over seeds."""
    print("| encoder | protocol | " + " | ".join(GROUPS) + " | all tasks |\n|---|---|---|---|---|---|")
    for kind in KINDS:
        for protocol in (*WAYS, *DESK.shots):
            cells = []
            for group in (*GROUPS, None):
                found = 100 * of_seeds(DESK, models, kind, protocol, group)
                cells.append(f"{found.mean():.1f} ± {found.std(ddof=1) / len(found) ** 0.5:.1f}")
            print(f"| {kind} | `{protocol}` | " + " | ".join(cells) + " |")


def tasks(models: Models, protocol: str) -> None:
    """The table of tasks, means over seeds."""
    print("| task | " + " | ".join(KINDS) + " |\n" + "|---" * (len(KINDS) + 1) + "|")
    for task in DESK.tasks:
        name = task.removeprefix("standin/")
        cells = []
        for kind in KINDS:
            steps = 0 if kind == "scratch" else DESK.steps
            chosen = models.where(recipe="rotation" if kind == "scratch" else kind, steps=steps)
            cells.append(f"{100 * chosen.test(f'vtab.{protocol}.{name}').mean():.1f}")
        print(f"| `{name}` ({TASKS[task].group}) | " + " | ".join(cells) + " |")


def main() -> None:
    models = read_models(sys.argv[1])
    means(models)
    print()
    tasks(models, DESK.sweep)
    figure, axes = plt.subplots(1, len(WAYS), figsize=(9, 3.2), layout="constrained", sharey=True)
    for axis, (protocol, title) in zip(axes, WAYS.items(), strict=True):
        for i, kind in enumerate(KINDS):
            found = [100 * of_seeds(DESK, models, kind, protocol, group) for group in GROUPS]
            places = np.arange(len(GROUPS)) + (i - (len(KINDS) - 1) / 2) * 0.12
            for place, each in zip(places, found, strict=True):
                axis.plot([place, place], [each.min(), each.max()], color=COLOURS[kind], linewidth=1)
            axis.scatter(places, [each.mean() for each in found], color=COLOURS[kind], s=28, label=kind, zorder=2)
        axis.set(title=title, xticks=range(len(GROUPS)), xticklabels=GROUPS)
        axis.grid(axis="y", alpha=0.2)
    axes[0].set_ylabel("accuracy, %")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(KINDS), frameon=False)
    figure.savefig(Path(__file__).with_name("vtab.png"), dpi=150, transparent=True)


if __name__ == "__main__":
    main()
