"""Every method of the table learns on small data, from nothing but its defaults, and its run is loaded again."""

import math
from dataclasses import fields, replace

import pytest
import torch

from metaprior.core import Classifies, Decodes, Encodes, Explains, Samples, Step
from metaprior.data import load as load_data
from metaprior.methods import RECIPES, PairVAERecipe
from metaprior.study import Experiment, load
from metaprior.study.experiment import build_sources, usual_labels
from metaprior.study.runs import begin
from metaprior.training import Loop, Run, fit, saved_tensors
from tests.training.test_cohort import Terms

WORLD = "dsprites:size=16,scale=2,orientation=2,position_x=4,position_y=4"
TINY = {"nets": "mlp", "hidden": 64, "lr": 5e-3, "critic_width": 16, "likelihood": "normal", "variance": 0.02}
"""So small a variance makes codes worth their cost within a few steps."""
LESS = {
    "annealed-vae": {"gamma": 1.0},
    "info-vae": {"strength": 10.0},
    "joint-vae": {"gamma": 1.0},
    "m1-m2": {"feature_hidden": 64, "feature_variance": 0.02},
    "vfae": {"strength": 10.0},
}
"""Choices where a method's own hold codes empty for so few steps."""
STEPS = {
    name: 300 if name == "vae-gan" else 150 for name in RECIPES
}  # its decoder is taught by a critic that learns too
LEARNED = ("reconstruction", "supervised", "unlabelled", "label", "turn", "cross_entropy")
"""What falls as a method learns: the first of these that it has."""


def experiment(name: str) -> Experiment:
    recipe = RECIPES[name].recipe
    choices = {field.name for field in fields(recipe)} & set(TINY)  # pyright: ignore[reportArgumentType]
    method = replace(recipe, **{choice: TINY[choice] for choice in choices}, **LESS.get(name, {}))  # pyright: ignore
    data = WORLD if isinstance(recipe, PairVAERecipe) else "digits"
    labels = (usual_labels(recipe) or 50) if recipe.needs_labels else None
    loop = Loop(steps=STEPS[name], log_every=10, threads=1, keep=1)
    return Experiment(recipe=name, method=method, data=data, labels=labels, loop=loop)


@pytest.mark.parametrize("name", RECIPES)
def test_it_learns_and_is_loaded_again(name, tmp_path):
    chosen = experiment(name)
    data = load_data(chosen.data)
    sources = build_sources(chosen, data)
    run, terms = Run(tmp_path / "run"), Terms()
    method = begin(chosen, run, data, sources)
    fit(method, sources, chosen.loop, run, [terms])

    assert all(math.isfinite(value) for line in terms.lines for value in line.values())
    learned = next(key for term in LEARNED for key in terms.lines[0] if key.endswith(f"/{term}"))
    first, last = terms.lines[0][learned], sum(line[learned] for line in terms.lines[-3:]) / 3
    assert last < first - 0.1 * abs(first), learned

    loaded = load(run.folder)
    for key, value in saved_tensors(method).items():
        assert torch.equal(saved_tensors(loaded)[key], value), key
    batch = sources["train"].gather(torch.arange(8))
    with torch.no_grad():
        check_capabilities(method, loaded, batch)
        if isinstance(method, Decodes):
            check_use(method.eval(), sources["train"].gather(torch.arange(128)).images)


def check_use(method, images):
    """Codes tell examples apart: an image is nearer to what its own decodes to than to what another's does."""
    decoded = method.decode(method.encode(images))
    own, other = ((each - images).square().mean() for each in (decoded, decoded.roll(1, dims=0)))
    assert own < 0.9 * other


def check_capabilities(method, loaded, batch):
    """What it says that it can do, it does: shapes, ranges, and the same as before it was saved."""
    images = batch.images
    assert isinstance(method, Encodes)
    codes = method.encode(images)
    assert len(codes) == len(images)
    assert torch.equal(loaded.encode(images), codes)
    if isinstance(method, Decodes):
        made = method.decode(codes)
        assert made.shape == images.shape
        assert 0 <= made.min() <= made.max() <= 1
    if isinstance(method, Samples):
        drawn = method.sample(5, seed=1)
        assert drawn.shape == (5, *images.shape[1:])
        assert 0 <= drawn.min() <= drawn.max() <= 1
        assert torch.equal(loaded.sample(5, seed=1), drawn)
        assert not torch.equal(method.sample(5, seed=2), drawn)
    if isinstance(method, Classifies):
        assert method.classify(images).dim() == 2
    if isinstance(method, Explains):
        explained = method.explain(batch, Step(), samples=3)
        assert explained.codes.shape[:2] == (8, 3)
        assert explained.distortion is None or explained.distortion.shape == (8, 3)
        for each in (explained.log_ratio, explained.rate):
            assert each is None or each.isfinite().all()
        for each in explained.posterior or ():
            assert each.shape == (8, explained.codes.shape[2])
