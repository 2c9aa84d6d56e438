"""The published layout of 3D Shapes, in a file that is small."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

from metaprior.core import MetapriorError
from metaprior.data import OfficialOptions, World, load
from metaprior.data.shapes3d_official import FACTORS, read_shapes3d

HUES = np.arange(10) / 10
VALUES = (HUES[:3], HUES[:2], HUES[:2], np.linspace(0.75, 1.25, 8)[:3], np.arange(4.0), np.linspace(-30, 30, 15)[:2])
SIZES = (3, 2, 2, 3, 4, 2)


def arrays() -> dict[str, Any]:
    """Pictures whose first pixel is their number, and the values of their factors, the last one fastest."""
    labels = np.stack([column.ravel() for column in np.meshgrid(*VALUES, indexing="ij")], axis=1)
    images = np.random.default_rng(0).integers(0, 256, (len(labels), 64, 64, 3), dtype=np.uint8)
    images[:, 0, 0, 0] = np.arange(len(labels)) % 256
    images[:, 0, 0, 1] = np.arange(len(labels)) // 256
    return {"images": images, "labels": labels}


def write(path: Path, content: dict[str, Any], **how: Any) -> Path:
    with h5py.File(path, "w") as file:
        for name, array in content.items():
            file.create_dataset(name, data=array, **(how if name == "images" else {}))
    return path


@pytest.mark.parametrize("how", [{}, {"chunks": (7, 32, 16, 3), "compression": "gzip"}], ids=["plain", "in chunks"])
def test_pictures_and_the_values_of_their_factors(tmp_path: Path, how: dict[str, Any]) -> None:
    content = arrays()
    world = read_shapes3d(write(tmp_path / "3dshapes.h5", content, **how))
    assert world.factor_names == FACTORS
    assert world.factor_sizes == SIZES
    assert world.factor_values[3] == ("0.75", "0.821", "0.893")
    assert world.factor_values[5] == ("-30", "-25.7")
    assert world.image_shape == (3, 64, 64)
    held = world.renderer(world.factors_of(torch.arange(len(world))))
    assert torch.equal(held, torch.from_numpy(content["images"]).permute(0, 3, 1, 2))
    assert "a part of 3D Shapes: 288 of its 480,000" in world.caveat


def test_rows_of_another_order_are_put_in_order(tmp_path: Path) -> None:
    content = arrays()
    order = np.random.default_rng(1).permutation(len(content["labels"]))
    shuffled = {name: array[order] for name, array in content.items()}
    world = read_shapes3d(write(tmp_path / "s.h5", shuffled, chunks=(5, 64, 64, 3)))
    assert world.digest == read_shapes3d(write(tmp_path / "3dshapes.h5", content)).digest


def test_smaller_pictures_are_averages(tmp_path: Path) -> None:
    content = arrays()
    world = read_shapes3d(write(tmp_path / "3dshapes.h5", content), OfficialOptions(size=32))
    averages = content["images"][5].reshape(32, 2, 32, 2, 3).mean((1, 3)).round()
    picture = world.renderer(world.factors_of(torch.tensor([5])))[0]
    assert np.array_equal(picture.permute(1, 2, 0).numpy(), averages)


def test_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METAPRIOR_DATA", str(tmp_path))
    with pytest.raises(MetapriorError, match=r"'shapes3d' is not on this machine; put 3dshapes\.h5 under"):
        load("shapes3d")
    write(tmp_path / "3dshapes.h5", arrays())
    assert isinstance(load("shapes3d:size=16"), World)
    with pytest.raises(MetapriorError, match="no split 'test'"):
        load("shapes3d", "test")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda c: c.pop("labels"), "not laid out as it is published"),
        (lambda c: c.update(images=c["images"][:, :32]), "not an array of uint8, N×64×64×3"),
        (lambda c: c.update(images=c["images"].astype(np.float32)), "not an array of uint8"),
        (lambda c: c.update(labels=c["labels"][:, 1:]), "labels is not an array of 288×6"),
        (lambda c: c.update({name: rows[:-1] for name, rows in c.items()}), "each combination of its factors once"),
        (lambda c: c.update({name: rows[:0] for name, rows in c.items()}), "holds no pictures; fetch it again"),
    ],
)
def test_a_wrong_layout_is_one_line(tmp_path: Path, spoil: Any, message: str) -> None:
    content = arrays()
    spoil(content)
    with pytest.raises(MetapriorError, match=message) as error:
        read_shapes3d(write(tmp_path / "3dshapes.h5", content))
    assert len(str(error.value).splitlines()) == 1


def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    path = write(tmp_path / "3dshapes.h5", arrays(), chunks=(16, 64, 64, 3), compression="gzip")
    whole = path.read_bytes()
    middle = len(whole) // 2
    spoilt = whole[:middle] + bytes(40_000) + whole[middle + 40_000 :]
    for content in (whole[:middle], b"", b"<html>Not found</html>", spoilt):
        path.write_bytes(content)
        with pytest.raises(MetapriorError, match="damaged") as error:
            read_shapes3d(path)
        assert len(str(error.value).splitlines()) == 1


def test_a_complete_file_is_checked_against_the_published_hash(tmp_path: Path) -> None:
    """As many pictures as published, none of them written: HDF5 gives zeros, and the hash is another."""
    path = tmp_path / "3dshapes.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("images", (480_000, 64, 64, 3), np.uint8, chunks=(1000, 64, 64, 3))
        file.create_dataset("labels", (480_000, 6), np.float64, chunks=(1000, 6))
    with pytest.raises(MetapriorError, match=r"damaged or another version \(SHA-256 .* in place of 0a0f6ed98baf"):
        read_shapes3d(path)
