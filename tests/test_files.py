"""A file is whole or not there, whatever befalls its writer."""

import os
import platform
from pathlib import Path

import pytest

from metaprior.core import MetapriorError
from metaprior.files import whole


def write_half(path: Path, trouble: BaseException) -> None:
    with whole(path) as temporary:
        temporary.write_bytes(b"half")
        raise trouble


def test_an_interrupted_writer_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        write_half(tmp_path / "x", KeyboardInterrupt())
    assert not list(tmp_path.iterdir())


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"old")
    with pytest.raises(RuntimeError):
        write_half(tmp_path / "x", RuntimeError())
    assert (tmp_path / "x").read_bytes() == b"old"
    with whole(tmp_path / "x") as temporary:
        temporary.write_bytes(b"new")
    assert (tmp_path / "x").read_bytes() == b"new"


def test_a_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    for name in ("first", "second"):
        with whole(tmp_path / "folder") as temporary:
            temporary.mkdir()
            (temporary / name).touch()
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["second"]


def test_the_rest_of_a_killed_writer_is_swept_and_that_of_a_living_one_is_not(tmp_path: Path) -> None:
    dead, living, elsewhere = (
        tmp_path / f".x.{machine}.{process}.tmp"
        for machine, process in ((platform.node(), 4194999), (platform.node(), os.getppid()), ("other", 4194999))
    )  # the first number is above the greatest process number
    for left in (dead, living, elsewhere):
        left.write_bytes(b"half")
    with whole(tmp_path / "x") as temporary:
        temporary.write_bytes(b"whole")
    assert {path.name for path in tmp_path.iterdir()} == {"x", living.name, elsewhere.name}


def test_a_folder_that_cannot_be_written() -> None:
    with pytest.raises(MetapriorError, match="cannot write /dev/null/x"), whole(Path("/dev/null/x")):
        pass


def test_a_pipe_is_refused_and_a_link_is_followed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(MetapriorError, match="neither a file nor a folder"), whole(tmp_path / "pipe"):
        pass
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with whole(tmp_path / "link") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "new"
