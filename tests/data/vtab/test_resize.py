"""Kernels of resizing: the legacy one by hand, the others by what their libraries give."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from metaprior.data.vtab.resize import Kernel, resize, resize_legacy


def by_loops(image: Tensor, size: int) -> Tensor:
    """The definition, pixel by pixel."""
    (height, width), found = image.shape, torch.empty(size, size)
    for i in range(size):
        for j in range(size):
            y, x = i * height / size, j * width / size
            top, left = int(y), int(x)
            bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
            upper = image[top, left] + (image[top, right] - image[top, left]) * (x - left)
            lower = image[bottom, left] + (image[bottom, right] - image[bottom, left]) * (x - left)
            found[i, j] = upper + (lower - upper) * (y - top)
    return found


@pytest.mark.parametrize(
    ("row", "size", "expected"),
    [
        ([0, 4], 4, [0, 2, 4, 4]),  # the last pixel has no right neighbour
        ([0, 10, 20, 30, 40], 2, [0, 25]),  # s = 0, 2.5: the pixels 0, 1 and 4 are passed over
        ([0, 3, 6], 9, [0, 1, 2, 3, 4, 5, 6, 6, 6]),
        ([5, 7, 9, 11], 4, [5, 7, 9, 11]),
    ],
)
def test_rows_by_hand(row: list[float], size: int, expected: list[float]):
    images = torch.tensor(row).float().expand(1, 1, len(row), -1)
    assert resize_legacy(images, size)[0, 0, 0].tolist() == pytest.approx(expected, abs=1e-5)
    assert resize_legacy(images.transpose(2, 3), size)[0, 0, :, 0].tolist() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("shape", [(32, 32), (5, 7), (61, 40), (1, 3), (33, 5), (5, 33)])
@pytest.mark.parametrize("size", [8, 33])
def test_the_legacy_kernel_is_its_definition(shape: tuple[int, int], size: int):
    image = 255 * torch.rand(shape, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(resize_legacy(image[None, None], size)[0, 0], by_loops(image, size), atol=1e-3, rtol=0)


def test_centred_bilinear_by_hand():
    assert resize(torch.tensor([[[[0.0, 4.0]]]]), 4, "bilinear")[0, 0, 0].tolist() == [0, 1, 3, 4]
    skipped = resize(torch.arange(8.0).expand(1, 1, 8, -1), 2, "bilinear")[0, 0, 0]
    assert skipped.tolist() == [1.5, 5.5]  # the mean of two pixels, where antialiasing takes more


@pytest.mark.parametrize(
    ("kernel", "filter"), [("antialias", Image.Resampling.BILINEAR), ("bicubic", Image.Resampling.BICUBIC)]
)
@pytest.mark.parametrize("shape", [(50, 70), (9, 6)])
def test_antialiased_kernels_of_bytes_are_pillows(kernel: Kernel, filter: Image.Resampling, shape: tuple[int, int]):
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    by_pillow = torch.from_numpy(np.array(Image.fromarray(pixels).resize((16, 16), filter)))
    ours = resize(torch.from_numpy(pixels)[None, None], 16, kernel)[0, 0]
    assert int((ours.int() - by_pillow.int()).abs().max()) <= 1
    assert float((ours != by_pillow).float().mean()) < 0.02


def test_kernels_differ_where_pictures_shrink():
    image = 255 * torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    ways: tuple[Kernel, ...] = ("legacy", "bilinear", "antialias", "bicubic")
    found = [resize(image, 16, kernel) for kernel in ways]
    assert all(float((a - b).abs().mean()) > 2 for i, a in enumerate(found) for b in found[:i])
