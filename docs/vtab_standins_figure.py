"""Makes the picture of the page of stand-ins: ``python docs/vtab_standins_figure.py FOLDER``, where it is kept."""

import sys
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from metaprior.data.vtab.standins import DESK

TARGET = Path(__file__).parent / "_static" / "vtab-standins.jpg"
WIDTH = 800
ROWS = {"clevr-count": (5, 3), "smallnorb-azimuth": (10, 2), "dsprites-location": (10, 1)}
"""Pictures in a row, and rows; of what is rendered, since the photographs are others' own."""


def row(pictures: list[Tensor]) -> Tensor:
    """Pictures side by side, as wide as the sheet."""
    side = WIDTH // len(pictures)
    height = side * pictures[0].shape[1] // pictures[0].shape[2]
    colour = torch.stack([picture.expand(3, -1, -1).float() for picture in pictures])
    scaled = interpolate(colour, size=(height, side), mode="bilinear", antialias=True)
    return torch.cat(list(scaled), dim=2)


folder = Path(sys.argv[1])
rows = []
for name, (across, down) in ROWS.items():
    pictures = DESK[f"standin/{name}"].load(folder, "1k").train.pictures
    rows += [row([pictures[i] for i in range(k * across, (k + 1) * across)]) for k in range(down)]
sheet = torch.cat(rows, dim=1).round().clamp(0, 255).to(torch.uint8)
Image.fromarray(sheet.permute(1, 2, 0).numpy()).save(TARGET, quality=82)
