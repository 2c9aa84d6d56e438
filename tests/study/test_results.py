import json
import os
from pathlib import Path

import duckdb
import pytest

from metaprior.core import MetapriorError
from metaprior.study import results as module
from metaprior.study.results import JUDGEMENTS, RUNS, SCORES, compact, judgements, known, results
from tests.study.synthetic import write_result, write_study


def contents(folder: Path) -> tuple[list, list]:
    """All that the tables hold, in one order."""
    with results(folder) as base:
        return tuple(sorted(base.table(name).fetchall(), key=str) for name in ("runs", "scores"))


def judged(folder: Path, told: dict, protocol: str = "disentanglement") -> Path:
    """A file of scores in a run's folder, as the judge keeps it."""
    path = folder / "runs" / told["id"] / "scores" / f"{protocol}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"scores": {"mig": {"value": 0.5}}, "tables": {"of": told["id"]}}, indent=1))
    return path


def test_the_tables_hold_what_the_files_say(tmp_path: Path) -> None:
    told = write_study(tmp_path, 16)
    with results(tmp_path) as base:
        for each in told:
            experiment = each["experiment"]
            query = (
                "SELECT recipe, data, labels, labeller, seed, steps, method, seconds_training FROM runs WHERE id = ?"
            )
            [line] = base.execute(query, [each["id"]]).fetchall()
            labeller = experiment["labeller"] if experiment["labels"] else None
            loop, took = experiment["loop"], each["seconds"]["training"]
            assert line[:6] == (*(experiment[k] for k in ("recipe", "data", "labels")), labeller, loop["seed"], 300_000)
            assert (json.loads(line[6]), line[7]) == (experiment["method"], took)
            names = ("kind", "score", "value", "representation", "labels", "labeller", "label_seed", "reason")
            found = base.execute(f"SELECT {', '.join(names)} FROM scores WHERE id = ?", [each["id"]]).fetchall()
            assert found == [tuple(score.get(name) for name in names) for score in each["scores"]]


def test_a_score_without_a_value_keeps_its_reason(tmp_path: Path) -> None:
    [told] = write_study(tmp_path, 1)
    told["scores"] = [{"kind": "test", "score": "irs", "value": None, "reason": "every code is constant"}]
    write_result(tmp_path, told)
    with results(tmp_path) as base:
        assert base.sql("SELECT value, reason FROM scores").fetchall() == [(None, "every code is constant")]


def test_compacting_changes_no_result(tmp_path: Path) -> None:
    told = write_study(tmp_path, 12)
    for each in told:
        for name in ("config.json", "metrics.jsonl", "model.safetensors"):
            (tmp_path / "runs" / each["id"] / name).write_text("{}")
        judged(tmp_path, each)
    before, answered = contents(tmp_path), known(tmp_path)
    assert compact(tmp_path) == 12
    assert contents(tmp_path) == before
    assert known(tmp_path) == answered == {each["id"]: each["asked"] for each in told}
    left = {path.name for path in (tmp_path / "runs").glob("*/*")}
    assert left == {"config.json", "metrics.jsonl", "model.safetensors"}
    for each in told:
        assert judgements(tmp_path, each["id"])["disentanglement"]["tables"] == {"of": each["id"]}


def test_compacting_again_changes_nothing_and_adds_what_is_new(tmp_path: Path) -> None:
    told = write_study(tmp_path, 12)
    for each in told[6:]:
        (tmp_path / "runs" / each["id"] / "result.json").unlink()
    assert (compact(tmp_path), compact(tmp_path)) == (6, 0)
    for each in told[6:]:
        write_result(tmp_path, each)
    assert compact(tmp_path) == 6
    assert known(tmp_path) == {each["id"]: each["asked"] for each in told}
    assert len(contents(tmp_path)[1]) == sum(len(each["scores"]) for each in told)


def test_a_newer_file_counts_before_what_was_compacted(tmp_path: Path) -> None:
    first, second = write_study(tmp_path, 2)
    judged(tmp_path, first)
    compact(tmp_path)
    newer = first | {"asked": {"judging": "another"}, "scores": [{"kind": "test", "score": "udr", "value": 0.25}]}
    write_result(tmp_path, newer)
    judged(tmp_path, first | {"id": first["id"]}).write_text('{"scores": {}}')
    for _ in range(2):  # as a file, and compacted in its turn
        assert known(tmp_path) == {first["id"]: newer["asked"], second["id"]: second["asked"]}
        with results(tmp_path) as base:
            found = base.execute("SELECT score, value FROM scores WHERE id = ?", [first["id"]]).fetchall()
            assert found == [("udr", 0.25)]
            assert base.sql("SELECT count(*) FROM runs").fetchall() == [(2,)]
        compact(tmp_path)
    assert judgements(tmp_path, first["id"]) == {"disentanglement": {"scores": {}}}


