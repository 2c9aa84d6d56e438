"""How large the experiments on the benchmark's questions are.

``smoke`` rehearses inside the test suite: untrained encoders of digits on one rendered task, no verdict. ``desk`` takes
hours of two cores: small encoders of CIFAR-10 after JPEG at 32 px, on eleven stand-ins. ``gpu`` trains them longer, and
adapts them by the whole lightweight sweep. None is the benchmark, whose models learnt from ImageNet at 224 px.
"""

from dataclasses import dataclass, replace

from metaprior.data.vtab import DESK as TASKS
from metaprior.papers.claim import Scale
from metaprior.study import Judging
from metaprior.study.grid import Grid, product, values

UPSTREAM = "cifar10-jpeg:size=32"
"""What encoders learn from; the stand-in made of it is no task of theirs."""
SHOTS = ("few-shot-1", "few-shot-5", "few-shot-25")


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What the experiments of one scale are made of."""

    scale: Scale
    data: str
    steps: int
    seeds: tuple[int, ...]
    tasks: tuple[str, ...]
    sweep: str
    """The fine-tuning protocol: the lightweight sweep, or a reduced one."""
    linear: str
    """The same sweep of a linear layer on features."""
    shots: tuple[str, ...] = SHOTS

    @property
    def judging(self) -> Judging:
        """What is asked of every encoder."""
        protocols = ("ridge", self.linear, self.sweep, *self.shots)
        return Judging(metrics=(), validation=(), vtab=protocols, vtab_tasks=self.tasks)

    def trained(self, *recipes: str) -> Grid:
        """Encoders that learn from the upstream data."""
        return product(self._common(), values("recipe", *recipes), values("loop.steps", self.steps))

    def untrained(self) -> Grid:
        """The same encoder as it is drawn: what adapts it trains it from scratch."""
        return product(self._common(), values("recipe", "rotation"), values("loop.steps", 0))

    def _common(self) -> Grid:
        point = {"data": self.data, "method.latent_dim": 128, "method.lr": 1e-3, "method.batch": 64, "loop.threads": 1}
        return product((point,), values("loop.seed", *self.seeds))


SMOKE = Bench(
    scale="smoke",
    data="digits",
    steps=5,
    seeds=(0,),
    tasks=("standin/dsprites-location",),
    sweep="lightweight/100",
    linear="linear/100",
    shots=("few-shot-5",),
)
DESK = Bench(
    scale="desk",
    data=UPSTREAM,
    steps=2_000,
    seeds=(0, 1, 2),
    tasks=tuple(name for name in TASKS if name != "standin/cifar10-jpeg"),
    sweep="lightweight/50",
    linear="linear/50",
)
GPU = replace(DESK, scale="gpu", steps=60_000, seeds=(0, 1, 2, 3, 4), sweep="lightweight", linear="linear")
