"""Two processes give the parameters of one process on the same global batch."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from metaprior.core import Adam, MetapriorError, Method, Player, Replacement, Term
from metaprior.methods import LOSSES, RECIPES, SupervisionRecipe, find_recipe
from metaprior.training import Callback, Loop, fit
from tests.conftest import Columns, random, spec_of_squares, squares
from tests.training.launch import launch

DATA = spec_of_squares(size=8)


def make(kind: str):
    torch.manual_seed(0)
    name, _, loss = kind.partition(" ")
    recipe = replace(find_recipe(name), batch=16, latent_dim=4)  # pyright: ignore[reportCallIssue]
    if hasattr(recipe, "critic_width"):
        recipe = replace(recipe, critic_width=32)  # pyright: ignore[reportCallIssue]
    if loss == "gamma":
        recipe = replace(recipe, gamma=3.0)  # pyright: ignore[reportCallIssue]
    if getattr(recipe, "supervision", None):
        recipe = replace(recipe, supervision=SupervisionRecipe(loss=loss or "xent", labelled_batch=8, sigma=None))  # pyright: ignore
    return recipe.build(DATA), {"train": squares(size=8), "labelled": squares(10, size=8, seed=1)}


KINDS = [*RECIPES, *(f"s2-beta-vae {loss}" for loss in LOSSES if loss != "xent"), "information-dropout gamma"]


def train(rank: int, folder: str) -> None:
    for kind in KINDS:
        method, sources = make(kind)
        fit(method, sources, Loop(steps=5, precision="float64", device="cpu"))
        if rank == 0:
            torch.save(method.state_dict(), Path(folder) / f"{kind}.pt")


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """The folder of weights that two gloo processes trained."""
    folder = tmp_path_factory.mktemp("pair")
    launch(train, str(folder))
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_two_processes_equal_one(kind, pair):
    method, sources = make(kind)
    before = {name: value.clone().double() for name, value in method.state_dict().items()}
    fit(method, sources, Loop(steps=5, precision="float64", device="cpu"))
    two = torch.load(pair / f"{kind}.pt")
    for name, value in method.state_dict().items():
        assert torch.allclose(value, two[name], atol=1e-11, rtol=0), name
    assert any(not torch.allclose(value, before[name]) for name, value in method.state_dict().items())


class Explodes(Method):
    """Its term leaves all bounds once, in one process."""

    def __init__(self) -> None:
        super().__init__()
        self.net = torch.nn.Linear(3, 3, bias=False)

    def players(self):
        return (Player("net", ("net",), Adam(lr=1e-2)),)

    def streams(self):
        return {"train": Replacement(16)}

    def forward(self, player, batches, step):
        once = step.index == 3 and step.part.index == 0
        value = self.net(batches["train"]["points"]).square().mean()
        return {"size": Term(value * (1e20 if once else 1.0), 0.0)}


class Counts(Callback):
    """How many steps a process was told of."""

    told = 0

    def stepped(self, method, step):
        self.told = step


def explode(rank: int, folder: str) -> None:
    torch.manual_seed(0)
    counts, source = Counts(), {"train": Columns(points=random(0, 64, 3))}
    with pytest.raises(MetapriorError) as fault:
        fit(Explodes(), source, Loop(steps=20, log_every=10, device="cpu"), callbacks=[counts])
    (Path(folder) / str(rank)).write_text(f"{counts.told} {fault.value}")


def test_all_processes_stop_at_one_processs_fault_and_callbacks_hear_of_steps_in_each(tmp_path):
    launch(explode, str(tmp_path))
    for rank in ("0", "1"):
        told, _, said = (tmp_path / rank).read_text().partition(" ")
        assert int(told) in (9, 10)  # the fault is told of where step 10 is logged
        assert "diverged at step 4" in said
