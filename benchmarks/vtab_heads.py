"""A sweep of linear layers by SGD: all heads in one pass against one after the other.

Run as ``python -m benchmarks.vtab_heads [--device cuda]``. Features of 1,000 examples, 768 wide, 100 classes; visual
prompt tuning's 40 trials and the four of the lightweight sweep, a tenth of their steps. Ratios are of the same round.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from metaprior.judge.vtab.recipes import LIGHTWEIGHT, VPT_LINEAR
from metaprior.judge.vtab.sgd_sweep import sgd_sweep
from metaprior.judge.vtab.trial import Trial

CLASSES = 100


def examples(device: str) -> tuple[Tensor, Tensor]:
    """Clusters, one a class."""
    source = torch.Generator().manual_seed(0)
    labels = torch.arange(1000) % CLASSES
    centres = torch.randn(CLASSES, 768, generator=source)
    return (centres[labels] + 2 * torch.randn(1000, 768, generator=source)).to(device), labels.to(device)


def seconds(run: Callable[[], object], device: str) -> float:
    if device != "cpu":
        torch.cuda.synchronize()
    began = time.perf_counter()
    run()
    if device != "cpu":
        torch.cuda.synchronize()
    return time.perf_counter() - began


def row(name: str, trials: Sequence[Trial], device: str, repeats: int) -> str:
    x, y = examples(device)
    sgd_sweep(x, y, CLASSES, [trials[0].shortened(10)])  # warms up
    rounds = []
    for _ in range(repeats):
        together = seconds(lambda: sgd_sweep(x, y, CLASSES, trials), device)
        alone = seconds(lambda: [sgd_sweep(x, y, CLASSES, [trial]) for trial in trials], device)
        rounds.append((together, alone, alone / together))
    at_once, alone, ratio = (statistics.median(column) for column in zip(*rounds, strict=True))
    return f"| {name} | {len(trials)} | {at_once:.2f} | {alone:.2f} | {ratio:.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    print("| sweep | heads | at once: s | one by one: s | ratio |\n|---|---|---|---|---|")
    for name, trials in (("visual prompt tuning", VPT_LINEAR), ("lightweight", LIGHTWEIGHT)):
        print(row(name, [trial.shortened(10) for trial in trials], options.device, options.repeats))


if __name__ == "__main__":
    main()
