"""``metaprior visualize``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from metaprior.commands.command import Json, as_json, place
from metaprior.core import MetapriorError


@dataclass(frozen=True)
class Visualize:
    """Pictures of a run as files, for a paper or a slide.

    Examples:
      metaprior visualize runs/s2-beta-vae-0
      metaprior visualize runs/s2-beta-vae-0 --format pdf --out figures
      metaprior visualize runs/s2-beta-vae-0 --range -2 2
    """

    run_folder: Annotated[Path | None, tyro.conf.Positional, place("RUN")] = None
    """Run folder."""
    out: Path | None = None
    """Folder for the files; by default visuals in the run's folder."""
    range: Annotated[tuple[float, float], tyro.conf.arg(metavar="FROM TO")] = (-1.0, 1.0)
    """The values that traversals.png goes through, in 11 steps."""
    format: Literal["png", "svg", "pdf"] = "png"
    """Of effects and matrices; pictures are PNG and animations GIF."""
    json: Json = False
    """Print one JSON object with the files' paths, and why others were left out."""

    @staticmethod
    def notes() -> str:
        """The files."""
        from metaprior.report.animations import CYCLES

        cycles = "\n".join(f"  cycle-{name}.gif: {cycle.title}" for name, cycle in CYCLES.items())
        return (
            "Files:\n  reconstructions.png: 64 examples, each above its reconstruction\n  samples.png: 64 samples\n"
            "  traversals.png: each code over the range\n  effects.FORMAT: each code against each factor\n"
            "  matrix-NAME.FORMAT: the matrices in the run's scores\nAnimations of each code, 20 frames, 10 a second:\n"
            + cycles
        )

    def run(self) -> int:
        """Write the files, print their paths."""
        from metaprior.report import view_run, visualize

        if self.run_folder is None:
            raise MetapriorError("say which run: metaprior visualize runs/s2-beta-vae-0")
        view = view_run(self.run_folder, examples=10_000)
        out = self.out or self.run_folder / "visuals"
        found = visualize(view, out, span=self.range, file_format=self.format)
        if not found.files:
            raise MetapriorError(f"nothing of {self.run_folder} can be drawn: {next(iter(found.left_out.values()))}")
        if self.json:
            as_json({"files": [str(path) for path in found.files], "left_out": dict(found.left_out)})
            return 0
        print("\n".join(map(str, found.files)))
        for what, reason in found.left_out.items():
            print(f"no {what}: {reason}")
        return 0
