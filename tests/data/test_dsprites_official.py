"""The published files' layout, in files that are small."""

import tracemalloc
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

from metaprior.core import MetapriorError
from metaprior.data import DSpritesOptions, OfficialOptions, World, dsprites_world, load, official, read_dsprites

SMALL = dsprites_world(DSpritesOptions(scale=2, orientation=2, position_x=2, position_y=3))
NPZ = "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz"


def arrays(world: World = SMALL) -> dict[str, Any]:
    """What a file of the published layout holds: imgs of 0 and 1, six latents, the first of them the one colour."""
    index = torch.arange(len(world))
    factors = world.factors_of(index).numpy()
    classes = np.concatenate([np.zeros((len(world), 1), dtype=np.int64), factors], axis=1)
    return {
        "imgs": (world.render(torch.from_numpy(factors))[:, 0].numpy() // 255).astype(np.uint8),
        "latents_values": classes.astype(np.float64),
        "latents_classes": classes,
    }


def write_npz(path: Path, content: dict[str, Any]) -> Path:
    np.savez_compressed(path, metadata=np.array({"date": "April 2017"}, dtype=object), **content)
    return path


def write_hdf5(path: Path, content: dict[str, Any], **how: Any) -> Path:
    with h5py.File(path, "w") as file:
        file.create_dataset("imgs", data=content["imgs"], **how)
        file["latents/values"] = content["latents_values"]
        file["latents/classes"] = content["latents_classes"]
    return path


@pytest.mark.parametrize(("write", "file"), [(write_npz, "d.npz"), (write_hdf5, "d.hdf5")])
def test_both_layouts(tmp_path: Path, write: Any, file: str) -> None:
    world = read_dsprites(write(tmp_path / file, arrays()))
    index = torch.arange(len(SMALL))
    assert world.factor_sizes == SMALL.factor_sizes == (3, 2, 2, 2, 3)
    assert world.factor_names == ("shape", "scale", "orientation", "position_x", "position_y")
    assert torch.equal(world.gather(index).images, SMALL.gather(index).images)


def test_shrunk_as_the_rendered_world_is(tmp_path: Path) -> None:
    world = read_dsprites(write_npz(tmp_path / "d.npz", arrays()), OfficialOptions(size=16))
    options = DSpritesOptions(size=16, scale=2, orientation=2, position_x=2, position_y=3)
    assert world.image_shape == (1, 16, 16)
    assert world.digest == dsprites_world(options).digest


def write_stored(path: Path, content: dict[str, Any]) -> Path:
    np.savez(path, **content)
    return path


def write_packed_hdf5(path: Path, content: dict[str, Any]) -> Path:
    """Chunks of many pictures and few pixels, as h5py cuts them unless told otherwise, no multiple of a block."""
    return write_hdf5(path, content, chunks=(1500, 16, 16), compression="gzip")


EVERY = [(write_npz, "d.npz"), (write_stored, "d.npz"), (write_hdf5, "d.hdf5"), (write_packed_hdf5, "d.hdf5")]


@pytest.mark.parametrize(("write", "file"), EVERY)
def test_pictures_of_several_blocks(tmp_path: Path, write: Any, file: str) -> None:
    rendered = dsprites_world(DSpritesOptions(scale=2, orientation=2, position_x=16, position_y=16))
    world = read_dsprites(write(tmp_path / file, arrays(rendered)))
    every = world.factors_of(torch.arange(len(rendered)))
    assert len(world) == 3072
    assert torch.equal(world.render(every), rendered.render(every))


@pytest.mark.parametrize(("write", "file"), EVERY)
def test_the_raw_array_is_never_whole_in_memory(tmp_path: Path, write: Any, file: str) -> None:
    """Of 101 MB of raw pictures, a few blocks of 4 MB are there at a time; what is kept is torch's and not traced."""
    factors = np.stack(np.meshgrid(*map(np.arange, (1, 3, 2, 4, 32, 32)), indexing="ij"), axis=-1).reshape(-1, 6)
    content = {"imgs": np.zeros((len(factors), 64, 64), dtype=np.uint8), "latents_classes": factors}
    path = write(tmp_path / file, content | {"latents_values": factors.astype(np.float64)})
    del content
    tracemalloc.start()
    try:
        read_dsprites(path, OfficialOptions(size=16))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 30e6


@pytest.mark.parametrize(("write", "file"), EVERY[:-1])
def test_what_does_not_fit_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Any, file: str) -> None:
    path = write(tmp_path / file, arrays())
    monkeypatch.setattr(official, "memory", lambda: 100_000.0)
    with pytest.raises(
        MetapriorError, match=r"'dsprites-official' takes .* at 64 pixels.* take 'dsprites-official:size=32'"
    ):
        read_dsprites(path)
    assert read_dsprites(path, OfficialOptions(size=32)).image_shape == (1, 32, 32)


def test_a_stored_archive_with_a_wrong_bit_is_damaged(tmp_path: Path) -> None:
    path = write_stored(tmp_path / "d.npz", arrays())
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    with pytest.raises(MetapriorError, match="damaged"):
        read_dsprites(path)


def test_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METAPRIOR_DATA", str(tmp_path))
    with pytest.raises(MetapriorError, match=f"'dsprites-official' is not on this machine; put {NPZ} or .* under"):
        load("dsprites-official")
    write_npz(tmp_path / NPZ, arrays())
    assert len(load("dsprites-official")) == len(SMALL)
    assert "a part of dSprites" in load("dsprites-official").caveat


def swap_columns(content: dict[str, Any]) -> None:
    content["latents_classes"] = content["latents_classes"][:, [0, 2, 1, 3, 4, 5]]


def cut(content: dict[str, Any]) -> None:
    content.update({name: rows[:-1] for name, rows in content.items()})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda c: c.pop("imgs"), "not laid out as it is published"),
        (lambda c: c.update(imgs=c["imgs"][:, :32]), "not uint8 N×64×64"),
        (lambda c: c.update(imgs=c["imgs"] * 255), "values up to 255"),
        (lambda c: c.update(latents_classes=c["latents_values"]), "not N×6 whole numbers"),
        (lambda c: c.update(latents_classes=c["latents_classes"][:, 1:]), "not N×6 whole numbers"),
        (swap_columns, "once and in order"),
        (cut, "once and in order"),
    ],
)
def test_a_wrong_layout_is_one_line(tmp_path: Path, spoil: Any, message: str) -> None:
    content = arrays()
    spoil(content)
    with pytest.raises(MetapriorError, match=message) as error:
        read_dsprites(write_npz(tmp_path / "d.npz", content))
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(("write", "file"), [(write_npz, "d.npz"), (write_hdf5, "d.hdf5")])
def test_a_damaged_file_is_one_line(tmp_path: Path, write: Any, file: str) -> None:
    path = write(tmp_path / file, arrays())
    whole = path.read_bytes()
    spoilt = whole[:400] + bytes(200) + whole[600:]
    for content in (
        whole[: len(whole) // 2],
        b"",
        b"<html>Not found</html>",
        spoilt if file == "d.npz" else b"\x89HDF",
    ):
        path.write_bytes(content)
        with pytest.raises(MetapriorError, match="damaged") as error:
            read_dsprites(path)
        assert len(str(error.value).splitlines()) == 1
