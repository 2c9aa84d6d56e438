"""One string names data everywhere."""

import dataclasses
from pathlib import Path

import pytest

from metaprior.core import MetapriorError
from metaprior.data import CATALOGUE, World, available, describe, load, load_pictures, same_data
from metaprior.data.options import parse, split_name


@dataclasses.dataclass(frozen=True)
class Choices:
    size: int = 8
    rate: float | None = 0.5
    fast: bool = False
    path: Path = Path()


def test_options_are_typed() -> None:
    name, given = split_name(" x: size=16, rate=none ,fast=True,path=/a/b:c=d ")
    assert name == "x"
    assert parse(Choices, given, name) == Choices(16, None, True, Path("/a/b:c=d"))
    assert parse(Choices, {}, "x") == Choices()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dsprite", "unknown data set 'dsprite'; did you mean 'dsprites'"),
        ("dsprites:sise=16", "unknown option of dsprites 'sise'; did you mean 'size'"),
        ("dsprites:size=big", "dsprites:size is a whole number, not 'big'"),
        ("dsprites:size", "cannot read 'size'"),
        ("dsprites:size=16,size=32", "'size' is given twice"),
        ("", "unknown data set ''"),
        ("tinyshakespeare:size=3", "tinyshakespeare has no options"),
        ("mnist:size=0", "at least 1 pixel"),
        ("mnist:channels=2", "channels is 1 .grey. or 3"),
    ],
)
def test_what_people_mistype(text: str, message: str) -> None:
    with pytest.raises(MetapriorError, match=message):
        load(text)


def test_a_path_is_the_same_however_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fac").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "fac")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for path in (tmp_path / "fac", "./fac", "fac/../fac", "~/fac", "link"):
        assert same_data("folder:path=fac,size=8", f"folder:size=8,path={path}")
    assert not same_data("folder:path=fac", "folder:path=other")
    assert same_data("scream-dsprites:picture=a.jpg", f"scream-dsprites:picture={tmp_path}/a.jpg")


def test_a_world_has_no_test_split() -> None:
    assert isinstance(load("dsprites:size=16,orientation=2"), World)
    with pytest.raises(MetapriorError, match="no split 'test'"):
        load("dsprites:size=16,orientation=2", "test")


def test_rows_have_stable_names() -> None:
    rows = available()
    assert [row["name"] for row in rows] == list(CATALOGUE)
    assert {tuple(row) for row in rows} == {("name", "summary", "present", "path", "licence", "bytes", "fetch")}


def test_what_is_not_there_says_what_to_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METAPRIOR_DATA", str(tmp_path))
    row = describe("dsprites-official")
    assert not row["present"]
    assert row["path"] is None
    assert "github.com/deepmind/dsprites-dataset" in row["fetch"]
    (tmp_path / "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.hdf5").touch()
    assert describe("dsprites-official")["present"]


def test_types_of_options_are_short() -> None:
    types = {option["name"]: option["type"] for option in describe("scream-dsprites")["options"]}
    assert (types["size"], types["official"], types["picture"]) == ("int", "bool", "Path | None")


def test_every_set_describes_itself() -> None:
    for name in CATALOGUE:
        row = describe(name)
        assert row["summary"]
        assert row["licence"]
        assert all(option["name"] and option["type"] for option in row["options"])
    with pytest.raises(MetapriorError, match="unknown data set"):
        describe("nothing")


def test_a_world_or_a_text_is_no_list_of_pictures() -> None:
    with pytest.raises(MetapriorError, match="no list of pictures"):
        load_pictures("dsprites:size=16,orientation=2")
