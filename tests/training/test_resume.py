"""A run stopped anywhere and resumed ends in the same bits; damage is detected, named and survived."""

import errno
import json
import os

import pytest
import torch

from metaprior.core import DataSpec, MetapriorError
from metaprior.methods import FactorVAERecipe, S2BetaVAERecipe, SupervisionRecipe
from metaprior.training import Callback, Loop, Run, fit
from metaprior.training.checkpoint import Checkpoint, checkpoints, newest_checkpoint, save_checkpoint
from tests.conftest import Columns, squares
from tests.training.test_players import WGANGP, LanguageModel, random

DATA = DataSpec(image_shape=(1, 16, 16), factor_sizes=(4, 4))


def factor_vae():
    torch.manual_seed(0)
    return FactorVAERecipe(batch=8, latent_dim=4, critic_width=64).build(DATA), {"train": squares()}


def s2_vae():
    torch.manual_seed(0)
    return S2BetaVAERecipe(batch=8, supervision=SupervisionRecipe(labelled_batch=8), latent_dim=4).build(DATA), {
        "train": squares(),
        "labelled": squares(10, seed=1),
    }


def gan():
    torch.manual_seed(0)
    return WGANGP(), {"train": Columns(points=random(0, 64, 2))}


def language_model():
    torch.manual_seed(0)
    text = torch.randint(3, (200,), generator=torch.Generator().manual_seed(0))
    return LanguageModel(3), {"train": Columns(tokens=text)}


class StopAt(Callback):
    """Power fails after a step."""

    def __init__(self, step):
        self.step = step

    def stepped(self, method, step):
        if step == self.step:
            raise KeyboardInterrupt


def run_in(folder):
    run = Run(folder)
    run.write_config({"recipe": "test"})
    return run


@pytest.mark.parametrize("make", [factor_vae, s2_vae, gan, language_model])
@pytest.mark.parametrize("killed_at", [3, 7, 11])
def test_killed_and_resumed_equals_never_stopped(make, killed_at, tmp_path):
    loop = Loop(steps=12, seed=5, checkpoint_every=2, log_every=1)
    for name in ("whole", "killed"):
        run = run_in(tmp_path / name)
        method, sources = make()
        if name == "killed":
            with pytest.raises(KeyboardInterrupt):
                fit(method, sources, loop, run, [StopAt(killed_at)])
            assert not run.finished
            method, sources = make()
            fit(method, sources, loop, run, resume=True)
        else:
            fit(method, sources, loop, run)
    files = sorted(path.name for path in (tmp_path / "whole").glob("*.safetensors"))
    assert "model.safetensors" in files
    for name in files:
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "killed" / name).read_bytes()
    terms = [
        [(r["step"], r["terms"]) for r in map(json.loads, (tmp_path / n / "metrics.jsonl").read_text().splitlines())]
        for n in ("whole", "killed")
    ]
    assert terms[0] == terms[1]
    assert [step for step, _ in terms[0]] == list(range(1, 13))


def trained(folder, steps=6):
    run = run_in(folder)
    method, sources = factor_vae()
    fit(method, sources, Loop(steps=steps, checkpoint_every=2, keep=3), run)
    return run


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def cut(path):
    path.write_bytes(path.read_bytes()[:-7])


@pytest.mark.parametrize("damage", [flip_a_bit, cut])
@pytest.mark.parametrize("file", ["model.safetensors", "optimizer.safetensors", "checkpoint.json"])
def test_a_damaged_checkpoint_is_named_and_the_previous_one_used(damage, file, tmp_path):
    run = trained(tmp_path)
    folder = run.folder / "checkpoint"
    newest = checkpoints(folder)[-1]
    damage(newest / file)
    found, faults = newest_checkpoint(folder)
    assert found is not None
    assert found.step == 4
    assert len(faults) == 1
    assert str(newest) in faults[0]


