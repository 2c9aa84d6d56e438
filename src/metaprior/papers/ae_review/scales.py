"""How large the experiments of the review's claims are.

``smoke`` rehearses inside the test suite: a few steps each, no verdict. ``desk`` takes an hour or two of two cores:
digits, rendered sprites at 16 px, and the packs of MNIST and CIFAR-10 at 32 px. ``gpu`` is the same with more steps,
seeds and data.
"""

from dataclasses import dataclass

from metaprior.papers.claim import Scale
from metaprior.study.grid import Grid, Point, product, values

SPRITES = "dsprites:size=16,scale=3,orientation=4,position_x=8,position_y=8"
DIGITS: Point = {"data": "digits", "method.nets": "mlp", "method.hidden": 128, "method.latent_dim": 8}
"""Handwritten digits, and fully connected nets of 128."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What the experiments of one scale are made of."""

    scale: Scale
    steps: int
    """Steps on digits."""
    steps_on_pictures: int
    """Steps on sprites and packs."""
    seeds: tuple[int, ...]
    packs: tuple[str, ...] = ()
    """Data of the sweep beside digits."""

    @property
    def on_digits(self) -> Grid:
        """What all trainings on digits have in common."""
        return self._common({**DIGITS, "loop.steps": self.steps}, self.seeds)

    @property
    def on_sprites(self) -> Grid:
        """What all trainings on sprites have in common."""
        return self._common({"data": SPRITES, "loop.steps": self.steps_on_pictures}, self.seeds)

    @property
    def on_packs(self) -> Grid:
        """What all trainings on packs have in common: one seed, since they are many pictures."""
        common = self._common({"loop.steps": self.steps_on_pictures}, self.seeds[:1])
        return product(values("data", *self.packs), common) if self.packs else ()

    def _common(self, point: Point, seeds: tuple[int, ...]) -> Grid:
        return product(({**point, "method.lr": 1e-3, "loop.threads": 1},), values("loop.seed", *seeds))


SMOKE = Bench(scale="smoke", steps=10, steps_on_pictures=5, seeds=(0,))
DESK = Bench(
    scale="desk",
    steps=4_000,
    steps_on_pictures=2_000,
    seeds=(0, 1, 2),
    packs=("mnist:size=32", "cifar10-jpeg:size=32"),
)
GPU = Bench(
    scale="gpu",
    steps=20_000,
    steps_on_pictures=30_000,
    seeds=(0, 1, 2, 3, 4),
    packs=("mnist:size=32", "fashion-mnist:size=32", "cifar10-jpeg:size=32"),
)
