"""What readers of published files share."""

import zlib
from pathlib import Path

import numpy as np
import pytest
import torch

from metaprior.core import MetapriorError
from metaprior.data import OfficialOptions, official
from metaprior.data.official import hold, places, reading

ALL = torch.cartesian_prod(torch.arange(2), torch.arange(3))


def test_rows_in_any_order_have_places() -> None:
    order = torch.tensor([4, 0, 3, 5, 1, 2])
    assert places(ALL[order], (2, 3), Path("f")).tolist() == order.tolist()


@pytest.mark.parametrize(
    "rows",
    [
        [[0, 0], [0, 1], [0, 2], [0, 3], [1, 1], [1, 2]],  # 0, 3 would pass for 1, 0: disentanglement_lib's check does
        [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 1]],
        [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1]],
        [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, -1]],
    ],
    ids=["an index equal to its size", "one twice", "one missing", "one below 0"],
)
def test_each_combination_must_be_there_once(rows: list[list[int]]) -> None:
    with pytest.raises(MetapriorError, match="f does not hold each combination of its factors once"):
        places(torch.tensor(rows), (2, 3), Path("f"))


def test_blocks_come_to_their_places_and_are_averaged() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), dtype=np.uint8)
    blocks = [(torch.tensor([3, 1]), pictures[:2]), (torch.tensor([0, 2]), pictures[2:])]
    assert torch.equal(hold("x", blocks, (2, 2), 3, 64).images[3], torch.from_numpy(pictures[0]).permute(2, 0, 1))
    small = hold("x", blocks, (2, 2), 3, 16).images
    expected = pictures[1].reshape(16, 4, 16, 4, 3).mean((1, 3)).round().transpose(2, 0, 1)
    assert np.array_equal(small[1].numpy(), expected)


def test_what_does_not_fit_into_memory_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(official, "memory", lambda: 8e9)
    with pytest.raises(MetapriorError, match=r"'x' takes 12\.7 GB of memory at 64 pixels, and this machine has 8\.0"):
        hold("x", [], (6, 6, 2, 3, 3, 40, 40), 3, 64, instead="pray")


@pytest.mark.parametrize(
    ("size", "instead", "said"),
    [
        (32, "", "take 'x:size=16', a quarter of it"),
        (32, "pray", "take 'x:size=16', a quarter of it, or pray"),
        (16, "pray", "pray"),
        (16, "", "there are no smaller pictures of it"),
    ],
)
def test_only_sizes_that_there_are_take_less_memory(
    monkeypatch: pytest.MonkeyPatch, size: int, instead: str, said: str
) -> None:
    monkeypatch.setattr(official, "memory", lambda: 1.0)
    with pytest.raises(MetapriorError, match=f"has 0.0; {said}$"):
        hold("x", [], (2, 2), 3, size, instead=instead)


@pytest.mark.parametrize("fault", [OSError("a\nb"), EOFError(), ValueError("a"), zlib.error("a")])
def test_what_goes_wrong_names_the_file_in_one_line(fault: Exception) -> None:
    with (
        pytest.raises(MetapriorError, match=r"^f is damaged or no such file: \w+; fetch it again$"),
        reading(Path("f")),
    ):
        raise fault


def test_sizes() -> None:
    with pytest.raises(MetapriorError, match="16, 32 or 64 pixels, not size=48"):
        OfficialOptions(size=48)
