"""The published layout of MPI3D: an archive with one array, whose length tells which release it is."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from metaprior.core import MetapriorError
from metaprior.data import OfficialOptions, load, official
from metaprior.data.mpi3d import COMPLEX, CURRENT, FIRST, REAL, REALISTIC, TOY, read_mpi3d

AXES = (("0",), ("0", "1"))
NEW, OLD = (*CURRENT[:5], *AXES), (*FIRST[:5], *AXES)
SMALL = replace(TOY, releases=(NEW, OLD))
"""The toy set with 1 and 2 places of the arm in place of 40 and 40."""


def images(release: tuple[tuple[str, ...], ...]) -> np.ndarray:
    count = int(np.prod([len(values) for values in release]))
    return np.random.default_rng(0).integers(0, 256, (count, 64, 64, 3), dtype=np.uint8)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize(("release", "sizes"), [(NEW, (6, 6, 2, 3, 3, 1, 2)), (OLD, (4, 4, 2, 3, 3, 1, 2))])
def test_the_number_of_pictures_tells_the_release(tmp_path: Path, save: Any, release: Any, sizes: Any) -> None:
    pictures = images(release)
    save(tmp_path / "mpi3d_toy.npz", images=pictures)
    world = read_mpi3d(tmp_path / "mpi3d_toy.npz", SMALL)
    assert world.factor_sizes == sizes
    assert world.factor_names[:2] == ("object_color", "object_shape")
    assert world.factor_values == release
    index = torch.tensor([0, 1, len(world) // 2, len(world) - 1])
    expected = torch.from_numpy(pictures[index.numpy()]).permute(0, 3, 1, 2)
    assert torch.equal(world.renderer(world.factors_of(index)), expected)
    assert torch.equal(world.gather(index).images, expected.float() / 255)


def test_the_first_index_formula_of_the_authors(tmp_path: Path) -> None:
    """115200 colour + 28800 shape + 14400 size + 4800 height + 1600 background + 40 horizontal + vertical.

    The array has 460,800 pictures, 5.7 GB, of which the disk holds the three that are written.
    """
    path = tmp_path / "mpi3d_toy.npy"
    array = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(460_800, 64, 64, 3))
    factors = torch.tensor([[0, 0, 0, 0, 0, 0, 0], [3, 3, 1, 2, 2, 39, 39], [2, 1, 1, 0, 2, 7, 31]])
    for picture, row in enumerate(factors.tolist()):
        array[np.dot(row, [115200, 28800, 14400, 4800, 1600, 40, 1])] = picture + 1
    del array
    world = read_mpi3d(path, TOY)
    assert world.factor_sizes == (4, 4, 2, 3, 3, 40, 40)
    assert world.render(factors)[:, 0, 0, 0].tolist() == [1, 2, 3]


@pytest.mark.parametrize("edition", [TOY, REALISTIC, REAL])
def test_the_current_release_has_a_million_pictures(tmp_path: Path, edition: Any) -> None:
    path = tmp_path / f"{edition.stem}.npy"
    array = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(1_036_800, 64, 64, 3))
    array[-1] = 7
    del array
    world = read_mpi3d(path, edition)
    assert world.factor_sizes == (6, 6, 2, 3, 3, 40, 40)
    assert world.gather(torch.tensor([1_036_799])).images.mean() == 7 / 255


def test_the_complex_objects_have_four_shapes(tmp_path: Path) -> None:
    path = tmp_path / "real3d_complicated_shapes_ordered.npy"
    np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(460_800, 64, 64, 3))
    world = read_mpi3d(path, COMPLEX)
    assert world.factor_values[1] == ("coffee-cup", "tennis-ball", "croissant", "beer-cup")
    np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(1_036_800, 64, 64, 3))
    with pytest.raises(MetapriorError, match="has 1,036,800 pictures, and mpi3d-complex has 460,800"):
        read_mpi3d(path, COMPLEX)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_smaller_pictures_are_averages(tmp_path: Path, save: Any) -> None:
    pictures = images(OLD)
    save(tmp_path / "mpi3d_toy.npz", images=pictures)
    world = read_mpi3d(tmp_path / "mpi3d_toy.npz", SMALL, OfficialOptions(size=16))
    averages = pictures[5].reshape(16, 4, 16, 4, 3).mean((1, 3)).round()
    assert np.array_equal(world.renderer(world.factors_of(torch.tensor([5])))[0].permute(1, 2, 0).numpy(), averages)


def test_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METAPRIOR_DATA", str(tmp_path))
    for edition in (TOY, REALISTIC, REAL, COMPLEX):
        with pytest.raises(MetapriorError, match=f"'{edition.name}' is not on this machine; put {edition.stem}.npz or"):
            load(edition.name)
    (tmp_path / "mpi3d_real.npz").write_bytes(b"not looked into once it is unpacked")
    np.lib.format.open_memmap(tmp_path / "mpi3d_real.npy", mode="w+", dtype=np.uint8, shape=(1_036_800, 64, 64, 3))
    assert len(load("mpi3d-real")) == 1_036_800


def test_what_is_packed_and_large_is_to_be_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "mpi3d_toy.npz", images=images(OLD))
    monkeypatch.setattr(official, "memory", lambda: 1e6)
    with pytest.raises(
        MetapriorError, match=r"size=32', a quarter of it, or unpack it once: unzip -p .*mpi3d_toy\.npy"
    ):
        read_mpi3d(tmp_path / "mpi3d_toy.npz", SMALL)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"images": np.zeros((500, 64, 64, 3), np.uint8)}, "has 500 pictures, and mpi3d-toy has 1,296 or 576"),
        ({"images": np.zeros((576, 64, 64), np.uint8)}, "not uint8 N×64×64×3"),
        ({"images": np.zeros((576, 64, 64, 3), np.float32)}, "images is float32"),
        ({"imgs": np.zeros(3)}, "not laid out as it is published"),
    ],
)
def test_a_wrong_layout_is_one_line(tmp_path: Path, content: dict[str, np.ndarray], message: str) -> None:
    np.savez_compressed(tmp_path / "mpi3d_toy.npz", **content)  # pyright: ignore[reportArgumentType]
    with pytest.raises(MetapriorError, match=message) as error:
        read_mpi3d(tmp_path / "mpi3d_toy.npz", SMALL)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_damaged_file_is_one_line(tmp_path: Path, save: Any) -> None:
    path = tmp_path / "mpi3d_toy.npz"
    save(path, images=np.zeros((576, 64, 64, 3), np.uint8))
    whole = path.read_bytes()
    middle = len(whole) // 2
    spoilt = [whole[:middle] + bytes([255] * 400) + whole[middle + 400 :]] if save is np.savez_compressed else []
    for content in (whole[:middle], b"", b"<html>Not found</html>", *spoilt):
        path.write_bytes(content)
        with pytest.raises(MetapriorError, match="damaged") as error:
            read_mpi3d(path, SMALL)
        assert len(str(error.value).splitlines()) == 1
    np.save(tmp_path / "mpi3d_toy.npy", np.zeros((576, 64, 64, 3), np.uint8))
    cut = tmp_path / "cut.npy"
    cut.write_bytes((tmp_path / "mpi3d_toy.npy").read_bytes()[:-1])
    with pytest.raises(MetapriorError, match="damaged"):
        read_mpi3d(cut, SMALL)
