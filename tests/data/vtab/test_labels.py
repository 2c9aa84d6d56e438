"""Labels that are derived: edges, and the class counts of dSprites' train800."""

import numpy as np
import pytest

from metaprior.data.vtab.labels import (
    clevr_count,
    clevr_distance,
    dsprites_location,
    dsprites_orientation,
    kitti_distance,
    latent_class,
)
from metaprior.data.vtab.order import stored_order_of_numbers


def test_counts_of_clevr():
    assert [clevr_count(n) for n in range(3, 11)] == list(range(8))


@pytest.mark.parametrize(
    ("depth", "label"), [(0.1, 0), (8, 0), (8.01, 1), (8.5, 1), (9, 2), (9.5, 3), (10, 4), (10.01, 5), (0, -1)]
)
def test_bins_of_clevr_close_on_the_right(depth: float, label: int):
    assert clevr_distance([depth, 20.0, depth + 1]) == label


@pytest.mark.parametrize(
    ("objects", "label"),
    [
        ([("Car", 8.0)], 0),
        ([("Car", 8.01)], 1),
        ([("Car", -3.0)], 0),
        ([("Truck", 20.0), ("Car", 30.0)], 1),
        ([("Van", 20.01)], 2),
        ([("Pedestrian", 2.0)], 3),
        ([("Pedestrian", 2.0), ("Car", 70.0)], 2),
        ([], 3),
    ],
)
def test_nearest_vehicle(objects: list[tuple[str, float]], label: int):
    assert kitti_distance(objects) == label


def test_sizes_of_the_classes_of_latents():
    assert np.bincount(latent_class(np.arange(32), 32)).tolist() == [2] * 16
    assert np.bincount(latent_class(np.arange(40), 40)).tolist() == [3, 2] * 8


def test_latent_classes_are_floors():
    orientation = np.arange(40)
    assert (latent_class(orientation, 40) == np.floor(orientation / 2.5)).all()


def test_class_counts_of_dsprites_train800():
    few = stored_order_of_numbers(737_280, "train")[:800]
    location, orientation = np.bincount(dsprites_location(few)), np.bincount(dsprites_orientation(few))
    assert (len(location), location.min(), location.max()) == (16, 42, 62)
    assert (len(orientation), orientation.min(), orientation.max()) == (16, 35, 67)


def test_depths_are_compared_as_tfds_stores_them():
    """In 32 bits, in which 8.0000001 is 8 and so closes the first bin."""
    assert clevr_distance([8.0000001]) == 0
    assert kitti_distance([("Car", 20.0000001)]) == 1
