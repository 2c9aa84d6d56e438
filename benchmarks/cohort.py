"""How many models an hour: runs in processes of their own against cohorts, on the same cores or the same GPU.

Run as ``python -m benchmarks.cohort [--json]``. Every layout is measured in turn, round after round, and compared
with the first layout of its own round; medians over rounds are shown. On a machine that others use too, trust the
processor time of a model's step (one thread a process) above the wall clock: it leaves out the time spent waiting.
With several threads it holds what they spend waiting for each other.
"""

import argparse
import json
import os
import statistics
import sys
import time
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import torch

WORLDS = {
    "small": "dsprites:size=16,orientation=4,position_x=8,position_y=8",
    "study": "dsprites:orientation=4,position_x=8,position_y=8",
}
"""Nets and the rendered world they learn from: 16 px and 64 px, 4,608 images each."""


@dataclass(frozen=True)
class Layout:
    """How the cores are used: processes at once, members of each process's cohort (0: one plain run), threads each."""

    processes: int
    members: int
    threads: int

    def __str__(self) -> str:
        what = f"cohort of {self.members}" if self.members else "one run"
        return f"{self.processes} x {what}, {self.threads} thread{'s'[: self.threads > 1]}"

    @property
    def models(self) -> int:
        return self.processes * max(self.members, 1)


LAYOUTS = {
    "cpu": (Layout(2, 0, 1), Layout(1, 0, 2), Layout(1, 4, 2), Layout(1, 8, 2), Layout(1, 16, 2), Layout(2, 8, 1)),
    "cuda": (
        Layout(1, 0, 1), Layout(2, 0, 1), Layout(1, 4, 1), Layout(1, 16, 1), Layout(1, 36, 1), Layout(1, 144, 1),
        Layout(2, 36, 1),
    ),
}  # fmt: skip


class Trainings:
    """In a worker: trainings that are ready to go on, made when first asked for."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.ready: dict[Any, Any] = {}

    def rate(self, nets: str, members: int, threads: int, seconds: float) -> tuple[float, float]:
        """A plain run or a cohort: steps a second, and processor seconds a step."""
        torch.set_num_threads(threads)
        training = self.prepare(nets, members)
        for _ in range(3):
            training.advance()
        self.wait()
        began, worked, steps = time.perf_counter(), time.process_time(), 0
        while time.perf_counter() - began < seconds or steps < 2:
            training.advance()
            steps += 1
        self.wait()
        return steps / (time.perf_counter() - began), (time.process_time() - worked) / steps

    def wait(self) -> None:
        """Until the device has done all that it was told."""
        if self.device == "cuda":
            torch.cuda.synchronize()

    def prepare(self, nets: str, members: int) -> Any:
        if (nets, members) not in self.ready:
            from metaprior.data import World, load
            from metaprior.methods import BetaVAERecipe
            from metaprior.training import Loop
            from metaprior.training.cohort import Cohort, Member
            from metaprior.training.loop import Training

            world = load(WORLDS[nets])
            assert isinstance(world, World)
            sources = {"train": world.cached()}
            loop = Loop(steps=300_000, device=self.device)
            methods = [BetaVAERecipe(beta=1.0 + i).build(world.spec) for i in range(max(members, 1))]
            if members:
                training = Cohort([Member(method, i) for i, method in enumerate(methods)], sources, loop)
            else:
                training = Training(methods[0], sources, loop, None, ())
            opened = training.prepared(resume=False)
            opened.__enter__()
            self.ready[nets, members] = training, opened
        return self.ready[nets, members][0]


def work(connection: Any, device: str) -> None:
    """A worker: answers (nets, members, threads, seconds) with steps a second, until told None."""
    trainings = Trainings(device)
    while (job := connection.recv()) is not None:
        trainings.prepare(*job[:2])
        connection.send("ready")
        connection.recv()
        connection.send(trainings.rate(*job))
    os._exit(0)


def measure(layout: Layout, nets: str, seconds: float, workers: list[Any]) -> tuple[float, float]:
    """Model-steps a second, summed over a layout's processes, which start together; processor ms a model-step."""
    used = workers[: layout.processes]
    for worker in used:
        worker.send((nets, layout.members, layout.threads, seconds))
    for worker in used:
        worker.recv()
    for worker in used:
        worker.send("go")
    members = max(layout.members, 1)
    rates, costs = zip(*(worker.recv() for worker in used), strict=True)
    return sum(rates) * members, 1000 * statistics.mean(costs) / members


def row(nets: str, layout: Layout, own: list[Any], first: list[Any], steps: int) -> dict[str, Any]:
    """A layout's medians, and of each round's ratios to the first layout (speed: above 1 is better)."""
    rate, cost = (statistics.median(values) for values in zip(*own, strict=True))
    return {
        "nets": nets,
        "layout": str(layout),
        "model_steps_per_second": round(rate, 1),
        "models_per_hour": round(rate * 3600 / steps, 3),
        "ratio": round(statistics.median(a[0] / b[0] for a, b in zip(own, first, strict=True)), 2),
        "cpu_ms_per_model_step": round(cost, 1),
        "cpu_ratio": round(statistics.median(b[1] / a[1] for a, b in zip(own, first, strict=True)), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each measurement")
    parser.add_argument("--steps", type=int, default=300_000, help="steps of a model, for models an hour")
    parser.add_argument("--device", choices=list(LAYOUTS), default="cpu")
    options = parser.parse_args()
    layouts = LAYOUTS[options.device]
    context = get_context("spawn")
    workers = []
    for _ in range(2):
        ours, theirs = context.Pipe()
        context.Process(target=work, args=(theirs, options.device), daemon=True).start()
        workers.append(ours)
    rows = []
    for nets in WORLDS:
        found: dict[Layout, list[tuple[float, float]]] = {layout: [] for layout in layouts}
        for round_ in range(options.rounds):
            for layout in layouts:
                found[layout].append(measure(layout, nets, options.seconds, workers))
            print(f"{nets}: round {round_ + 1} of {options.rounds}", file=sys.stderr)
        rows += [row(nets, layout, found[layout], found[layouts[0]], options.steps) for layout in layouts]
    for worker in workers:
        worker.send(None)
    if options.json:
        print(json.dumps({"torch": torch.__version__, "rounds": options.rounds, "steps": options.steps, "rows": rows}))
        return
    print("| " + " | ".join(rows[0]) + " |\n" + "|---" * len(rows[0]) + "|")
    for each in rows:
        print("| " + " | ".join(map(str, each.values())) + " |")


if __name__ == "__main__":
    main()
