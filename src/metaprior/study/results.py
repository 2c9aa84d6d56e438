"""The results of a study as tables, from the small files of its runs and from what was compacted of them.

Compacting gathers the files into three tables beside ``runs``, so that a study of 50,000 models is not half a million
files. A result that is in a file counts before a compacted one: it is the newer, since compacting removes what it has
gathered. Tables are written whole before any file is removed, and readers look at files before tables, so whoever is
killed or reads at any moment loses nothing.
"""

import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import msgspec

from metaprior.core import MetapriorError
from metaprior.files import whole
from metaprior.study.task import RESULT
from metaprior.training import Occupied, Run

RUNS, SCORES, JUDGEMENTS = "results.parquet", "scores.parquet", "judgements.parquet"
"""One line a run; one line a score; the content of each file in ``scores/``, which holds matrices and ceilings too."""

State: TypeAlias = tuple[int, int, int]

_RESULT_TYPES = {
    "id": "VARCHAR",
    "experiment": "STRUCT(recipe VARCHAR, method JSON, data VARCHAR, labels BIGINT, label_seed BIGINT, "
    "labeller VARCHAR, label_share DOUBLE, loop STRUCT(steps BIGINT, seed BIGINT))",
    "seconds": "STRUCT(training DOUBLE, judging DOUBLE)",
    "scores": "STRUCT(kind VARCHAR, score VARCHAR, value DOUBLE, representation VARCHAR, labels BIGINT, "
    "labeller VARCHAR, label_seed BIGINT, reason VARCHAR)[]",
    "asked": "JSON",
}
_RUNS_OF_FILES = """
    SELECT id, told.recipe, told.data, told.labels,
        CASE WHEN told.labels IS NOT NULL THEN told.label_seed END AS label_seed,
        CASE WHEN told.labels IS NOT NULL THEN told.labeller END AS labeller,
        CASE WHEN told.labels IS NOT NULL THEN told.label_share END AS label_share,
        told.loop.seed, told.loop.steps, told.method::VARCHAR AS method,
        seconds.training AS seconds_training, seconds.judging AS seconds_judging, asked::VARCHAR AS asked
    FROM (SELECT *, experiment AS told FROM files)
"""
_SCORES_OF_FILES = """
    SELECT id, told.kind, told.score, told.value, told.representation, told.labels, told.labeller, told.label_seed,
        told.reason
    FROM (SELECT id, unnest(scores) AS told FROM files)
"""


class _Row(msgspec.Struct):
    kind: str
    score: str
    value: float | None


class _Loop(msgspec.Struct):
    steps: int
    seed: int


class _Experiment(msgspec.Struct):
    recipe: str
    method: dict[str, Any]
    data: str
    labels: int | None
    loop: _Loop


class _Answer(msgspec.Struct):
    """What must be in a file that counts as a result, and the question it answers."""

    id: str
    asked: dict[str, Any]


class _Result(_Answer):
    experiment: _Experiment
    seconds: dict[str, float]
    scores: list[_Row]


@dataclass(frozen=True)
class _File:
    """A small file of a run as it was read."""

    run: str
    path: Path
    content: bytes
    state: State

    def remove(self) -> None:
        """Remove it, unless a newer one has taken its place."""
        if self.path.exists() and _state(self.path) == self.state:
            self.path.unlink()


def is_study(folder: Path) -> bool:
    """Whether a folder is one of a study, by what it holds."""
    return (folder / RUNS).is_file() or ((folder / "runs").is_dir() and not (folder / "config.json").exists())


def results(folder: str | Path) -> duckdb.DuckDBPyConnection:
    """A study's results as a database in memory, with two tables.

    ``runs``, one line each: id, recipe, data, labels, label_seed, labeller, label_share (the last three empty where the
    run has no labels), seed, steps, method (its choices, as JSON), seconds_training, seconds_judging, asked (the
    question that the scores answer, as JSON).

    ``scores``, one line each: id, kind (test, criterion or validation), score, value (empty where there is none),
    representation (of a test score), labels, labeller, label_seed (of a validation score), reason (for no value).

    >>> results("studies/few-labels").sql("SELECT recipe, count(*) FROM runs GROUP BY recipe")  # doctest: +SKIP
    """
    folder = Path(folder)
    if not is_study(folder):
        raise MetapriorError(f"{folder} holds no study: there is no folder 'runs' in it")
    return _tables(folder, list(_whole_results(folder)))


def known(folder: str | Path) -> dict[str, Any]:
    """The runs of a study that are finished, by their ids, each with the question that its result answers."""
    folder = Path(folder)
    read = msgspec.json.Decoder(_Answer).decode
    in_files = {file.run: read(file.content).asked for file in _whole_results(folder)}
    parse = cache(json.loads)  # thousands of runs answer the same few questions
    lines = _compacted(folder / RUNS, "SELECT id, asked FROM read_parquet(?)")
    return {run: parse(asked) for run, asked in lines} | in_files


def judgements(folder: str | Path, run: str) -> dict[str, dict[str, Any]]:
    """What was compacted of a run's files in ``scores/``, by protocol."""
    table = Path(folder) / JUDGEMENTS
    lines = _compacted(table, "SELECT protocol, content FROM read_parquet(?) WHERE id = ? ORDER BY protocol", run)
    return {protocol: json.loads(content) for protocol, content in lines}


