import json
from pathlib import Path

import pytest

from metaprior.cli import main
from tests.study.synthetic import write_study


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["report", *map(str, arguments)])
    return stop.value.code  # type: ignore[return-value]


def test_the_folder_of_a_study_has_a_page_of_its_own(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_study(tmp_path, 3)
    assert call(tmp_path, "--json") == 0
    page = Path(json.loads(capsys.readouterr().out)["report"])
    assert page == tmp_path / "report.html"
    assert "metaprior · study" in page.read_text()


def test_it_prints_one_sentence_and_the_path(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_study(tmp_path, 3)
    assert call(tmp_path, "--out", tmp_path / "page.html") == 0
    said = capsys.readouterr().out
    assert said.startswith("3 models. The best MIG, ")
    assert said.rstrip().endswith(f"report: {tmp_path / 'page.html'}")


def test_a_study_stands_alone(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_study(tmp_path / "a", 1)
    write_study(tmp_path / "b", 1)
    assert call(tmp_path / "a", tmp_path / "b") == 2
    assert "has a page of its own; name it alone" in capsys.readouterr().err


def test_a_study_without_results_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    assert call(tmp_path) == 2
    assert "holds no results of a study" in capsys.readouterr().err
    assert not (tmp_path / "report.html").exists()


def test_a_folder_of_neither_a_run_nor_a_study_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert call(tmp_path / "nope") == 2
    assert "nope is neither a run nor a study: there is no such folder" in capsys.readouterr().err
    assert call(tmp_path) == 2
    assert "is neither a run nor a study: it holds neither config.json nor results" in capsys.readouterr().err
