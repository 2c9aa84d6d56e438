"""Sheets for papers and slides: pictures enlarged with hard edges where they are tiny, with labels beside them."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from metaprior.report.pictures import pixels

WANTED = 128
"""Narrower pictures are enlarged, by a whole number of times, to about this many pixels."""
TEXT = 15
GAP = 6
PAPER, INK = 255, 40


def enlarged(picture: UInt8[np.ndarray, "h w *bands"], wanted: int = WANTED) -> np.ndarray:
    """Each pixel as a square of pixels, so that the picture is about ``wanted`` pixels wide; never less than it was.

    >>> enlarged(np.zeros((16, 16), np.uint8)).shape, enlarged(np.zeros((200, 300), np.uint8)).shape
    ((128, 128), (200, 300))
    """
    times = max(1, round(wanted / picture.shape[1]))
    return picture.repeat(times, axis=0).repeat(times, axis=1)


def labelled_tiles(images: Float[Tensor, "n c h w"], labels: Sequence[str]) -> Image.Image:
    """Pictures in rows of equal length, each below its label; a grey sheet for grey pictures."""
    tiles = [enlarged(each) for each in pixels(images)]
    high, wide, bands = tiles[0].shape
    columns = balanced(len(tiles))
    across, down = wide + GAP, high + TEXT + 2 * GAP
    sheet = _blank(columns * across + GAP, -(-len(tiles) // columns) * down + GAP, bands)
    for i, (tile, label) in enumerate(zip(tiles, labels, strict=True)):
        left, top = GAP + i % columns * across, i // columns * down
        _write(sheet, (left, top + GAP), label, room=wide)
        sheet.paste(_image(tile), (left, top + TEXT + 2 * GAP))
    return sheet


def labelled_table(
    images: Float[Tensor, "rows columns c h w"], labels: Sequence[str], heads: Sequence[str] = ()
) -> Image.Image:
    """A table of pictures: a label to the left of each row, and a head above each column where there are heads."""
    rows = [[enlarged(each) for each in pixels(row)] for row in images]
    high, wide, bands = rows[0][0].shape
    margin = GAP + max(int(_font().getlength(label)) for label in labels) + 2 * GAP
    top = TEXT + 2 * GAP if heads else GAP
    sheet = _blank(margin + len(rows[0]) * (wide + GAP), top + len(rows) * (high + GAP), bands)
    for k, head in enumerate(heads):
        middle = margin + k * (wide + GAP) + (wide - int(_font().getlength(head))) // 2
        _write(sheet, (middle, GAP), head, room=wide)
    for i, (row, label) in enumerate(zip(rows, labels, strict=True)):
        above = top + i * (high + GAP)
        _write(sheet, (GAP, above + (high - TEXT) // 2), label, room=margin)
        for k, tile in enumerate(row):
            sheet.paste(_image(tile), (margin + k * (wide + GAP), above))
    return sheet


def plain_grid(images: Float[Tensor, "n c h w"], columns: int) -> Image.Image:
    """Pictures in reading order."""
    tiles = [enlarged(each) for each in pixels(images)]
    high, wide, bands = tiles[0].shape
    sheet = _blank(columns * (wide + GAP) + GAP, -(-len(tiles) // columns) * (high + GAP) + GAP, bands)
    for i, tile in enumerate(tiles):
        sheet.paste(_image(tile), (GAP + i % columns * (wide + GAP), GAP + i // columns * (high + GAP)))
    return sheet


def balanced(count: int) -> int:
    """Columns of a grid that is one to three times as wide as it is high, with the fewest empty places.

    >>> [balanced(n) for n in (1, 3, 6, 8, 10, 12)]
    [1, 3, 3, 4, 5, 4]
    """
    fitting = [columns for columns in range(1, count + 1) if 1 <= columns / -(-count // columns) <= 3]
    return min(fitting, key=lambda columns: (-count % columns, columns))


def _blank(width: int, height: int, bands: int) -> Image.Image:
    return Image.new("L" if bands == 1 else "RGB", (width, height), PAPER if bands == 1 else (PAPER,) * 3)


def _image(tile: UInt8[np.ndarray, "h w bands"]) -> Image.Image:
    return Image.fromarray(tile[:, :, 0] if tile.shape[2] == 1 else tile)


def _write(sheet: Image.Image, place: tuple[int, int], text: str, room: int) -> None:
    while _font().getlength(text) > room and len(text) > 1:
        text = text[:-2] + "…"
    ImageDraw.Draw(sheet).text(place, text, fill=INK if sheet.mode == "L" else (INK,) * 3, font=_font())


@cache
def _font() -> ImageFont.FreeTypeFont:
    import matplotlib

    return ImageFont.truetype(str(Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")), TEXT - 1)
