"""Filling polygons row by row is the even-odd rule at pixel centres."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.path import Path as Outline

from metaprior.data.scanline import crossings, fill

coordinates = st.floats(-7.9, 7.9, allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=3, unique=True))
def test_triangles_agree_with_an_independent_test_of_points(corners: list[tuple[float, float]]) -> None:
    """Off the outline by more than rounding: pixels within a thousandth of an edge may fall on either side."""
    triangle = np.array(corners) + 0.003  # no corner on a row of centres
    centres = np.arange(16) + 0.5 - 8
    rows = crossings(triangle, centres)
    filled = fill(torch.from_numpy(rows + 8)[None], 16)[0].numpy() > 0
    points = np.stack(np.meshgrid(centres, centres), axis=-1).reshape(-1, 2)
    inside = Outline(triangle).contains_points(points).reshape(16, 16)
    assert (filled != inside)[~near(points, triangle).reshape(16, 16)].sum() == 0


def near(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    close = np.zeros(len(points), dtype=bool)
    for a, b in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        along = b - a
        t = np.clip((points - a) @ along / max(along @ along, 1e-12), 0, 1)
        close |= np.linalg.norm(points - (a + t[:, None] * along), axis=1) < 1e-3
    return close


def test_area_of_a_fine_disc() -> None:
    t = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    disc = 100 * np.stack([np.cos(t), np.sin(t)], axis=1)
    rows = crossings(disc, np.arange(220) + 0.5 - 110)
    assert abs((fill(torch.from_numpy(rows + 110)[None], 220) > 0).sum().item() / (np.pi * 100**2) - 1) < 1e-3


def test_a_ring_has_a_hole() -> None:
    """A row that enters and leaves twice has four crossings."""
    comb = np.array([[0, 0], [6, 0], [6, 4], [4, 4], [4, 2], [2, 2], [2, 4], [0, 4.0]])
    rows = crossings(comb, np.array([1.0, 3.0]))
    assert rows.tolist() == [[0, 6, np.inf, np.inf], [0, 2, 4, 6]]
    assert (fill(torch.from_numpy(rows)[None], 8)[0] > 0).sum(1).tolist() == [6, 4]
