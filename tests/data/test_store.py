"""Files are whole or not there; data are found, and are what they should be."""

import dataclasses
import hashlib
import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch

from metaprior.core import MetapriorError
from metaprior.data import DSpritesOptions, Held, World, dsprites_world, load, render_to_disk, rendered, rendered_path
from metaprior.data.store import find, home, verify


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("METAPRIOR_DATA", str(tmp_path / "home"))
    return tmp_path / "home"


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """No file may grow beyond ``room`` bytes: a write fails as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def small_world() -> World:
    return dsprites_world(DSpritesOptions(size=16, scale=2, orientation=2, position_x=4, position_y=4))


def test_a_rendered_world_is_the_same_world(own_home: Path) -> None:
    world = small_world()
    held = rendered(world)
    index = torch.arange(len(world))
    assert isinstance(held.renderer, Held)
    assert torch.equal(held.gather(index).images, world.gather(index).images)
    assert held.digest == world.digest
    assert np.load(render_to_disk(world)).shape == (len(world), 1, 16, 16)
    assert [file.name for file in (own_home / "rendered").iterdir()] == [rendered_path(world).name]


def test_load_takes_the_rendered_file_if_it_is_there() -> None:
    text = "dsprites:size=16,scale=1,orientation=2,position_x=4,position_y=4"
    assert not isinstance(load(text).renderer, Held)  # pyright: ignore[reportAttributeAccessIssue]
    rendered(load(text))  # pyright: ignore[reportArgumentType]
    assert isinstance(load(text).renderer, Held)  # pyright: ignore[reportAttributeAccessIssue]


def test_a_full_disk_leaves_nothing_behind(own_home: Path) -> None:
    with full_disk(20_000), pytest.raises(MetapriorError, match=r"cannot write .*nothing was left behind"):
        rendered(small_world())
    assert list((own_home / "rendered").iterdir()) == []


def test_a_rendered_world_keeps_what_is_hidden() -> None:
    world = dataclasses.replace(
        small_world(), factor_names=("shape", "scale"), factor_sizes=(3, 2), factor_values=(), hidden_sizes=(2, 4, 4)
    )
    held, index = rendered(world), torch.arange(len(world))
    assert torch.equal(held.gather(index).images, world.gather(index).images)
    assert held.digest == world.digest


def test_what_does_not_fit_on_the_disk_is_not_begun(own_home: Path) -> None:
    world = dataclasses.replace(small_world(), hidden_sizes=(2**40,), renderer=Plain())
    with pytest.raises(MetapriorError, match=r"\(1,099,511,627,776 a combination\) take 54,\d+,\d+ GB"):
        render_to_disk(world)
    assert not (own_home / "rendered").exists()


class Plain:
    def __call__(self, factors: torch.Tensor) -> torch.Tensor:
        return torch.zeros(len(factors), 1, 16, 16, dtype=torch.uint8)

    def to(self, device: torch.device | str) -> "Plain":
        return self


def test_a_damaged_rendering_is_named() -> None:
    path = rendered_path(small_world())
    path.parent.mkdir(parents=True)
    for content in (b"\x93NUMPY damaged", b""):
        path.write_bytes(content)
        with pytest.raises(MetapriorError, match="delete it and render again"):
            rendered(small_world())
    np.save(path, np.zeros((3, 1, 16, 16), dtype=np.uint8))
    with pytest.raises(MetapriorError, match="other pictures"):
        rendered(small_world())


def test_only_worlds_are_rendered() -> None:
    for made in (load("digits"), small_world().cached()):
        with pytest.raises(MetapriorError, match="only a world"):
            render_to_disk(made)


def test_a_hash_is_computed_once_for_an_unchanged_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "data"
    file.write_bytes(b"content")
    verify(file, hashlib.sha256(b"content").hexdigest())
    assert list(json.loads((home() / "verified.json").read_text())) == [str(file)]
    with monkeypatch.context() as patch:
        patch.setattr(hashlib, "file_digest", lambda *_: pytest.fail("read again"))
        verify(file, hashlib.sha256(b"content").hexdigest())
    file.write_bytes(b"changed!")
    with pytest.raises(MetapriorError, match="damaged or another version"):
        verify(file, hashlib.sha256(b"content").hexdigest())


def test_home_comes_first(own_home: Path) -> None:
    assert find("no such file") is None
    own_home.mkdir()
    (own_home / "mnist.parquet").write_bytes(b"")
    assert find("mnist.parquet") == own_home / "mnist.parquet"
