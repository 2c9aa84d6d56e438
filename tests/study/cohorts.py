"""A small world and experiments on it, for the tests of selection and of pipelines."""

from dataclasses import replace

from metaprior.methods import find_recipe
from metaprior.study import Experiment
from metaprior.training import Loop

WORLD = "dsprites:size=16,shape=2,scale=2,orientation=2,position_x=4,position_y=4"
SMALL = {"batch": 16, "latent_dim": 6, "lr": 1e-3}


def experiment(recipe: str, steps: int = 30, **choices: object) -> Experiment:
    method = replace(find_recipe(recipe), **SMALL)  # type: ignore[type-var]
    return Experiment(recipe=recipe, method=method, data=WORLD, loop=Loop(steps=steps, threads=1), **choices)  # type: ignore[arg-type]
