"""On a GPU: what is proved on the CPU holds there too. Skipped where there is none."""

from dataclasses import replace

import pytest
import torch

from metaprior.data import load as load_data
from metaprior.judge import features
from metaprior.methods import RECIPES
from metaprior.study import load
from metaprior.study.experiment import build_sources
from metaprior.study.runs import begin
from metaprior.training import Loop, Member, Run, fit, fit_cohort, saved_tensors
from tests.methods.test_every_method import experiment
from tests.training.test_cohort import SEEDS, SOURCES, alone_on, build, recipes
from tests.training.test_resume import StopAt

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")


@pytest.mark.parametrize("name", RECIPES)
def test_a_killed_run_is_resumed_to_the_same_bits(name, tmp_path, monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    chosen = experiment(name)
    loop = replace(chosen.loop, steps=20, device="cuda", deterministic=True, checkpoint_every=5)
    chosen = replace(chosen, loop=loop)
    data = load_data(chosen.data)
    ended = []
    for killed in (False, True):
        sources, run = build_sources(chosen, data), Run(tmp_path / str(killed))
        method = begin(chosen, run, data, sources)
        if killed:
            with pytest.raises(KeyboardInterrupt):
                fit(method, sources, loop, run, [StopAt(12)])
            method = begin(chosen, Run(tmp_path / "again"), data, sources)
        fit(method, sources, loop, run, resume=killed)
        ended.append({key: value.cpu() for key, value in saved_tensors(method).items()})
    assert all(torch.equal(ended[0][key], ended[1][key]) for key in ended[0])

    images = load_data(chosen.data).gather(torch.arange(64)).images
    on_cpu = load(tmp_path / "False")
    on_gpu = load(tmp_path / "False").to("cuda")
    assert features(on_gpu, images) == pytest.approx(features(on_cpu, images), rel=1e-2, abs=1e-3)


@pytest.mark.parametrize("kind", ["beta-vae", "s2-beta-vae", "factor-vae", "info-vae", "m2"])
def test_a_cohort_is_its_single_runs(kind):
    loop = Loop(steps=20, precision="float64", log_every=1, device="cuda")
    members = recipes(kind)
    together = [build(recipe, seed) for recipe, seed in zip(members, SEEDS, strict=True)]
    fit_cohort([Member(method, seed) for method, seed in zip(together, SEEDS, strict=True)], SOURCES, loop)
    for method, recipe, seed in zip(together, members, SEEDS, strict=True):
        single, _, _ = alone_on(SOURCES, recipe, seed, loop)
        expected = single.state_dict()
        for key, value in method.state_dict().items():
            torch.testing.assert_close(value, expected[key], rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_it_learns_in_either_precision(precision, tmp_path):
    chosen = experiment("vae")
    chosen = replace(chosen, loop=replace(chosen.loop, device="cuda", precision=precision, steps=150))
    data = load_data(chosen.data)
    sources = build_sources(chosen, data)
    method = begin(chosen, Run(tmp_path / "run"), data, sources)
    images = data.gather(torch.arange(128)).images.to("cuda")
    fit(method, sources, chosen.loop, Run(tmp_path / "run"))
    with torch.no_grad():
        decoded = method.decode(method.encode(images))
    own, other = ((each - images).square().mean() for each in (decoded, decoded.roll(1, dims=0)))
    assert own < 0.9 * other


@pytest.mark.parametrize("world", ["dsprites:size=16", "dsprites", "color-dsprites", "shapes3d-rendered:size=16"])
def test_worlds_are_rendered_to_the_same_bytes(world):
    here = load_data(world)
    indices = torch.randint(len(here), (64,), generator=torch.Generator().manual_seed(0))
    digits = here.factors_of(indices)
    assert torch.equal(here.to("cuda").render(digits.to("cuda")).cpu(), here.render(digits))
