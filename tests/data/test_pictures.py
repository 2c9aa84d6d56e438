"""Encoded pictures: what grey becomes that is not of 8 bits."""

import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, PngImagePlugin

from metaprior.core import MetapriorError
from metaprior.data.pictures import decode

RAMP = np.linspace(0, 65535, 256).round().astype(np.uint16)
"""0, 257, 514 … 65535: the 16-bit levels that are exactly those of 8 bits."""


def tiff(kind: str, bits: int, rows: int, content: bytes, *, photometric: int = 1, sample: int = 1) -> bytes:
    """Grey of 256 pixels a row in the least of a TIFF; ``kind`` is ``<`` or ``>``, the order of bytes.

    ``photometric`` is 0 where white is 0, 1 where black is; ``sample`` is 1 for unsigned integers, 2 for signed ones.
    """
    tags = {256: 256, 257: rows, 258: bits, 259: 1, 262: photometric, 273: 0, 277: 1, 278: rows, 279: len(content)}
    tags[339] = sample
    tags[273] = 8 + 2 + 12 * len(tags) + 4
    entries = b"".join(struct.pack(f"{kind}HHII", tag, 4, 1, value) for tag, value in tags.items())
    order = b"II" if kind == "<" else b"MM"
    return order + struct.pack(f"{kind}HIH", 42, 8, len(tags)) + entries + bytes(4) + content


def written(path: Path, levels: np.ndarray) -> Path:
    """One row of 16-bit grey in the format that the name says."""
    match path.name:
        case "little.tif" | "big.tif":
            kind = "<" if path.stem == "little" else ">"
            path.write_bytes(tiff(kind, 16, 1, levels.astype(f"{kind}u2").tobytes()))
        case "a.pgm":
            path.write_bytes(b"P5 256 1 65535\n" + levels.astype(">u2").tobytes())
        case _:
            Image.fromarray(levels[None].astype(np.uint16)).save(path)
    return path


@pytest.mark.parametrize("name", ["a.png", "a.pgm", "a.tif", "little.tif", "big.tif"])
def test_16_bit_grey_is_scaled(tmp_path: Path, name: str) -> None:
    pixels = decode(written(tmp_path / name, RAMP), name)
    assert pixels.dtype == torch.uint8
    assert pixels.tolist() == [[list(range(256))]]
    assert torch.equal(decode(tmp_path / name, name, channels=3), pixels.expand(3, 1, 256))
    assert torch.equal(decode((tmp_path / name).read_bytes(), name), pixels)


def test_16_bit_grey_is_rounded(tmp_path: Path) -> None:
    levels = np.arange(256, dtype=np.uint16) * 251 + 17
    pixels = decode(written(tmp_path / "a.png", levels), "a.png")
    assert pixels.flatten().tolist() == (levels / 257).round().astype(int).tolist()


def test_a_png_that_pillow_opens_as_32_bit_integers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Pillow before 10.3 does."""
    monkeypatch.setitem(PngImagePlugin._MODES, (16, 0), ("I", "I;16B"))
    path = written(tmp_path / "a.png", RAMP)
    with Image.open(path) as picture:
        assert picture.mode == "I"
    assert decode(path, "a.png").flatten().tolist() == list(range(256))


def test_10_bit_grey_of_a_pgm(tmp_path: Path) -> None:
    (tmp_path / "a.pgm").write_bytes(b"P5 3 1 1023\n" + np.array([0, 512, 1023], dtype=">u2").tobytes())
    assert decode(tmp_path / "a.pgm", "a.pgm").flatten().tolist() == [0, 128, 255]


def test_12_bit_grey_of_a_tiff(tmp_path: Path) -> None:
    levels = (np.arange(256) * 4095 + 127) // 255
    pairs = levels.reshape(-1, 2)
    packed = np.stack([pairs[:, 0] >> 4, (pairs[:, 0] & 15) << 4 | pairs[:, 1] >> 8, pairs[:, 1] & 255], axis=1)
    (tmp_path / "a.tif").write_bytes(tiff("<", 12, 1, packed.astype(np.uint8).tobytes()))
    assert decode(tmp_path / "a.tif", "a.tif").flatten().tolist() == list(range(256))


@pytest.mark.parametrize("bits", [8, 16])
def test_grey_whose_zero_is_white_is_turned(bits: int) -> None:
    levels = np.arange(256) if bits == 8 else RAMP
    content = tiff("<", bits, 1, levels.astype(f"<u{bits // 8}").tobytes(), photometric=0)
    assert decode(content, "a.tif").flatten().tolist() == list(range(255, -1, -1))


def test_signed_grey_is_refused() -> None:
    with pytest.raises(MetapriorError, match=r"a\.tif holds 32-bit or signed integers, which do not say"):
        decode(tiff("<", 16, 1, RAMP.tobytes(), sample=2), "a.tif")


@pytest.mark.parametrize(("kind", "message"), [(np.float32, "floating-point numbers"), (np.int32, "32-bit or signed")])
@pytest.mark.parametrize("channels", [None, 1, 3])
def test_numbers_without_black_and_white_are_refused(
    tmp_path: Path, kind: type, message: str, channels: int | None
) -> None:
    path = tmp_path / "a.tif"
    Image.fromarray(np.linspace(0, 1, 12).reshape(3, 4).astype(kind)).save(path)
    with pytest.raises(MetapriorError, match=rf"a\.tif holds {message}.* save it as 8-bit or 16-bit grey") as error:
        decode(path, str(path), channels=channels)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("mode", "channels"), [("1", 1), ("L", 1), ("LA", 3), ("P", 3), ("RGB", 3), ("RGBA", 3), ("CMYK", 3)]
)
def test_pictures_of_bytes_are_as_pillow_has_them(tmp_path: Path, mode: str, channels: int) -> None:
    colours = np.random.default_rng(0).integers(0, 256, (3, 4, 3), dtype=np.uint8)
    picture = Image.fromarray(colours).convert(mode)
    picture.save(tmp_path / "a.tif")
    expected = np.asarray(picture.convert("L" if channels == 1 else "RGB"))
    assert np.array_equal(
        decode(tmp_path / "a.tif", "a.tif").numpy(), expected.reshape(3, 4, channels).transpose(2, 0, 1)
    )
