"""``metaprior sample``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from metaprior.commands.command import Json, as_json, place
from metaprior.core import MetapriorError, require_at_least


@dataclass(frozen=True)
class Sample:
    """Images that a run's model makes: as a sheet, as an array, or as a file each.

    Examples:
      metaprior sample runs/vae-0
      metaprior sample runs/vae-0 --count 10000 --seed 1 --out samples.npy
      metaprior sample runs/vae-0 --count 5000 --out samples
      metaprior sample runs/denoiser --kind mixture
      metaprior sample runs/vae-0 --kind interpolation --out between.png
    """

    run_folder: Annotated[Path | None, tyro.conf.Positional, place("RUN")] = None
    """Run folder."""
    kind: Literal["prior", "mixture", "interpolation", "reconstruction"] = "prior"
    """How the images come about."""
    count: int = 64
    """Images that the model makes."""
    seed: int = 0
    """Seed of the draws."""
    out: Path | None = None
    """A sheet (.png), an array N×C×H×W (.npy) or a new folder; by default samples/KIND.png in the run folder."""
    json: Json = False
    """Print one JSON object with the path, the kind, the count and the seed."""

    @staticmethod
    def notes() -> str:
        """The kinds."""
        return (
            "Kinds:\n  prior: by the model's own prior\n"
            "  mixture: decoded draws from ten normals that fit its codes of the training data\n"
            "  interpolation: between the codes of two examples, 8 steps a row\n"
            "  reconstruction: of examples; on a sheet each stands below its original\n"
            "Examples are of the split test where the data have one."
        )

    def run(self) -> int:
        """Draw, write, print where."""
        from metaprior import load
        from metaprior.data import load as load_data
        from metaprior.data import load_unseen
        from metaprior.report.drawn import FROM_DATA, from_prior, refuse_place, write_drawn
        from metaprior.training import Run

        if self.run_folder is None:
            raise MetapriorError("say which run: metaprior sample runs/vae-0")
        require_at_least(1, count=self.count)
        out = self.out or self.run_folder / "samples" / f"{self.kind}.png"
        refuse_place(out)
        model = load(self.run_folder)
        if self.kind == "prior":
            found = from_prior(model, self.count, self.seed)
        else:
            name = Run(self.run_folder).config["data"]
            data = load_data(name) if self.kind == "mixture" else load_unseen(name)[0]
            found = FROM_DATA[self.kind](model, data, self.count, self.seed)
        write_drawn(found, out)
        told = {"path": str(out), "kind": self.kind, "count": self.count, "seed": self.seed}
        as_json(told) if self.json else print(out)
        return 0
