"""The preparation of retinographs: sizes, the grey outside, and the formula on pictures whose answer is known."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from metaprior.data.vtab.retinopathy import _less_local_average, btgraham, eye_radius, shrink


def eye(height: int, width: int, radius: int, level: int = 120) -> Tensor:
    """A disk of one colour in the middle of black."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    inside = (y - height // 2) ** 2 + (x - width // 2) ** 2 <= radius**2
    return (inside * level).to(torch.uint8).expand(3, -1, -1).clone()


def shown(picture: Tensor) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(btgraham(picture))))


@pytest.mark.parametrize("radius", [100, 150])
def test_the_radius_is_half_the_bright_columns_of_the_middle_row(radius: int):
    assert eye_radius(eye(320, 400, radius)) == pytest.approx(radius + 0.5)


def test_a_black_picture_has_half_its_height():
    assert eye_radius(torch.zeros(3, 40, 60, dtype=torch.uint8)) == 20


def test_the_disk_of_270_is_cut_out():
    assert shown(eye(320, 400, 150)).shape == (540, 540, 3)


def test_a_picture_cut_above_and_below_keeps_its_height():
    assert shown(eye(200, 400, 150)).shape == (round(200 * 300 / 150.5), 540, 3)


def test_one_colour_less_its_average_is_grey():
    picture = shown(eye(320, 400, 150)).astype(int)
    assert abs(picture[270, 270] - 128).max() <= 2
    assert abs(picture[2, 2] - 128).max() <= 2  # outside of the disk


def test_a_step_is_sharpened_by_the_integral_of_the_gaussian():
    """Across a step of height h, 4 · (picture − average) is ± 4 · h · Φ(−(d + ½) / σ) at distance d."""
    from scipy.stats import norm

    step = np.full((81, 400, 3), 100, np.uint8)
    step[:, 200:] = 120
    out = _less_local_average(step)[40, :, 0].astype(float) - 128
    for distance in (0, 3, 10):
        expected = 4 * 20 * norm.cdf(-(distance + 0.5) / 10)
        assert out[200 + distance] == pytest.approx(expected, abs=3)
        assert out[199 - distance] == pytest.approx(-expected, abs=3)


def test_scaling_is_bilinear_between_the_nearest_alone():
    """Every second pixel is left out when a picture of stripes is a third as wide: OpenCV does not average them."""
    stripes = torch.zeros(3, 3, 9, dtype=torch.uint8)
    stripes[:, :, 1::3] = 90
    assert shrink(stripes, 1 / 3).flatten().unique().tolist() == [90]
