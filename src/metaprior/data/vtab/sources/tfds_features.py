"""What the features of a TFDS record say: the example's key, and its label for each task."""

from collections.abc import Callable, Sequence

import numpy as np

from metaprior.data.vtab.classes import CALTECH101, EUROSAT, RESISC45
from metaprior.data.vtab.labels import (
    ORIENTATIONS,
    POSITIONS,
    VEHICLES,
    clevr_count,
    clevr_distance,
    kitti_distance,
    latent_class,
)
from metaprior.data.vtab.tf_example import Values

Features = dict[str, Values]
RADICES = {"shape": 3, "scale": 6, "orientation": 40, "x_position": 32, "y_position": 32}
"""Values of dSprites' latents, the last of which counts fastest."""


def _text(name: str) -> Callable[[Features], str]:
    return lambda features: _string(features, name)


def _below_class(name: str, classes: Sequence[str], join: str) -> Callable[[Features], str]:
    return lambda features: f"{classes[_whole(features, 'label')]}{join}{_string(features, name)}"


def _number_of_id(features: Features) -> str:
    """The number of an ``id`` such as train_00012; empty where the version has none, so that the place tells it."""
    if "id" not in features:
        return ""
    return str(int("".join(filter(str.isdigit, _string(features, "id")))))


def _dsprites_index(features: Features) -> str:
    index = 0
    for name, values in RADICES.items():
        index = index * values + _whole(features, f"label_{name}")
    return str(index)


KEYS: dict[str, Callable[[Features], str]] = {
    "caltech101": _below_class("image/file_name", CALTECH101, "/"),
    "cifar100": _number_of_id,
    "dtd": _text("file_name"),
    "flowers102": _text("file_name"),
    "pets": _text("file_name"),
    "svhn": _number_of_id,
    "sun397": _text("file_name"),
    "patch-camelyon": _text("id"),
    "eurosat": _below_class("filename", EUROSAT, "_"),
    "resisc45": _below_class("filename", RESISC45, "_"),
    "retinopathy": _text("name"),
    "clevr": _text("file_name"),
    "dmlab": _text("filename"),
    "kitti": _text("image/file_name"),
    "dsprites": _dsprites_index,
    "smallnorb": _number_of_id,
}
"""The key that TFDS orders by, from a record's features; empty where they do not tell it."""


def _label(features: Features) -> int:
    return _whole(features, "label")


def _clevr_count(features: Features) -> int:
    return clevr_count(len(features["objects/color"]))


def _clevr_distance(features: Features) -> int:
    return clevr_distance(np.asarray(features["objects/pixel_coords"], np.float32)[2::3].tolist())


def _kitti(features: Features) -> int:
    kinds = np.asarray(features["objects/type"]).tolist()
    depths = np.asarray(features["objects/location"], np.float32)[2::3].tolist()
    names = [VEHICLES[kind] if kind < len(VEHICLES) else "" for kind in kinds]
    return kitti_distance(zip(names, depths, strict=True))


def _latent(name: str, values: int) -> Callable[[Features], int]:
    return lambda features: int(latent_class(np.array(_whole(features, f"label_{name}")), values))


LABELS: dict[str, Callable[[Features], int]] = {
    "caltech101": _label,
    "cifar100": _label,
    "dtd": _label,
    "flowers102": _label,
    "pets": _label,
    "svhn": _label,
    "sun397": _label,
    "patch-camelyon": _label,
    "eurosat": _label,
    "resisc45": _label,
    "retinopathy": _label,
    "clevr-count": _clevr_count,
    "clevr-distance": _clevr_distance,
    "dmlab": _label,
    "kitti-distance": _kitti,
    "dsprites-location": _latent("x_position", POSITIONS),
    "dsprites-orientation": _latent("orientation", ORIENTATIONS),
    "smallnorb-azimuth": lambda features: _whole(features, "label_azimuth"),
    "smallnorb-elevation": lambda features: _whole(features, "label_elevation"),
}
"""The label of each task, from a record's features."""


def _string(features: Features, name: str) -> str:
    value = features[name]
    if not isinstance(value, list):
        raise ValueError(f"{name} is not a text")
    return value[0].decode()


def _whole(features: Features, name: str) -> int:
    return int(np.asarray(features[name])[0])