@pytest.mark.parametrize("moment", range(10))
def test_whenever_compacting_is_killed_no_result_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    told = write_study(tmp_path, 3)
    compact(tmp_path)
    told[0]["asked"] = {"judging": "another"}
    told[0]["scores"] = told[0]["scores"][:3]
    for each in told[:2]:
        write_result(tmp_path, each)
        judged(tmp_path, each)
    before, answered = contents(tmp_path), known(tmp_path)
    steps = iter(range(100))

    def dying(function):
        def step(*values: object, **options: object) -> object:
            if next(steps) >= moment:
                raise KeyboardInterrupt
            return function(*values, **options)

        return step

    with monkeypatch.context() as patch:  # each step that changes what others see
        patch.setattr(Path, "replace", dying(Path.replace))
        patch.setattr(Path, "unlink", dying(Path.unlink))
        patch.setattr(Path, "rmdir", dying(Path.rmdir))
        try:
            compact(tmp_path)
        except KeyboardInterrupt:
            pass
        else:
            assert moment == 9, "there are 3 tables, 4 files and 2 folders"
    assert (contents(tmp_path), known(tmp_path)) == (before, answered)
    compact(tmp_path)
    assert (contents(tmp_path), known(tmp_path)) == (before, answered)
    assert not list((tmp_path / "runs").glob("*/result.json"))
    assert set(judgements(tmp_path, told[0]["id"])) == {"disentanglement"}


def test_a_result_that_comes_while_compacting_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [told] = write_study(tmp_path, 1)
    newer = told | {"asked": {"judging": "another"}}
    tables = module._tables

    def meanwhile(*values: object) -> duckdb.DuckDBPyConnection:
        base = tables(*values)  # type: ignore[arg-type]
        path = tmp_path / "runs" / told["id"] / "result.json"
        path.with_suffix(".tmp").write_text(json.dumps(newer))
        os.replace(path.with_suffix(".tmp"), path)
        return base

    monkeypatch.setattr(module, "_tables", meanwhile)
    compact(tmp_path)
    assert known(tmp_path) == {told["id"]: newer["asked"]}


@pytest.mark.parametrize("harm", ["", "{", '{"id": "a"}', "[]", "\0\xff", "whole but of another run"])
def test_a_damaged_result_is_none(tmp_path: Path, harm: str) -> None:
    whole, other = write_study(tmp_path, 2)
    path = tmp_path / "runs" / other["id"] / "result.json"
    path.write_bytes(json.dumps(whole).encode() if harm.startswith("whole") else harm.encode("latin-1"))
    assert list(known(tmp_path)) == [whole["id"]]
    assert [line[0] for line in contents(tmp_path)[0]] == [whole["id"]]
    assert compact(tmp_path) == 1
    assert path.exists()


def test_damaged_scores_are_left_where_they_are(tmp_path: Path) -> None:
    [told] = write_study(tmp_path, 1)
    path = judged(tmp_path, told)
    path.write_text("{")
    compact(tmp_path)
    assert path.exists()
    assert judgements(tmp_path, told["id"]) == {}


@pytest.mark.parametrize("table", [RUNS, SCORES])
def test_a_damaged_table_is_named(tmp_path: Path, table: str) -> None:
    write_study(tmp_path, 1)
    compact(tmp_path)
    (tmp_path / table).write_bytes(b"PAR1 torn")
    with pytest.raises(MetapriorError, match=f"{table} cannot be read"):
        results(tmp_path)


def test_an_empty_study_has_empty_tables_and_another_folder_has_none(tmp_path: Path) -> None:
    assert known(tmp_path) == {}
    with pytest.raises(MetapriorError, match="holds no study"):
        results(tmp_path)
    (tmp_path / "runs").mkdir()
    assert contents(tmp_path) == ([], [])
    assert compact(tmp_path) == 0
    assert not (tmp_path / JUDGEMENTS).exists()


def test_a_folder_is_compacted_by_one_process_at_a_time(tmp_path: Path) -> None:
    from metaprior.training import Run

    write_study(tmp_path, 1)
    with Run(tmp_path).alone(), pytest.raises(MetapriorError, match="another process is compacting"):
        compact(tmp_path)
