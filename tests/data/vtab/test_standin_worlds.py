"""Stand-ins that are rendered: who shares what with whom, and what is kept."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from metaprior.data.clevr_scene import scene
from metaprior.data.vtab import standin_worlds
from metaprior.data.vtab.labels import clevr_count, clevr_distance
from metaprior.data.vtab.standin_worlds import CLEVR, SMALLNORB, Rendered, stored_numbers, toy_view
from metaprior.data.vtab.standins import DESK
from metaprior.data.vtab.task import TaskData


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Worlds of 12 + 6 + 6 places, of which 8 and 4 are few; scenes of 32×24 pixels, four places a file."""
    for name, value in {"TRAIN": 12, "VAL": 6, "TEST": 6, "FEW": (8, 4), "CHUNK": 4, "WIDTH": 32, "HEIGHT": 24}.items():
        monkeypatch.setattr(standin_worlds, name, value)
    standin_worlds._digest_of.cache_clear()
    yield
    standin_worlds._digest_of.cache_clear()


def keys(data: TaskData) -> list[list[str]]:
    return [list(part.pictures.keys) for part in (data.train, data.val, data.test)]


@pytest.mark.parametrize("name", [name for name, task in DESK.items() if task.group == "structured"])
@pytest.mark.usefixtures("small")
def test_every_world_loads(name: str, tmp_path: Path) -> None:
    task = DESK[name]
    few, full = task.load(tmp_path, "1k"), task.load(tmp_path, "full")
    assert [len(part) for part in (few.train, few.val, few.test)] == [8, 4, 6]
    assert [len(part) for part in (full.train, full.val, full.test)] == [12, 6, 6]
    assert len({key for part in keys(full) for key in part}) == 24
    assert keys(few) == [keys(full)[0][:8], keys(full)[1][:4], keys(full)[2]]
    assert all(part.classes == task.classes for part in (full.train, full.val, full.test))
    assert few.train.pictures[7].dtype == torch.uint8
    assert torch.equal(few.val.pictures[3], full.val.pictures[3])
    assert few.name == name
    assert few.caveat.startswith("a stand-in")


@pytest.mark.parametrize(
    "pair",
    [
        ("clevr-count", "clevr-distance"),
        ("dsprites-location", "dsprites-orientation"),
        ("smallnorb-azimuth", "smallnorb-elevation"),
    ],
)
@pytest.mark.usefixtures("small")
def test_tasks_of_one_world_have_the_same_pictures(pair: tuple[str, str], tmp_path: Path) -> None:
    one, other = (DESK[f"standin/{name}"].load(tmp_path, "1k") for name in pair)
    for part in ("train", "val", "test"):
        assert getattr(one, part).pictures.digest == getattr(other, part).pictures.digest
    assert one.train.labels.tolist() != other.train.labels.tolist()


@pytest.mark.usefixtures("small")
def test_labels_of_scenes_are_their_number_of_objects_and_the_bin_of_the_nearest(tmp_path: Path) -> None:
    number, nearest = (DESK[f"standin/clevr-{name}"].load(tmp_path, "full") for name in ("count", "distance"))
    for place in range(12):
        each = scene(0, place)
        assert number.train.labels[place] == clevr_count(len(each.things))
        assert nearest.train.labels[place] == clevr_distance(each.depths)


@pytest.mark.usefixtures("small")
def test_labels_of_toys_are_in_their_keys(tmp_path: Path) -> None:
    turned, high = (DESK[f"standin/smallnorb-{name}"].load(tmp_path, "full") for name in ("azimuth", "elevation"))
    for place, key in enumerate(turned.test.pictures.keys):
        assert f"elevation-{high.test.labels[place]}-azimuth-{turned.test.labels[place]}-" in key


@pytest.mark.usefixtures("small")
def test_what_is_kept_is_not_rendered_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By another process: another object, of the same digest."""

    def never(place: int) -> torch.Tensor:
        raise AssertionError(f"rendered {place} again")

    first = CLEVR.pictures(tmp_path)
    shown = first[5]
    files = sorted(path.name for path in tmp_path.rglob("*.npy"))
    assert files == ["pictures-00004.npy"]
    idle = Rendered(CLEVR.name, never, CLEVR.facts, CLEVR.key, CLEVR.caveat)
    monkeypatch.setattr(Rendered, "digest", CLEVR.digest)
    assert torch.equal(idle.pictures(tmp_path)[5], shown)
    with pytest.raises(AssertionError, match="rendered 0 again"):
        idle.pictures(tmp_path)[0]


@pytest.mark.usefixtures("small")
def test_another_look_is_kept_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    before = CLEVR.digest
    monkeypatch.setattr(standin_worlds, "WIDTH", 36)
    standin_worlds._digest_of.cache_clear()
    assert CLEVR.digest != before


def test_the_few_of_dsprites_are_those_of_vtab(tmp_path: Path) -> None:
    """The test vectors of the card, and how often the classes are met."""
    place, turn = (DESK[f"standin/dsprites-{name}"].load(tmp_path, "1k") for name in ("location", "orientation"))
    assert list(place.train.pictures.keys[:4]) == ["16399", "634903", "206287", "470425"]
    assert list(place.val.pictures.keys[:3]) == ["220697", "85843", "84902"]
    assert (np.bincount(place.train.labels).min(), np.bincount(place.train.labels).max()) == (42, 62)
    assert (np.bincount(turn.train.labels).min(), np.bincount(turn.train.labels).max()) == (35, 67)


def test_a_sprite_is_where_its_label_says(tmp_path: Path) -> None:
    """The mean of its columns is in the two of 32 positions that are the class, or up to 2 pixels off: hearts are."""
    data = DESK["standin/dsprites-location"].load(tmp_path, "1k")
    for i in range(0, 200, 10):
        columns = data.test.pictures[i][0].float().sum(dim=0)
        centre = (columns * (torch.arange(64) + 0.5)).sum() / columns.sum()
        assert abs(centre - (16 + 32 * (data.test.labels[i] * 2 + 0.5) / 31)) < 2.5


def test_toys_that_test_are_not_those_that_train() -> None:
    def seen(places: range) -> set[tuple[str, int]]:
        return {(toy_view(place).kind, toy_view(place).instance) for place in places}

    train, val, test = seen(range(9000)), seen(range(9000, 10_000)), seen(range(10_000, 11_000))
    assert {instance for _, instance in train} == {4, 6, 7, 8, 9}
    assert val == test
    assert {instance for _, instance in test} == {0, 1, 2, 3, 5}
    assert len(train) == len(test) == 25


def test_the_first_toys_are_numbered_as_tfds_orders_small_norb() -> None:
    stored = stored_numbers("smallnorb", (9000, 1000, 1000))
    assert stored[:4].tolist() == [16399, 1680, 17307, 1456]
    assert stored[9000:9003].tolist() == [23018, 16932, 19084]


@pytest.mark.parametrize(("world", "shape"), [(CLEVR, (3, 120, 160)), (SMALLNORB, (1, 96, 96))])
def test_pictures_have_their_shape(world: Rendered, shape: tuple[int, ...]) -> None:
    picture: Callable[[int], torch.Tensor] = world.picture
    assert tuple(picture(3).shape) == shape
