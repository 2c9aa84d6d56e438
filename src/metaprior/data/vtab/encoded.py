"""Pictures that are decoded from files' bytes when they are read."""

from collections.abc import Callable, Sequence
from pathlib import Path

from metaprior.core import MetapriorError
from metaprior.data.pictures import decode
from metaprior.data.vtab.examples import Pictures, fingerprint


def pictures_of_encoded(
    origin: str,
    keys: Sequence[str],
    encoded: Callable[[int], bytes],
    where: Callable[[int], str],
    made_from: Sequence[Path] | None = None,
) -> Pictures:
    """Pictures of PNG, JPEG or WebP bytes; ``where`` names the i-th in errors; it may be ``made_from`` another file."""
    prints = None if made_from is None else lambda i: fingerprint(content(made_from[i]))
    return Pictures(origin, keys, lambda i: decode(encoded(i), where(i)), encoded, prints)


def pictures_of_files(origin: str, keys: Sequence[str], files: Sequence[Path]) -> Pictures:
    """Pictures of one file each."""
    return pictures_of_encoded(origin, keys, lambda i: content(files[i]), lambda i: str(files[i]))


def content(file: Path) -> bytes:
    """The bytes of a file, or an error that names it."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise MetapriorError(f"cannot read {file}: {error.strerror or error}; fetch it again") from error
