"""A method that spreads its modules over processes trains as one process would; nothing in the loop knows how."""

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

from metaprior.core import Adam, Cosine, Method, Player, Replacement, Term
from metaprior.training import Loop, Run, fit
from metaprior.training.checkpoint import newest_checkpoint
from tests.conftest import Columns, random
from tests.training.launch import launch

POINTS = {"train": Columns(points=random(0, 64, 6).double())}
LOOP = Loop(steps=6, precision="float64", device="cpu", clip=0.05, checkpoint_every=2, log_every=1)
WAYS = {"fsdp": (2, 1), "tensor": (1, 2), "both": (2, 2)}


class Perceptron(Method):
    """A perceptron whose outputs' covariance is pushed to the identity, and an average of its weights."""

    def __init__(self, way: str) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.net = nn.Sequential(nn.Linear(6, 7 if way == "fsdp" else 8), nn.ReLU())  # 7: parts of unequal size
        self.head = nn.Linear(self.net[0].out_features, 3)
        self.way = way

    def players(self):
        return (Player("all", ("net", "head"), Adam(lr=Cosine(1e-2, steps=10)), ema=0.9),)

    def streams(self):
        return {"train": Replacement(16)}

    def forward(self, player, batches, step):
        codes = step.gather(self.head(self.net(batches["train"]["points"])))
        centred = codes - codes.mean(dim=0)
        covariance = centred.T @ centred / len(centred)
        return {"covariance": Term((covariance - torch.eye(3, dtype=codes.dtype)).square().sum())}

    def parallelize(self, device):
        mesh = init_device_mesh(device, WAYS[self.way], mesh_dim_names=("data", "model"))
        if self.way != "fsdp":
            parallelize_module(self, mesh["model"], {"net.0": ColwiseParallel(), "head": RowwiseParallel()})
        if self.way != "tensor":
            for module in (self.net, self.head):
                fully_shard(module, mesh=mesh["data"])
        return mesh["data"]


def run_in(folder: Path) -> Run:
    run = Run(folder)
    if not run.begun:
        run.write_config({"recipe": "test"})
    return run


def train(rank: int, folder: str, way: str) -> None:
    """Six steps at once; and four, and from their checkpoint two more."""
    if rank == 0:
        run_in(Path(folder) / "whole"), run_in(Path(folder) / "resumed")
    method = Perceptron(way)
    fit(method, POINTS, LOOP, Run(Path(folder) / "whole"))
    assert any(isinstance(parameter, DTensor) for parameter in method.parameters())
    for steps, resume in ((4, False), (6, True)):
        fit(Perceptron(way), POINTS, replace(LOOP, steps=steps), Run(Path(folder) / "resumed"), resume=resume)


@pytest.fixture(scope="module", params=["fsdp", "tensor", pytest.param("both", marks=pytest.mark.slow)])
def spread(request, tmp_path_factory):
    """The way, and the folder of the runs that several processes made together."""
    folder = tmp_path_factory.mktemp(request.param)
    launch(train, str(folder), request.param, count=math.prod(WAYS[request.param]))
    return request.param, folder


def lines(run: Run) -> list[dict]:
    return [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]


def test_spread_over_processes_equals_one(spread, tmp_path):
    way, folder = spread
    alone, method = run_in(tmp_path), Perceptron(way)
    fit(method, POINTS, LOOP, alone)
    together = Run(folder / "whole")
    for name in ("model", "average"):
        for key, value in alone.read_weights(name).items():
            torch.testing.assert_close(together.read_weights(name)[key], value, atol=1e-11, rtol=0, msg=f"{name} {key}")
    assert not torch.allclose(method.net[0].weight, Perceptron(way).double().net[0].weight)
    norms = [[line["terms"]["all/gradient_norm"] for line in lines(run)] for run in (alone, together)]
    assert norms[0] == pytest.approx(norms[1])
    assert max(norms[0]) > LOOP.clip  # or nothing was clipped


def test_resumed_from_parts_equals_never_stopped(spread):
    _, folder = spread
    for name in ("model", "average"):
        whole, resumed = (folder / run / f"{name}.safetensors" for run in ("whole", "resumed"))
        assert whole.read_bytes() == resumed.read_bytes()
    assert [line["step"] for line in lines(Run(folder / "resumed"))] == list(range(1, 7))


def test_a_checkpoint_in_parts_can_be_read_whole_and_holds_no_pickle(spread):
    _, folder = spread
    checkpoint, faults = newest_checkpoint(folder / "whole" / "checkpoint")
    assert not faults
    assert checkpoint.step == 6
    for key, value in Run(folder / "whole").read_weights().items():
        assert torch.equal(checkpoint.groups["model"][key], value)
    parts = {path.suffix for path in (folder / "whole" / "checkpoint" / "000000006").iterdir()}
    assert parts == {".safetensors", ".json"}


def test_one_process_goes_on_where_several_stopped(spread, tmp_path):
    way, folder = spread
    shutil.copytree(folder / "whole", tmp_path / "alone")
    longer = replace(LOOP, steps=8)
    fit(Perceptron(way), POINTS, longer, Run(tmp_path / "alone"), resume=True)
    never_stopped = run_in(tmp_path / "never stopped")
    fit(Perceptron(way), POINTS, longer, never_stopped)
    for key, value in never_stopped.read_weights().items():
        torch.testing.assert_close(Run(tmp_path / "alone").read_weights()[key], value, atol=1e-10, rtol=0)
