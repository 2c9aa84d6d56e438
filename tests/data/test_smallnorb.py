"""The published layout of SmallNORB, in files that are small."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from metaprior.core import MetapriorError
from metaprior.data import OfficialOptions, World, few_labels, load
from metaprior.data.smallnorb import FACTORS, PARTS, SHA256, VALUES, Part, read_smallnorb
from tests.data.test_binary_matrix import encode

SIZES = (2, 3, 2, 2)
"""Categories, elevations, azimuths and lights in these files; each part has half of the 4 instances."""
INSTANCES = {PARTS[0]: (1, 2), PARTS[1]: (0, 3)}


def rows(part: str, seed: int = 0) -> dict[str, np.ndarray]:
    """What the files of one part hold, in random order; a picture's brightness tells its factors and its camera."""
    grid = np.meshgrid(*(np.arange(size) for size in SIZES), INSTANCES[part], indexing="ij")
    category, elevation, azimuth, lighting, instance = (column.ravel() for column in grid)
    order = np.random.default_rng(seed).permutation(len(category))
    brightness = 4 * (category * 12 + elevation * 4 + azimuth * 2 + lighting) + instance
    pairs = np.broadcast_to(brightness[:, None, None, None] + np.array([0, 60])[:, None, None], (len(order), 2, 96, 96))
    info = np.stack([instance, elevation, azimuth * 2, lighting], axis=1)
    return {
        "dat": pairs[order].astype(np.uint8),
        "cat": category[order].astype("<i4"),
        "info": info[order].astype("<i4"),
    }


def write(folder: Path, part: str, content: dict[str, np.ndarray], ending: str = "mat") -> Part:
    paths = {kind: folder / f"{part}-{kind}.{ending}" for kind in ("dat", "cat", "info")}
    for kind, path in paths.items():
        path.write_bytes(gzip.compress(encode(content[kind])) if ending == "mat.gz" else encode(content[kind]))
    return Part(paths["dat"], paths["cat"], paths["info"])


def written(folder: Path, ending: str = "mat", seed: int = 0) -> list[Part]:
    return [write(folder, part, rows(part, seed), ending) for part in PARTS]


@pytest.mark.parametrize("ending", ["mat", "mat.gz"])
def test_both_parts_together_and_the_instance_hidden(tmp_path: Path, ending: str) -> None:
    world = read_smallnorb(written(tmp_path, ending))
    assert world.factor_names == FACTORS == ("category", "elevation", "azimuth", "lighting")
    assert (world.factor_sizes, world.hidden_sizes) == (SIZES, (4,))
    assert world.image_shape == (1, 64, 64)
    index = torch.arange(len(world))
    batch = world.gather(index)
    brightness = (batch.images.amax((1, 2, 3)) * 255).round().long()
    assert torch.equal(brightness, (batch.factors * torch.tensor([48, 16, 8, 4])).sum(1) + index % 4)
    assert "a part of SmallNORB: 96 of its 48,600 pictures" in world.caveat


def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    assert read_smallnorb(written(tmp_path)).digest == read_smallnorb(written(tmp_path, seed=1)).digest


def test_instances_are_drawn_at_random(tmp_path: Path) -> None:
    world = read_smallnorb(written(tmp_path))
    data = few_labels(world, 60, seed=0)
    assert data.images is not None
    assert data.factors is not None
    instances = data.images[:, 0, 0, 0].long() % 4
    assert sorted(instances.unique().tolist()) == [0, 1, 2, 3]
    assert data.factor_names == FACTORS


def test_pictures_are_shrunk_as_the_studies_do(tmp_path: Path) -> None:
    """Pillow's antialiased resize, on signed bytes that it takes for whole numbers; all but what overshoots is kept."""
    content = {part: rows(part) for part in PARTS}
    noise = np.random.default_rng(3).integers(0, 256, (96, 96), dtype=np.uint8)
    where = int(np.flatnonzero((content[PARTS[1]]["cat"] == 0) & (content[PARTS[1]]["info"] == 0).all(axis=1))[0])
    content[PARTS[1]]["dat"][where, 0] = noise
    world = read_smallnorb([write(tmp_path, part, content[part]) for part in PARTS])
    original = np.asarray(Image.fromarray(noise.view(np.int8)).resize((64, 64), Image.Resampling.LANCZOS))
    assert np.array_equal(world.render(torch.zeros(1, 4, dtype=torch.int64))[0, 0].numpy(), original.clip(0, 255))


