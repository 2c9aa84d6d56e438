"""Shared by all tests: shapes checked at run time, small sources of data, the packs beside the checkout."""

from pathlib import Path

import hypothesis
import pytest
import torch
from jaxtyping import install_import_hook

hypothesis.settings.register_profile("shared machine", deadline=None)
hypothesis.settings.load_profile("shared machine")
torch.set_num_threads(1)  # many small tests: one thread each, one process a core
install_import_hook(["metaprior.nets", "metaprior.objectives"], "beartype.beartype")

from metaprior.core import Batch, DataSpec  # noqa: E402


class Columns:
    """A source held as tensors; ``images`` come as they are, so tests may use float64."""

    def __init__(self, **columns: torch.Tensor) -> None:
        self.columns = columns

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def gather(self, indices: torch.Tensor) -> Batch:
        return Batch({name: column[indices] for name, column in self.columns.items()})

    def to(self, device: torch.device) -> "Columns":
        return Columns(**{name: column.to(device) for name, column in self.columns.items()})


def random(seed: int, *shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def squares(count: int = 64, size: int = 16, seed: int = 0) -> Columns:
    """White squares on black at random places, with their row and column as two factors of 4 values."""
    factors = torch.randint(4, (count, 2), generator=torch.Generator().manual_seed(seed))
    images = torch.zeros(count, 1, size, size)
    cell = size // 4
    for image, (row, column) in zip(images, factors.tolist(), strict=True):
        image[0, row * cell : (row + 1) * cell, column * cell : (column + 1) * cell] = 1
    return Columns(images=images, factors=factors)


def spec_of_squares(size: int = 16) -> DataSpec:
    """What a recipe is told of :func:`squares`, some of which are labelled."""
    names, sizes = ("row", "column"), (4, 4)
    return DataSpec(
        (1, size, size), factor_names=names, factor_sizes=sizes, labelled_factors=names, labelled_factor_sizes=sizes
    )


@pytest.fixture(scope="session")
def packs() -> Path:
    """The folder of real data packs; tests that need it skip where it is not."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real data packs are not beside this checkout (../shared/data)")
    return folder
