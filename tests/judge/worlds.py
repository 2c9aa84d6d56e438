"""Small worlds whose pictures show their factors: pixel k is as bright as the value of factor k."""

import math

import numpy as np
import torch
from torch import Tensor, nn

from metaprior.data import Dataset, Held, World
from metaprior.data.world import factors_of

SIZES = (4, 3, 5)


def world(sizes: tuple[int, ...] = SIZES) -> World:
    """All combinations of factors of these sizes, as pictures of one row."""
    factors = all_factors(sizes)
    images = (factors * 255 // (torch.tensor(sizes) - 1).clamp_min(1)).to(torch.uint8)[:, None, None, :]
    names = tuple("abcdefgh"[: len(sizes)])
    return World("pixels", names, sizes, (1, 1, len(sizes)), Held(images, sizes))


def all_factors(sizes: tuple[int, ...] = SIZES) -> Tensor:
    return factors_of(torch.arange(math.prod(sizes)), sizes)


def rows(count: int = 200, sizes: tuple[int, ...] = SIZES, seed: int = 0) -> Dataset:
    """Some pictures of a world, with repetitions: a data set with factors, which is no world."""
    source = world(sizes)
    index = torch.from_numpy(np.random.default_rng(seed).integers(len(source), size=count))
    factors = source.factors_of(index)
    return Dataset(
        "rows", source.render(factors), factors=factors, factor_names=source.factor_names, factor_sizes=sizes
    )


class Pixels(nn.Module):
    """Codes are the pixels, read through a linear map: the factors themselves where it is the identity."""

    def __init__(self, pixels: int = len(SIZES), weight: Tensor | None = None) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.eye(pixels) if weight is None else weight)
        self.seen: list[bool] = []

    def encode(self, images: Tensor) -> Tensor:
        self.seen.append(self.training)
        return images.flatten(1) @ self.weight