def test_sizes(tmp_path: Path) -> None:
    assert read_smallnorb(written(tmp_path), OfficialOptions(size=32)).image_shape == (1, 32, 32)


def test_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METAPRIOR_DATA", str(tmp_path))
    with pytest.raises(MetapriorError, match=r"'smallnorb' is not on this machine; put smallnorb-.*-training-dat\.mat"):
        load("smallnorb")
    written(tmp_path, "mat.gz")
    assert isinstance(load("smallnorb"), World)
    (tmp_path / f"{PARTS[1]}-info.mat.gz").unlink()
    with pytest.raises(MetapriorError, match=r"put smallnorb-.*-testing-info\.mat or .*gz under"):
        load("smallnorb")


def spoil_azimuth(content: dict[str, np.ndarray]) -> None:
    content["info"][0, 2] += 1


def repeat_a_row(content: dict[str, np.ndarray]) -> None:
    content["info"][0], content["cat"][0] = content["info"][1], content["cat"][1]


def off_by_one(content: dict[str, np.ndarray]) -> None:
    """One picture's lighting is as large as there are lights, as if there were one more."""
    content["info"][np.flatnonzero(content["info"][:, 3] == 1)[0], 3] = 2


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda c: c.update(cat=c["cat"][:-1]), "has 47 rows and .* 48"),
        (lambda c: c.update(dat=c["dat"][:-1]), "has 47 rows and .* 48"),
        (lambda c: c.update(dat=np.concatenate([c["dat"], c["dat"]])), "has 96 rows and .* 48"),
        (lambda c: c.update(dat=c["dat"][:, :1]), r"uint8 \(48, 1, 96, 96\), not u1 N×2×96×96"),
        (lambda c: c.update(info=c["info"][:, :3]), r"int32 \(48, 3\), not i4 N×4"),
        (spoil_azimuth, "odd azimuths"),
        (repeat_a_row, "does not hold each combination of its factors once"),
        (off_by_one, "does not hold each combination of its factors once"),
    ],
)
def test_a_wrong_layout_is_one_line(tmp_path: Path, spoil: Any, message: str) -> None:
    parts = written(tmp_path)
    content = rows(PARTS[0])
    spoil(content)
    with pytest.raises(MetapriorError, match=message) as error:
        read_smallnorb([write(tmp_path, PARTS[0], content), parts[1]])
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("ending", ["mat", "mat.gz"])
@pytest.mark.parametrize("kind", ["dat", "cat", "info"])
def test_a_damaged_file_is_one_line(tmp_path: Path, ending: str, kind: str) -> None:
    parts = written(tmp_path, ending)
    path = tmp_path / f"{PARTS[0]}-{kind}.{ending}"
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], whole[:3], b"", b"<html>Not found</html>"):
        path.write_bytes(content)
        with pytest.raises(MetapriorError, match=r"damaged|no binary matrix") as error:
            read_smallnorb(parts)
        assert len(str(error.value).splitlines()) == 1
        assert path.name in str(error.value)


def test_complete_files_are_checked_against_the_published_hashes(tmp_path: Path, monkeypatch: Any) -> None:
    """Where the labels are those of all 48,600 pictures."""
    monkeypatch.setenv("METAPRIOR_DATA", str(tmp_path))
    parts = []
    for part, instances in ((PARTS[0], (4, 6, 7, 8, 9)), (PARTS[1], (0, 1, 2, 3, 5))):
        grid = np.meshgrid(range(5), instances, range(9), range(0, 36, 2), range(6), indexing="ij")
        columns = np.stack([column.ravel() for column in grid], axis=1).astype("<i4")
        content = {"dat": np.zeros((1, 2, 96, 96), np.uint8), "cat": columns[:, 0], "info": columns[:, 1:]}
        parts.append(write(tmp_path, part, content, "mat.gz"))
    with pytest.raises(MetapriorError, match=r"training-dat\.mat\.gz is damaged or another version \(SHA-256"):
        read_smallnorb(parts)
    assert len(SHA256) == 6
    assert [len(values) for values in VALUES] == [5, 9, 18, 6]
