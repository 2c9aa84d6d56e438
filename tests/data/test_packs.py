"""Packs: small ones written here, and the real ones where they are."""

import hashlib
import io
import json
import re
from pathlib import Path

import duckdb
import pytest
import torch
from PIL import Image

from metaprior.core import DataSpec, MetapriorError
from metaprior.data import Dataset, Pack, PackOptions, TextOptions, load, load_pictures
from metaprior.data.store import find

PACK = Pack("tiny", "tiny.parquet", "nowhere", caveat="made up", factors=("label", "texture_label"))
PLAIN = Pack("tiny", "tiny.parquet", "nowhere")


def png(value: int, size: tuple[int, int] = (4, 3)) -> bytes:
    file = io.BytesIO()
    Image.new("L", size, value).save(file, "PNG")
    return file.getvalue()


def write(
    folder: Path, rows: list[tuple], columns: str = "image blob, label int, split varchar, texture_label int"
) -> Path:
    path = folder / "tiny.parquet"
    with duckdb.connect() as base:
        base.execute(f"create table t ({columns})")
        base.executemany(f"insert into t values ({', '.join('?' * len(rows[0]))})", rows)
        base.execute(f"copy t to '{path}' (format parquet, compression zstd)")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".json").write_text(json.dumps({"class_names": ["a", "b", "c"], "sha256": digest}))
    return path


ROWS = [(png(7), 2, "train", 0), (png(9), 0, "test", 1), (png(8), 1, "train", 2)]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if not request.node.name.startswith("test_real"):
        monkeypatch.setenv("METAPRIOR_DATA", str(tmp_path))


def test_pictures_labels_and_factors_of_a_split(tmp_path: Path) -> None:
    write(tmp_path, ROWS)
    data = PACK.load(PackOptions(), "train")
    assert data.images is not None
    assert data.labels is not None
    assert data.factors is not None
    assert data.images[:, 0, 0, 0].tolist() == [7, 8]
    assert data.labels.tolist() == [2, 1]
    assert data.factors.tolist() == [[2, 0], [1, 2]]
    assert data.factor_names == ("shape", "texture")
    assert data.caveat == "made up"
    assert len(PACK.load(PackOptions(), "all")) == 3
    assert PACK.load(PackOptions(size=8, channels=3), "test").spec.image_shape == (3, 8, 8)


def test_a_pack_needs_no_json(tmp_path: Path) -> None:
    """Classes are then called by the labels of all splits; the file is not checked."""
    write(tmp_path, ROWS).with_suffix(".json").unlink()
    data = PLAIN.load(PackOptions(), "test")
    assert data.class_names == ("0", "1", "2")
    assert data.labels is not None
    assert data.labels.tolist() == [0]
    assert PLAIN.splits() == {"train": 2, "test": 1}


def test_the_documented_script_makes_a_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def made(root: Path, train: bool, download: bool) -> list[tuple[Image.Image, int]]:
        return [(Image.new("L", (28, 28), 10 * label), label) for label in ((3, 9, 0) if train else (7,))]

    monkeypatch.setattr("torchvision.datasets.MNIST", made)
    page = (Path(__file__).parents[2] / "docs" / "data.md").read_text()
    script = next(block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "duckdb" in block)
    exec(script, {})
    train, test = load("mnist"), load("mnist", "test")
    assert isinstance(train, Dataset)
    assert isinstance(test, Dataset)
    assert train.images is not None
    assert train.labels is not None
    assert train.images.shape == (3, 1, 28, 28)
    assert train.images[:, 0, 0, 0].tolist() == [30, 90, 0]
    assert train.labels.tolist() == [3, 9, 0]
    assert train.class_names == tuple("0123456789")
    assert len(test) == 1
    (tmp_path / "mnist.parquet").write_bytes(b"damaged")
    with pytest.raises(MetapriorError, match="damaged or another version"):
        load("mnist")


def test_text_is_its_bytes(tmp_path: Path) -> None:
    write(tmp_path, [("Fée", "train"), ("x", "train"), ("y", "test")], "text varchar, split varchar")
    data = PLAIN.text(TextOptions(), "train")
    assert data.tokens is not None
    assert bytes(data.tokens.tolist()).decode() == "Fée\n\nx"


def test_unknown_split(tmp_path: Path) -> None:
    write(tmp_path, ROWS)
    with pytest.raises(MetapriorError, match="unknown split of tiny 'tests'; did you mean 'test'"):
        PLAIN.load(PackOptions(), "tests")


def test_missing() -> None:
    with pytest.raises(MetapriorError, match=r"^data set 'tiny' is not on this machine; put tiny.parquet under \$META"):
        PLAIN.load(PackOptions(), "train")


def test_a_changed_file_is_found_out(tmp_path: Path) -> None:
    path = write(tmp_path, ROWS)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(MetapriorError, match="damaged or another version"):
        PLAIN.load(PackOptions(), "train")


