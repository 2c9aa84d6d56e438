"""Labels that tasks derive from what a data set says of its scenes (1.2 of the card)."""

from collections.abc import Iterable

import numpy as np
from jaxtyping import Int64

CLEVR_EDGES = (0.0, 8.0, 8.5, 9.0, 9.5, 10.0, 100.0)
KITTI_EDGES = (-100.0, 8.0, 20.0, 999.0)
NO_VEHICLE = 1000.0
VEHICLES = ("Car", "Van", "Truck")
ORIENTATIONS, POSITIONS = 40, 32
LATENT_CLASSES = 16


def clevr_count(objects: int) -> int:
    """A scene of CLEVR has 3 to 10 objects, classes 0 to 7."""
    return objects - 3


def clevr_distance(depths: Iterable[float]) -> int:
    """The bin of the nearest object's depth: (0, 8], (8, 8.5], (8.5, 9], (9, 9.5], (9.5, 10], (10, 100].

    ``depths`` are the third entries of the objects' ``pixel_coords``.

    >>> [clevr_distance([depth, 11.0]) for depth in (7.9, 8.0, 8.1, 10.0, 10.1)]
    [0, 0, 1, 4, 5]
    """
    return _bin(min(depths), CLEVR_EDGES)


def kitti_distance(objects: Iterable[tuple[str, float]]) -> int:
    """Nearest vehicle, of objects as type and z in metres: 0 up to 8 m, 1 up to 20 m, 2 farther, 3 none.

    >>> kitti_distance([("Car", 8.0), ("Tram", 2.0)]), kitti_distance([("Van", 20.5)]), kitti_distance([])
    (0, 2, 3)
    """
    return _bin(min([z for kind, z in objects if kind in VEHICLES] + [NO_VEHICLE]), KITTI_EDGES)


def latent_class(latent: Int64[np.ndarray, " n"], values: int) -> Int64[np.ndarray, " n"]:
    """Values 0 … of one of dSprites' latents as 16 classes: floor(latent / (values / 16)).

    Of 32 positions two fall in each class, of 40 orientations 3 and 2 in turns.

    >>> latent_class(np.arange(8), 40).tolist()
    [0, 0, 0, 1, 1, 2, 2, 2]
    """
    return latent * LATENT_CLASSES // values


def dsprites_location(index: Int64[np.ndarray, " n"]) -> Int64[np.ndarray, " n"]:
    """The 16 classes of the position along x, from the place of a picture among the 737,280."""
    return latent_class(index // 32 % POSITIONS, POSITIONS)


def dsprites_orientation(index: Int64[np.ndarray, " n"]) -> Int64[np.ndarray, " n"]:
    """The 16 classes of the orientation, from the place of a picture among the 737,280."""
    return latent_class(index // 1024 % ORIENTATIONS, ORIENTATIONS)


def _bin(value: float, edges: tuple[float, ...]) -> int:
    """The index of the largest edge strictly below; a value on an edge falls into the bin that the edge closes.

    Values are rounded to 32 bits before, since TFDS stores them so.
    """
    return int(np.searchsorted(edges, float(np.float32(value)), side="left")) - 1
