import json
from pathlib import Path

import pytest

from metaprior.core import MetapriorError
from metaprior.report import RunView, load_history
from tests.report.views import CONFIG, HISTORY, SCORES


def make_run(folder: Path) -> Path:
    (folder / "scores").mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "metrics.jsonl").write_text("".join(json.dumps(record) + "\n" for record in HISTORY))
    (folder / "scores" / "disentanglement.json").write_text(json.dumps(SCORES["disentanglement"]))
    return folder


def test_a_folder_is_read_whole(tmp_path: Path) -> None:
    view = RunView.from_folder(make_run(tmp_path / "mine-0"))
    assert (view.name, view.config, view.history, view.scores) == ("mine-0", CONFIG, HISTORY, SCORES)
    assert view.notes == ()


def test_scores_of_mean_codes_come_before_those_of_sampled_ones(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "mine-0")
    (folder / "scores" / "disentanglement-sampled.json").write_text(json.dumps(SCORES["disentanglement"]))
    assert list(RunView.from_folder(folder).scores) == ["disentanglement", "disentanglement-sampled"]


def test_a_folder_that_is_no_run_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(MetapriorError, match=r"is not a run.*config\.json") as fault:
        RunView.from_folder(tmp_path)
    assert "\n" not in str(fault.value)


def test_what_is_missing_or_damaged_becomes_a_note(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "mine-0")
    (folder / "metrics.jsonl").unlink()
    (folder / "scores" / "torn.json").write_text('{"scores": {"mig"')
    view = RunView.from_folder(folder)
    assert view.history == []
    assert list(view.scores) == ["disentanglement"]
    assert [("metrics.jsonl" in note, "torn.json" in note) for note in view.notes] == [(True, False), (False, True)]


def test_a_torn_line_of_the_history_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text(json.dumps(HISTORY[0]) + "\n" + json.dumps(HISTORY[1])[:20])
    assert load_history(path) == HISTORY[:1]


def test_a_missing_history_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(MetapriorError, match=r"metrics\.jsonl cannot be read"):
        load_history(tmp_path / "metrics.jsonl")