def test_not_a_pack(tmp_path: Path) -> None:
    (tmp_path / "tiny.parquet").write_bytes(b"no parquet")
    with pytest.raises(MetapriorError, match="not a pack of image, label, split") as error:
        PLAIN.load(PackOptions(), "train")
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    "fault", [RuntimeError("Query interrupted"), duckdb.InterruptException("INTERRUPT: Interrupted!")]
)
def test_ctrl_c_while_a_pack_is_read_is_ctrl_c(
    fault: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckDB takes the signal for itself, and says so by errors of its own."""
    write(tmp_path, ROWS)

    def interrupted() -> None:
        raise fault

    monkeypatch.setattr("metaprior.data.packs.duckdb.connect", interrupted)
    with pytest.raises(KeyboardInterrupt):
        PLAIN.load(PackOptions(), "train")


def test_a_corrupt_picture_is_counted_out(tmp_path: Path) -> None:
    write(tmp_path, [ROWS[0], (b"no picture", 1, "train", 0)])
    with pytest.raises(MetapriorError, match="picture 1 of tiny, split train, is not a readable picture"):
        PLAIN.load(PackOptions(), "train")


def test_pictures_of_several_sizes(tmp_path: Path) -> None:
    write(tmp_path, [(png(1, (4, 3)), 0, "train", 0), (png(2, (3, 4)), 0, "train", 0)])
    with pytest.raises(MetapriorError, match="not all of one size"):
        PLAIN.load(PackOptions(), "train")
    assert [tuple(p.shape) for p in PLAIN.pictures(PackOptions(), "train")] == [(1, 3, 4), (1, 4, 3)]


REAL = [
    ("mnist", "mnist", "test", 10_000, (1, 28, 28), 10),
    ("fashion-mnist", "fashion_mnist", "test", 10_000, (1, 28, 28), 10),
    ("cifar10-jpeg", "cifar10_jpeg", "test", 10_000, (3, 32, 32), 10),
    ("eurosat", "eurosat_rgb", "val", 500, (3, 64, 64), 10),
    ("caltech101-64", "caltech101_64", "val", 198, (3, 64, 64), 99),
    ("dtd10-96", "dtd10_96", "val", 200, (3, 96, 96), 10),
    ("cue-conflict:size=32", "cue_conflict_224", "test", 1280, (3, 32, 32), 16),
    ("dsprites-gif", "dsprites_gif", "sample", 320, (1, 64, 64), 3),
    ("shapes3d-gif", "shapes3d_gif", "sample", 53, (3, 64, 64), 0),
    ("mpi3d-tiles", "mpi3d_gif_tiles", "sample", 950, (3, 64, 64), 4),
    ("kodak24:size=64", "kodak24", "test", 24, (3, 64, 64), 0),
    ("tinyshakespeare", "tinyshakespeare", "val", 111_540, None, 0),
    ("gutenberg16", "gutenberg16_text", "test", None, None, 0),
    ("wikitext2", "wikitext2_valid_test", "test", None, None, 0),
]


@pytest.mark.parametrize(("name", "file", "split", "count", "shape", "classes"), REAL, ids=[row[1] for row in REAL])
def test_real(name: str, file: str, split: str, count: int | None, shape: tuple | None, classes: int) -> None:
    if find(f"{file}.parquet") is None:
        pytest.skip(f"{file}.parquet is not in ../shared/data or $METAPRIOR_DATA")
    data = load(name, split)
    assert isinstance(data, Dataset)
    vocabulary = 256 if shape is None else 0
    spec = DataSpec(shape, data.factor_sizes, classes, vocabulary, examples=len(data), factor_names=data.factor_names)
    assert data.spec == spec
    assert count is None or len(data) == count
    if data.labels is not None:
        assert sorted(data.labels.unique().tolist()) == list(range(classes))


def test_real_mnist_is_mnist() -> None:
    """Class counts and mean of the canonical test set."""
    if find("mnist.parquet") is None:
        pytest.skip("mnist.parquet is not in ../shared/data or $METAPRIOR_DATA")
    data = load("mnist", "test")
    assert isinstance(data, Dataset)
    assert data.labels is not None
    assert data.images is not None
    assert data.labels.bincount().tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert data.labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert abs(data.images.double().mean().item() / 255 - 0.1325) < 1e-4


def test_real_kodak_keeps_its_sizes() -> None:
    if find("kodak24.parquet") is None:
        pytest.skip("kodak24.parquet is not in ../shared/data or $METAPRIOR_DATA")
    shapes = [tuple(picture.shape) for picture in load_pictures("kodak24", "test")]
    assert (shapes.count((3, 512, 768)), shapes.count((3, 768, 512))) == (18, 6)


def test_real_cue_conflict_has_80_rows_without_a_conflict() -> None:
    if find("cue_conflict_224.parquet") is None:
        pytest.skip("cue_conflict_224.parquet is not in ../shared/data or $METAPRIOR_DATA")
    data = load("cue-conflict:size=8", "test")
    assert isinstance(data, Dataset)
    assert data.factors is not None
    assert data.factor_names == ("shape", "texture")
    assert torch.sum(data.factors[:, 0] == data.factors[:, 1]).item() == 80
