import numpy as np
import pytest
import torch

from metaprior.report.sheets import GAP, PAPER, TEXT, balanced, enlarged, labelled_table, labelled_tiles, plain_grid


def test_tiny_pictures_grow_with_hard_edges_and_large_ones_stay() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    large = enlarged(picture)
    assert large.shape == (128, 128, 3)
    assert (large[::8, ::8] == picture).all()
    assert (large[7::8, 7::8] == picture).all()
    wide = np.zeros((100, 224), np.uint8)
    assert enlarged(wide) is not None
    assert enlarged(wide).shape == wide.shape


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_every_picture_lies_below_its_label(channels: int, mode: str) -> None:
    images = torch.rand(6, channels, 16, 16)
    sheet = labelled_tiles(images, [f"z{i}" for i in range(6)])
    assert sheet.mode == mode
    pixels = np.asarray(sheet).reshape(sheet.height, sheet.width, -1)
    expected = (images * 255).round().byte().permute(0, 2, 3, 1).numpy()
    for i in range(6):
        left, top = GAP + i % 3 * (128 + GAP), i // 3 * (128 + TEXT + 2 * GAP)
        label = pixels[top + GAP : top + GAP + TEXT, left : left + 128]
        assert label.min() < 100
        tile = pixels[top + TEXT + 2 * GAP :, left:][:128:8, :128:8]
        assert (tile == expected[i]).all()


def test_a_label_that_is_too_long_is_cut_and_spills_into_no_other() -> None:
    sheet = np.asarray(labelled_tiles(torch.zeros(2, 1, 16, 16), ["a very long name of a factor " * 3, ""]))
    assert (sheet[: TEXT + GAP, GAP + 128 :] == PAPER).all()


def test_rows_have_their_label_to_the_left_and_columns_their_head_above() -> None:
    images = torch.rand(2, 3, 1, 16, 16)
    with_heads = labelled_table(images, ["z0", "z1 position x"], ["−1", "0", "1"])
    without = labelled_table(images, ["z0", "z1 position x"])
    assert with_heads.width == without.width
    assert with_heads.height == without.height + TEXT + GAP
    pixels = np.asarray(with_heads)
    last = pixels[-GAP - 128 : -GAP : 8, -GAP - 128 : -GAP : 8]
    assert (last == (images[1, 2, 0] * 255).round().byte().numpy()).all()


def test_a_grid_holds_every_picture_in_reading_order() -> None:
    images = torch.linspace(0, 1, 6).view(6, 1, 1, 1).expand(-1, 1, 8, 8)
    pixels = np.asarray(plain_grid(images, columns=3))
    centres = [pixels[70 + i // 3 * 134, 70 + i % 3 * 134] for i in range(6)]
    assert centres == [0, 51, 102, 153, 204, 255]


@pytest.mark.parametrize("count", range(1, 65))
def test_no_row_of_a_balanced_grid_is_empty(count: int) -> None:
    columns = balanced(count)
    rows = -(-count // columns)
    assert rows <= columns <= 3 * rows