def compact(folder: str | Path) -> int:
    """Gather the small files of finished runs into tables and remove them; of how many runs.

    Of each run ``result.json`` and ``scores/`` go. The config and the weights stay, so that the model can be loaded; so
    does ``metrics.jsonl``, whose last line says that the training is done where another question is asked of it.
    """
    folder = Path(folder)
    if not is_study(folder):
        raise MetapriorError(f"{folder} holds no study: there is no folder 'runs' in it")
    try:
        with Run(folder).alone():
            return _compact(folder)
    except Occupied:
        raise MetapriorError(f"another process is compacting {folder}; wait for it") from None


def _compact(folder: Path) -> int:
    found = list(_whole_results(folder))
    if not found:
        return 0
    judged = [file for each in found for file in _judgement_files(each.path.parent)]
    with _tables(folder, found) as base:
        _load_judgements(base, folder, judged)
        for table, name in (("judgements", JUDGEMENTS), ("scores", SCORES), ("runs", RUNS)):
            with whole(folder / name) as temporary:
                base.execute(f"COPY {table} TO {_quoted(temporary)} (FORMAT parquet, COMPRESSION zstd)")
    for file in judged:
        file.remove()
    for result in found:  # last: what is left of a run whose result is gone would never be visited again
        if (scores := result.path.parent / "scores").is_dir() and not any(scores.iterdir()):
            scores.rmdir()
        result.remove()
    return len(found)


def _tables(folder: Path, found: Iterable[_File]) -> duckdb.DuckDBPyConnection:
    base = duckdb.connect()
    _load_lines(base, "files", _RESULT_TYPES, (file.content.replace(b"\n", b" ") for file in found))
    for table, file, of_files in (("runs", RUNS, _RUNS_OF_FILES), ("scores", SCORES, _SCORES_OF_FILES)):
        base.execute(f"CREATE TABLE {table} AS {of_files}")
        _add(base, table, folder / file, "id NOT IN (SELECT id FROM files)")
    base.execute("DELETE FROM scores WHERE id NOT IN (SELECT id FROM runs)")  # of a compacting that was cut short
    base.execute("DROP TABLE files")
    return base


def _load_judgements(base: duckdb.DuckDBPyConnection, folder: Path, judged: list[_File]) -> None:
    types = {"id": "VARCHAR", "protocol": "VARCHAR", "content": "VARCHAR"}
    lines = (
        msgspec.json.encode({"id": file.run, "protocol": file.path.stem, "content": file.content.decode()})
        for file in judged
    )
    _load_lines(base, "judgements", types, lines)
    _add(base, "judgements", folder / JUDGEMENTS, "(id, protocol) NOT IN (SELECT id, protocol FROM judgements)")


def _load_lines(base: duckdb.DuckDBPyConnection, table: str, types: dict[str, str], lines: Iterable[bytes]) -> None:
    """A table of JSON objects; from one file, which is far faster than row by row."""
    with tempfile.TemporaryDirectory() as scratch:
        joined = Path(scratch) / "lines.json"
        with joined.open("wb") as file:
            for line in lines:
                file.write(line + b"\n")
        columns = ", ".join(f"{name}: {_quoted(kind)}" for name, kind in types.items())
        source = f"read_json({_quoted(joined)}, format = 'newline_delimited', columns = {{{columns}}})"
        base.execute(f"CREATE TABLE {table} AS SELECT * FROM {source}")


def _add(base: duckdb.DuckDBPyConnection, table: str, file: Path, where: str) -> None:
    if file.exists():
        try:
            base.execute(f"INSERT INTO {table} SELECT * FROM read_parquet(?) WHERE {where}", [str(file)])
        except duckdb.Error as fault:
            raise _damaged(file, fault) from None


def _compacted(table: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    if not table.exists():
        return []
    try:
        with duckdb.connect() as base:
            return base.execute(query, [str(table), *values]).fetchall()
    except duckdb.Error as fault:
        raise _damaged(table, fault) from None


def _damaged(file: Path, fault: duckdb.Error) -> MetapriorError:
    told = str(fault).splitlines()[0]
    return MetapriorError(
        f"{file} cannot be read ({told}); put back a copy, or remove it: its runs are judged again, their weights stay"
    )


def _whole_results(folder: Path) -> Iterator[_File]:
    """The results in files, in the order of their ids; half a file is none."""
    read = msgspec.json.Decoder(_Result).decode
    try:
        names = sorted(os.listdir(folder / "runs"))
    except OSError:
        return
    for name in names:
        file = _read(name, folder / "runs" / name / RESULT)
        try:
            if file and read(file.content).id == name:
                yield file
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue


def _judgement_files(run: Path) -> Iterator[_File]:
    for path in sorted((run / "scores").glob("*.json")):
        file = _read(run.name, path)
        try:
            if file and isinstance(msgspec.json.decode(file.content), dict):
                yield file
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue


def _read(run: str, path: Path) -> _File | None:
    try:
        state = _state(path)  # before the content: a file that is replaced in between is not removed
        return _File(run, path, path.read_bytes(), state)
    except OSError:
        return None


def _state(path: Path) -> State:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _quoted(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"
