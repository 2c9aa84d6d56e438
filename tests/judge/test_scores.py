"""The file of scores: whole or not there, and JSON that any reader takes."""

import dataclasses
import errno
import json
import math
import os
from pathlib import Path

import numpy as np
import pytest

from metaprior.core import MetapriorError
from metaprior.judge import Score, Scores, Table, write_scores

TABLE = Table(np.array([[0.5, 1.0]]), ("code_0",), ("row", "column"), "nats")


def scores(value: float | None = 0.25, **details: object) -> Scores:
    score = Score(value, 10, 3, "world", se=0.01, details=details)
    return Scores("disentanglement", {"mig": score}, "mine", "squares", {"mutual_information": TABLE})


def test_what_is_written_is_what_is_printed(tmp_path: Path) -> None:
    path = write_scores(scores(ceiling=0.9, backend=None), tmp_path)
    assert path == tmp_path / "scores" / "disentanglement.json"
    told = json.loads(path.read_text())
    assert told == scores(ceiling=0.9, backend=None).to_json()
    assert told["scores"]["mig"] == {
        "value": 0.25, "n": 10, "seed": 3, "protocol": "world", "se": 0.01, "ceiling": 0.9
    }  # fmt: skip
    assert told["tables"]["mutual_information"]["values"] == [[0.5, 1.0]]


def test_a_missing_value_is_null_and_keeps_its_reason() -> None:
    told = Score(None, 10, 0, "world", reason="no factor varies").to_json()
    assert json.loads(json.dumps(told)) == {
        "value": None, "n": 10, "seed": 0, "protocol": "world", "reason": "no factor varies"
    }  # fmt: skip


def test_scores_written_again_take_the_place_of_the_old(tmp_path: Path) -> None:
    write_scores(scores(0.1), tmp_path)
    path = write_scores(scores(0.2), tmp_path)
    assert json.loads(path.read_text())["scores"]["mig"]["value"] == 0.2
    assert os.listdir(path.parent) == [path.name]


def test_scores_of_other_metrics_stay_while_they_are_true(tmp_path: Path) -> None:
    write_scores(scores(0.1), tmp_path)
    other = dataclasses.replace(scores(), scores={"sap": Score(0.3, 5, 0, "world")}, tables={})
    path = write_scores(other, tmp_path)
    told = json.loads(path.read_text())
    assert {name: score["value"] for name, score in told["scores"].items()} == {"mig": 0.1, "sap": 0.3}
    assert told["tables"].keys() == {"mutual_information"}
    write_scores(dataclasses.replace(other, data="triangles"), tmp_path)
    assert json.loads(path.read_text())["scores"].keys() == {"sap"}
    write_scores(dataclasses.replace(scores(), data="triangles"), tmp_path)
    assert json.loads(path.read_text())["scores"].keys() == {"mig", "sap"}
    weights = tmp_path / "model.safetensors"
    weights.touch()
    later = path.stat().st_mtime + 10
    os.utime(weights, (later, later))
    write_scores(dataclasses.replace(other, data="triangles"), tmp_path)
    assert json.loads(path.read_text())["scores"].keys() == {"sap"}


def test_a_damaged_file_is_replaced(tmp_path: Path) -> None:
    path = write_scores(scores(), tmp_path)
    for damage in ("{", "[]", "{}"):
        path.write_text(damage)
        write_scores(scores(0.4), tmp_path)
        assert json.loads(path.read_text())["scores"]["mig"]["value"] == 0.4


def test_a_value_that_is_no_number_is_never_written(tmp_path: Path) -> None:
    path = write_scores(scores(0.1), tmp_path)
    with pytest.raises(ValueError, match="JSON"):
        write_scores(scores(math.nan), tmp_path)
    assert json.loads(path.read_text())["scores"]["mig"]["value"] == 0.1
    assert os.listdir(path.parent) == [path.name]


def test_a_full_disk_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = write_scores(scores(0.1), tmp_path)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MetapriorError, match=r"cannot write .*disentanglement\.json: No space left on device"):
        write_scores(scores(0.2), tmp_path)
    assert json.loads(path.read_text())["scores"]["mig"]["value"] == 0.1
    assert os.listdir(path.parent) == [path.name]


def test_scores_on_examples_of_the_training_say_so() -> None:
    assert "seen" not in scores().to_json()
    assert dataclasses.replace(scores(), seen=True).to_json()["seen"] is True
