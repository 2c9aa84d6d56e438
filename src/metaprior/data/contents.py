"""What a data set holds, loaded and counted: for a person who wants to see what was understood of it."""

import dataclasses
import math
from typing import Any

from metaprior.data.catalogue import find_entry
from metaprior.data.dataset import Combinations, Dataset
from metaprior.data.world import World


def contents(name: str) -> dict[str, Any]:
    """What ``name:option=value,…`` holds: ``splits examples image_shape value_shape tokens classes factors hidden …``.

    ``splits`` counts the examples of each (a world has none); all else is of ``split``, which is ``train`` where there
    is one. A factor has ``name size values missing``; ``values`` is None where it is not known what indices stand for.
    ``hidden`` counts the pictures that a world has of each combination, 1 where the factors decide the picture.
    ``combinations`` counts those ``possible``, ``present`` and ``repeated``, and is None without factors. ``missing``
    counts labels, cells of factors, and rows that lack some factor.

    >>> contents("digits")["splits"], contents("digits")["image_shape"]
    ({'train': 1437, 'test': 360}, [1, 8, 8])
    """
    entry, options = find_entry(name)
    splits = entry.splits(options) if entry.splits else {}
    split = next(iter(splits), "train") if "train" not in splits else "train"
    data = entry.load(options, split)
    divided = bool(splits) and isinstance(data, Dataset)
    return {"splits": splits if divided else {}, "split": split if divided else None} | _held(data)


def _held(data: Dataset | World) -> dict[str, Any]:
    cells = data.factors if isinstance(data, Dataset) else None
    labels = data.labels if isinstance(data, Dataset) else None
    lacking = [0] * len(data.factor_names) if cells is None else (cells < 0).sum(dim=0).tolist()
    possible = math.prod(data.factor_sizes)
    known = Combinations(possible, possible, 0) if isinstance(data, World) else data.combinations
    values = data.factor_values or (None,) * len(data.factor_names)
    return {
        "examples": len(data),
        "image_shape": list(data.spec.image_shape) if data.spec.image_shape else None,
        "value_shape": list(data.spec.value_shape) if data.spec.value_shape else None,
        "tokens": isinstance(data, Dataset) and data.tokens is not None,
        "classes": list(data.class_names) if isinstance(data, Dataset) else [],
        "factors": [
            {"name": name, "size": size, "values": list(named) if named else None, "missing": missing}
            for name, size, named, missing in zip(data.factor_names, data.factor_sizes, values, lacking, strict=True)
        ],
        "hidden": math.prod(data.hidden_sizes) if isinstance(data, World) else 1,
        "combinations": dataclasses.asdict(known) if known else None,
        "missing": {
            "labels": 0 if labels is None else int((labels < 0).sum()),
            "factors": sum(lacking),
            "rows": 0 if cells is None else int((cells < 0).any(dim=1).sum()),
        },
        "caveat": data.caveat,
    }
