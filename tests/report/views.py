"""Runs made by hand: a linear model of squares whose two codes are the square's row and column."""

import numpy as np
import torch
from torch import Tensor, nn

from metaprior.report import Examples, RunView
from tests.conftest import squares

CONFIG = {
    "format": 1,
    "version": "0.1.0",
    "recipe": "s2-beta-vae",
    "method": {"beta": 4.0},
    "data": "squares:size=16",
    "labels": 100,
    "loop": {"steps": 30, "seed": 7},
    "provenance": {"torch": "2.15.0", "commit": "abc1234", "processor": None},
}
HISTORY = [
    {"step": s, "seconds": s / 10, "examples_per_second": 640.0, "terms": {"vae/kl": 0.5 + s, "vae/total": 900.0 / s}}
    for s in (10, 20, 30)
]
SCORES = {
    "disentanglement": {
        "protocol": "disentanglement",
        "model": "linear",
        "data": "squares",
        "scores": {
            "mig": {"value": 0.31257, "n": 10000, "seed": 3, "protocol": "world", "ceiling": 0.9021},
            "dci_disentanglement": {"value": 0.4444, "n": 10000, "seed": 3, "protocol": "world"},
            "irs": {"value": None, "n": 10000, "seed": 3, "protocol": "world", "reason": "every code is constant"},
        },
        "tables": {
            "mutual_information": {
                "rows": ["code_0", "code_1", "code_2"],
                "columns": ["row", "column_of_it"],
                "values": [[0.01, 0.02], [0.03, 1.17], [1.29, 0.04]],
            }
        },
    }
}


class Linear(nn.Module):
    """Codes are sums over rows and over columns, and a third that is always 0; decoding is their outer product."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(1.0))

    def encode(self, images: Tensor) -> Tensor:
        place = torch.linspace(-2, 2, images.shape[-1])
        down, across = images.mean(dim=(1, 3)) @ place, images.mean(dim=(1, 2)) @ place
        return torch.stack([torch.zeros_like(down), down, across], dim=1) * self.scale

    def decode(self, codes: Tensor) -> Tensor:
        place = torch.linspace(-2, 2, 16)
        rows, columns = (torch.exp(-((codes[:, i, None] - place) ** 2)) for i in (1, 2))
        return (rows[:, None, :, None] * columns[:, None, None, :]) * self.scale

    def sample(self, count: int, seed: int = 0) -> Tensor:
        return self.decode(torch.randn(count, 3, generator=torch.Generator().manual_seed(seed)))


def examples(count: int = 300) -> Examples:
    """Codes of squares by the linear model, with their rows and columns as factors."""
    data = squares(count)
    codes = Linear().encode(data.columns["images"]).detach().numpy()
    return Examples(codes, factors=data.columns["factors"].numpy(), factor_names=("row", "column_of_it"))


def scored(**values: float | np.ndarray) -> dict:
    """The usual scores with more of them: numbers as scores, arrays codes × factors as matrices."""
    first = SCORES["disentanglement"]
    entry = {"n": 10_000, "seed": 3, "protocol": "world"}
    numbers = {name: entry | {"value": v} for name, v in values.items() if not isinstance(v, np.ndarray)}
    names = {key: first["tables"]["mutual_information"][key] for key in ("rows", "columns")}
    arrays = {name: names | {"values": v.tolist()} for name, v in values.items() if isinstance(v, np.ndarray)}
    more = {"scores": first["scores"] | numbers, "tables": first["tables"] | arrays}
    return {"disentanglement": first | more}


def view(name: str = "s2-beta-vae-0", **changes: object) -> RunView:
    """A whole run, with some of its parts changed."""
    images = squares(24).columns["images"]
    parts: dict = {"config": CONFIG, "history": HISTORY, "scores": SCORES, "model": Linear(), "images": images}
    return RunView(name, **(parts | changes))
