"""Scores on the disk: what one was computed from is kept with it, and it is read again for the very same alone."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from metaprior.core import to_plain
from metaprior.data.vtab.examples import Examples
from metaprior.data.vtab.task import TaskData
from metaprior.files import whole
from metaprior.judge.scores import Score
from metaprior.judge.vtab.encoder import Encoder
from metaprior.judge.vtab.protocols import REVISION
from metaprior.judge.vtab.recipes import FINE_TUNING
from metaprior.judge.vtab.way import Way


def described(encoder: Encoder, way: Way) -> dict[str, Any]:
    """What was judged and how it was shown pictures, as results record it."""
    mean, deviation = encoder.levels(way.preset)
    levels = {"mean": list(mean), "deviation": list(deviation)}
    return {
        "name": encoder.name,
        "hash": encoder.hash if encoder.known else None,
        "feature": encoder.feature,
        "input": {"size": encoder.side(way.preset), "channels": encoder.channels, "range": "[0, 1]", **levels},
        "way": way.plain(),
    }


def identity(encoder: Encoder, data: TaskData, way: Way) -> dict[str, Any]:
    """What a kept score must have been computed from to be this one."""

    def digest(examples: Examples) -> str:
        labels = hashlib.blake2b(examples.labels.tobytes(), digest_size=8).hexdigest()
        return f"{examples.pictures.digest}-{labels}"

    parts = {name: digest(getattr(data, name)) for name in ("train", "val", "test")}
    recipe = FINE_TUNING.get(way.protocol)
    trials = {"trials": to_plain(recipe.trials)} if recipe else {}
    return described(encoder, way) | {"task": data.name, "data": parts, "revision": REVISION} | trials


def write_score(file: Path, asked: Mapping[str, Any], score: Score) -> None:
    """Keep a score with what it was computed from, and a checksum of both."""
    content = {"asked": asked, "score": score.to_json()}
    with whole(file) as temporary:
        temporary.write_text(json.dumps(content | {"checksum": checksum(content)}, indent=1, allow_nan=False))


def checksum(content: Mapping[str, Any]) -> str:
    """16 hexadecimal digits of what JSON can tell."""
    return hashlib.blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=8).hexdigest()


def read_score(file: Path, asked: Mapping[str, Any]) -> Score | None:
    """A kept score, if it is of what is asked; None where it is not there, was altered or is of something else."""
    try:
        kept = json.loads(file.read_text())
        told, sound = kept["score"], kept.pop("checksum") == checksum(kept)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if not sound or kept["asked"] != asked:
        return None
    return Score(
        **{name: told.pop(name) for name in ("value", "n", "seed", "protocol")}, se=told.pop("se", None), details=told
    )
