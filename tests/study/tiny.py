"""A study of models that train in a fraction of a second."""

from pathlib import Path

from metaprior.study import Judging, Study, study_of
from metaprior.study.grid import chain, product, values

WORLD = "dsprites:size=16,scale=2,orientation=1,position_x=4,position_y=4"
COMMON = product(values("data", WORLD), values("loop.steps", 20), values("loop.threads", 1), values("method.batch", 8))
JUDGING = Judging(metrics=("mig",), validation=("mig",), train=100, test=50)
KILLER = f"{Path(__file__).with_name('killer.py')}:recipe"


def unlabelled(*seeds: int, labels: int | None = 20) -> tuple:
    grid = product(COMMON, values("recipe", "beta-vae"), values("loop.seed", *seeds))
    return product(grid, values("labels", labels)) if labels else grid


def labelled() -> tuple:
    return product(COMMON, values("recipe", "s2-beta-vae"), values("labels", 20), values("label_share", 0.9))


def small(*grids: tuple) -> Study:
    return study_of("small", {"all": chain(*grids)}, JUDGING)
