"""Compiled training: the modules that are called are compiled, and compute the same."""

import shutil

import pytest
import torch
from torch import nn

from metaprior.core import DataSpec
from metaprior.methods import FactorVAERecipe
from metaprior.training import Loop, fit, saved_tensors
from tests.conftest import squares


def trained(**options):
    torch.manual_seed(0)
    method = FactorVAERecipe(batch=8, latent_dim=4, nets="mlp").build(DataSpec(image_shape=(1, 8, 8)))
    fit(method, {"train": squares(size=8)}, Loop(steps=3, precision="float64", device="cpu", **options))
    return method


def test_what_holds_modules_together_is_not_compiled_in_their_place(monkeypatch):
    compiled = []
    monkeypatch.setattr(nn.Module, "compile", lambda self: compiled.append(self))
    method = trained(compile=True)
    assert compiled == [method.nets.encoder, method.nets.decoder, method.critic]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("g++"), reason="torch.compile needs a C++ compiler on a CPU")
def test_a_compiled_training_is_the_same_training():
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    found, expected = (saved_tensors(trained(compile=c)) for c in (True, False))
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] >= 3
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, atol=1e-10, rtol=0, msg=name)
