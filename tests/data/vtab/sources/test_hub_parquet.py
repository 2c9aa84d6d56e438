"""Parquet files of the hub: pictures as a struct of bytes and path, in one file or several."""

from pathlib import Path

import duckdb
import pytest

from metaprior.core import MetapriorError
from metaprior.data.vtab.order import stored_order
from metaprior.data.vtab.sources.hub_parquet import HUB_PARQUET
from metaprior.data.vtab.tasks import VTAB
from tests.data.vtab.small import encoded, pixels, shrink


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch):
    shrink(monkeypatch)


def write(file: Path, image: str, columns: dict[str, list], start: int = 0) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    count = len(next(iter(columns.values())))
    names = ", ".join([f"{image} struct(bytes blob, path varchar)", *(f"{c} {_kind(v)}" for c, v in columns.items())])
    with duckdb.connect() as base:
        base.execute(f"create table rows ({names})")
        for i in range(count):
            row = [{"bytes": encoded(pixels(start + i)), "path": None}, *(values[i] for values in columns.values())]
            base.execute(f"insert into rows values ({', '.join('?' * len(row))})", row)
        base.execute(f"copy rows to '{file}' (format parquet)")


def _kind(values: list) -> str:
    return "bigint" if isinstance(values[0], int) else "varchar"


def cifar100(folder: Path) -> None:
    fine = [i * 3 % 100 for i in range(20)]
    for number, (start, stop) in enumerate([(0, 13), (13, 20)]):
        columns = {"fine_label": fine[start:stop], "coarse_label": [99] * (stop - start)}
        write(folder / "cifar100" / "data" / f"train-0000{number}-of-00002.parquet", "img", columns, start)
    write(folder / "cifar100" / "data" / "test-00000-of-00001.parquet", "img", {"fine_label": list(range(10))}, 50)


def load(name: str, folder: Path, setting="1k"):
    found = HUB_PARQUET.find(VTAB[name], folder, setting)
    assert found is not None
    assert not found.lacks
    return HUB_PARQUET.load(VTAB[name], found.path, setting)


def test_rows_are_the_keys_of_cifar(tmp_path: Path):
    cifar100(tmp_path)
    data = load("cifar100", tmp_path, "full")
    order = stored_order([str(i) for i in range(20)], "train")
    assert list(data.trainval.pictures.keys) == [str(i) for i in order]
    assert data.train.labels.tolist() == [int(i) * 3 % 100 for i in order[:10]]
    for i in range(10):
        assert (data.train.pictures[i].permute(1, 2, 0).numpy() == pixels(int(order[i]))).all()
        assert data.train.pictures.encoded(i) == encoded(pixels(int(order[i])))
    assert "rows are taken to be in the order" in data.caveat


def test_the_converted_files_of_a_configuration(tmp_path: Path):
    write(tmp_path / "svhn/cropped_digits/train/0000.parquet", "image", {"label": [i % 10 for i in range(20)]})
    write(tmp_path / "svhn/cropped_digits/test/0000.parquet", "image", {"label": [i % 10 for i in range(10)]})
    data = load("svhn", tmp_path)
    assert data.test.labels.tolist() == [int(i) % 10 for i in stored_order([str(i) for i in range(10)], "test")]


def test_pets_have_keys(tmp_path: Path):
    names = {split: [f"Breed_{split}_{i}" for i in range(count)] for split, count in {"train": 20, "test": 10}.items()}
    for split, its in names.items():
        file = tmp_path / "oxford-iiit-pet" / "data" / f"{split}-00000-of-00001.parquet"
        write(file, "image", {"label": [i % 37 for i in range(len(its))], "image_id": its})
    data = load("pets", tmp_path)
    keys = [f"{name}.jpg" for name in names["train"]]
    assert list(data.train.pictures.keys) == [keys[i] for i in stored_order(keys, "train")[:4]]
    assert not data.caveat


def test_what_lacks(tmp_path: Path):
    cifar100(tmp_path)
    next((tmp_path / "cifar100" / "data").glob("test*")).unlink()
    found = HUB_PARQUET.find(VTAB["cifar100"], tmp_path, "1k")
    assert found is not None
    assert found.lacks == f"Parquet files of test in {tmp_path / 'cifar100'}"
    assert HUB_PARQUET.find(VTAB["dtd"], tmp_path, "1k") is None


def test_files_with_a_fault_are_named(tmp_path: Path):
    cifar100(tmp_path)
    train = tmp_path / "cifar100" / "data" / "train-00000-of-00002.parquet"
    write(tmp_path / "other.parquet", "img", {"class": [0]})
    train.write_bytes((tmp_path / "other.parquet").read_bytes())
    with pytest.raises(MetapriorError, match="has no column fine_label or label, but img, class"):
        load("cifar100", tmp_path)
    train.write_bytes(b"PAR1")
    with pytest.raises(MetapriorError, match=r"train-00000-of-00002\.parquet is no such Parquet file"):
        load("cifar100", tmp_path)
    train.unlink()
    with pytest.raises(MetapriorError, match="cifar100: 7 examples of its train split are there"):
        load("cifar100", tmp_path)
