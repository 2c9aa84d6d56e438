"""The published layout of Cars3D, with fewer cars."""

import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import savemat

from metaprior.core import MetapriorError
from metaprior.data import OfficialOptions, load
from metaprior.data.cars3d import read_cars3d

CARS = ("car_010_mesh", "car_002_mesh", "car_199_mesh")


def mesh(car: int) -> np.ndarray:
    """128×128×3×24×4; red tells the azimuth, green the elevation, blue the car; a line makes up and down differ."""
    image = np.zeros((128, 128, 3, 24, 4), dtype=np.uint8)
    image[:, :, 0] = 10 * np.arange(24)[:, None]
    image[:, :, 1] = 60 * np.arange(4)
    image[:, :, 2] = 50 * car
    image[20:30, :, :] = 255
    return image


def folder(path: Path, cars: tuple[str, ...] = CARS, **other: Any) -> Path:
    """The folder ``cars`` as it lies in the archive."""
    path.mkdir(parents=True)
    for name in cars:
        car = int(name.split("_")[1]) % 5
        savemat(path / f"{name}.mat", {"im": mesh(car), "mask": np.zeros(3)} | other, do_compression=True)
    (path / "list.txt").write_text("\n".join(cars))
    return path


def archive(path: Path, cars: tuple[str, ...] = CARS) -> Path:
    """The archive: a folder ``data`` with ``cars``, and other data beside it."""
    folder(path.parent / "data" / "cars", cars)
    (path.parent / "data" / "sprites").mkdir()
    (path.parent / "data" / "sprites" / "sprites_1.mat").write_bytes(b"another data set")
    with tarfile.open(path, "w:gz") as file:
        file.add(path.parent / "data", "data")
    return path


def test_factors_and_their_order(tmp_path: Path) -> None:
    world = read_cars3d(folder(tmp_path / "cars"))
    assert world.factor_names == ("elevation", "azimuth", "object")
    assert world.factor_sizes == (4, 24, 3)
    assert world.factor_values[2] == ("car_002_mesh", "car_010_mesh", "car_199_mesh")
    factors = world.factors_of(torch.arange(len(world)))
    pixels = world.render(factors)[:, :, 60, 5].long()  # away from the line
    cars = torch.tensor([2, 0, 4])  # the number of the car, modulo 5, in the order of the names
    assert torch.equal(pixels, torch.stack([10 * factors[:, 1], 60 * factors[:, 0], 50 * cars[factors[:, 2]]], dim=1))
    assert (world.render(factors)[:, :, 12, :] > 250).all()
    assert "a part of Cars3D: 288 of its 17,568" in world.caveat


def test_the_archive_is_the_folder(tmp_path: Path) -> None:
    from_archive = read_cars3d(archive(tmp_path / "nips2015-analogy-data.tar.gz"))
    assert from_archive.digest == read_cars3d(tmp_path / "data" / "cars").digest


@pytest.mark.parametrize("order", [CARS, CARS[::-1], sorted(CARS)])
def test_objects_do_not_depend_on_the_order_of_the_files(tmp_path: Path, order: Any) -> None:
    """They do in the original, which takes them as the directory lists them."""
    world = read_cars3d(archive(tmp_path / "a.tar.gz", tuple(order)))
    assert world.factor_values[2] == tuple(sorted(CARS))
    assert world.render(torch.tensor([[0, 0, 0]]))[0, 2, 60, 5] == 100


def test_pictures_are_shrunk_as_the_studies_do(tmp_path: Path) -> None:
    """Axes of ``im`` moved as abcde → deabc, then Pillow's antialiased thumbnail, row ``4 azimuth + elevation``."""
    image = np.random.default_rng(0).integers(0, 256, (128, 128, 3, 24, 4), dtype=np.uint8)
    world = read_cars3d(folder(tmp_path / "cars", ("car_001_mesh",), im=image))
    flat = np.einsum("abcde->deabc", image).reshape(-1, 128, 128, 3)
    for elevation, azimuth in ((0, 0), (3, 1), (2, 23)):
        picture = Image.fromarray(flat[4 * azimuth + elevation])
        picture.thumbnail((64, 64), Image.Resampling.LANCZOS)
        found = world.render(torch.tensor([[elevation, azimuth, 0]]))[0]
        assert np.array_equal(found.permute(1, 2, 0).numpy(), np.asarray(picture))
    assert read_cars3d(tmp_path / "cars", OfficialOptions(size=16)).image_shape == (3, 16, 16)


def test_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METAPRIOR_DATA", str(tmp_path))
    with pytest.raises(MetapriorError, match=r"'cars3d' is not on this machine; put nips2015-.*gz or cars under"):
        load("cars3d")
    folder(tmp_path / "cars", CARS[:1])
    assert len(load("cars3d")) == 96


def test_a_wrong_layout_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "cars").mkdir()
    with pytest.raises(MetapriorError, match=r"no files car_…_mesh\.mat in it"):
        read_cars3d(tmp_path / "cars")
    for i, (other, message) in enumerate(
        [
            ({"im": mesh(0)[:64]}, r"car_001_mesh\.mat: im is uint8 \(64, 128, 3, 24, 4\), not"),
            ({"im": mesh(0).astype(float)[:, :, :, :1]}, "im is float64"),
        ]
    ):
        with pytest.raises(MetapriorError, match=message):
            read_cars3d(folder(tmp_path / str(i), ("car_001_mesh",), **other))
    savemat(tmp_path / "cars" / "car_001_mesh.mat", {"image": np.zeros(3)})
    with pytest.raises(MetapriorError, match=r"car_001_mesh\.mat is not laid out as it is published"):
        read_cars3d(tmp_path / "cars")


def test_a_damaged_car_is_one_line(tmp_path: Path) -> None:
    cars = folder(tmp_path / "cars", CARS[:1])
    path = cars / f"{CARS[0]}.mat"
    whole = path.read_bytes()
    damaged = [whole[:cut] for cut in (0, 50, 130, len(whole) // 2)]
    for content in [*damaged, b"<html>Not found</html>" * 20, whole[:140] + bytes(50) + whole[190:]]:
        path.write_bytes(content)
        with pytest.raises(MetapriorError, match=r"car_010_mesh\.mat is (damaged|not laid out)") as error:
            read_cars3d(cars)
        assert len(str(error.value).splitlines()) == 1


def test_a_damaged_archive_is_one_line(tmp_path: Path) -> None:
    path = archive(tmp_path / "nips2015-analogy-data.tar.gz")
    whole = path.read_bytes()
    middle = len(whole) // 2
    for content in (
        whole[:middle],
        b"",
        b"<html>Not found</html>",
        whole[:middle] + bytes(500) + whole[middle + 500 :],
    ):
        path.write_bytes(content)
        with pytest.raises(MetapriorError, match=r"tar\.gz.* is damaged") as error:
            read_cars3d(path)
        assert len(str(error.value).splitlines()) == 1
