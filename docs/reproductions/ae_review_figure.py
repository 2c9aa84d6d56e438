"""Draws docs/reproductions/ae_review.png from the models of the claims at desk scale.

Run as ``python docs/reproductions/ae_review_figure.py runs/reproduce/ae_review/desk``.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt

from metaprior.study.models import read_models

GREY = "#808080"  # readable on light and on dark pages
plt.rcParams |= {
    "text.color": GREY, "axes.labelcolor": GREY, "xtick.color": GREY, "ytick.color": GREY, "axes.edgecolor": GREY,
    "axes.facecolor": "none", "font.size": 9,
}  # fmt: skip


def main() -> None:
    models = read_models(sys.argv[1]).where(recipe="beta-vae")
    names = [name for name in sorted(set(models.field("data"))) if not name.startswith("dsprites")]
    figure, axes = plt.subplots(1, len(names), figsize=(3.1 * len(names), 3), layout="constrained", squeeze=False)
    for axis, name in zip(axes[0], names, strict=True):
        here = models.where(data=name)
        betas = sorted(set(here.field("beta")))
        rate, distortion, accuracy = (
            [float(here.where(beta=beta).test(score).mean()) for beta in betas]
            for score in ("rate", "distortion", "probe_accuracy")
        )
        axis.plot(rate, distortion, color=GREY, linewidth=0.8, zorder=1)
        dots = axis.scatter(rate, distortion, c=accuracy, cmap="viridis", s=45, zorder=2)
        least = min(r + d for r, d in zip(rate, distortion, strict=True))
        low, high = axis.get_ylim()
        axis.plot([least - low, least - high], [low, high], color=GREY, linestyle="--", linewidth=0.8)
        axis.set_ylim(low, high)
        axis.set_xlim(left=-0.03 * max(rate), right=1.18 * max(rate))
        for beta, x, y in zip(betas, rate, distortion, strict=True):
            axis.annotate(f"{beta:g}", (x, y), xytext=(5, 4), textcoords="offset points", fontsize=8)
        axis.set(title=name.partition(":")[0], xlabel="rate, nats", ylabel="distortion, nats")
        figure.colorbar(dots, ax=axis, label="accuracy of a probe")
    figure.savefig(Path(__file__).with_name("ae_review.png"), dpi=150, transparent=True)


if __name__ == "__main__":
    main()