def test_only_the_newest_checkpoints_are_kept(tmp_path):
    run = trained(tmp_path, steps=12)
    assert [int(path.name) for path in checkpoints(run.folder / "checkpoint")] == [8, 10, 12]
    assert (run.folder / "latest").read_text().strip() == "checkpoint/000000012"


def test_later_checkpoints_that_were_passed_over_do_not_push_out_the_new_one(tmp_path):
    groups = {"model": {"weight": torch.ones(2)}}
    for step in (2, 6, 8):
        save_checkpoint(tmp_path / "checkpoint", Checkpoint(step, groups), keep=3)
    for path in checkpoints(tmp_path / "checkpoint")[1:]:
        (path / "model.safetensors").write_bytes(b"damaged")
    save_checkpoint(tmp_path / "checkpoint", Checkpoint(4, groups), keep=1)
    assert [int(path.name) for path in checkpoints(tmp_path / "checkpoint")] == [4]
    found, faults = newest_checkpoint(tmp_path / "checkpoint")
    assert (found.step, faults) == (4, [])


def test_nan_names_the_step_the_term_and_the_last_good_checkpoint(tmp_path):
    method, sources = factor_vae()
    images = sources["train"].columns["images"]

    class Poison(Callback):
        def stepped(self, method, step):
            if step == 5:
                images.fill_(float("nan"))

    run = run_in(tmp_path)
    with pytest.raises(MetapriorError, match=r"step 6.*vae/reconstruction = nan.*checkpoint/000000004"):
        fit(method, sources, Loop(steps=12, checkpoint_every=4), run, [Poison()])
    assert not run.finished


def test_an_exploding_term_stops_too():
    method, sources = factor_vae()
    with pytest.raises(MetapriorError, match="vae/reconstruction"):
        fit(method, sources, Loop(steps=3, explode=1.0))


def test_a_full_disk_is_one_line_and_leaves_nothing_half_written(tmp_path, monkeypatch):
    def full(path, tensors):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    run = run_in(tmp_path)
    method, sources = factor_vae()
    monkeypatch.setattr("metaprior.training.checkpoint.save_file", lambda tensors, path: full(path, tensors))
    with pytest.raises(MetapriorError, match="No space left on device; nothing was left behind; free some space"):
        fit(method, sources, Loop(steps=4, checkpoint_every=2), run)
    assert list((tmp_path / "checkpoint").iterdir()) == []
    assert not (tmp_path / "latest").exists()


def test_a_run_of_another_format_is_refused(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"format": 99, "version": "7.1"}))
    with pytest.raises(MetapriorError, match=r"written by metaprior 7\.1 \(run format 99\)"):
        _ = Run(tmp_path).config


def test_accumulated_micro_batches_give_the_gradient_of_the_whole_batch():
    weights = []
    for accumulate in (1, 4):
        torch.manual_seed(0)
        method = S2BetaVAERecipe(batch=8, supervision=SupervisionRecipe(labelled_batch=8), latent_dim=4).build(DATA)
        sources = {"train": squares(), "labelled": squares(10, seed=1)}
        fit(method, sources, Loop(steps=4, accumulate=accumulate, precision="float64"))
        weights.append(torch.cat([p.flatten() for p in method.parameters()]))
    assert torch.allclose(*weights, atol=1e-10, rtol=0)


def test_a_term_that_couples_the_batch_refuses_to_be_split():
    method, sources = factor_vae()
    with pytest.raises(MetapriorError, match="accumulate"):
        fit(method, sources, Loop(steps=1, accumulate=2))


def test_a_batch_that_does_not_divide_is_an_error():
    method, sources = s2_vae()
    with pytest.raises(MetapriorError, match="8 examples, which do not divide among 3 parts"):
        fit(method, sources, Loop(steps=1, accumulate=3))


@pytest.mark.parametrize("damage", [flip_a_bit, cut])
def test_damaged_final_weights_are_named(damage, tmp_path):
    run = trained(tmp_path)
    assert run.read_weights()
    damage(run.folder / "model.safetensors")
    with pytest.raises(MetapriorError, match=r"model\.safetensors is damaged"):
        run.read_weights()
