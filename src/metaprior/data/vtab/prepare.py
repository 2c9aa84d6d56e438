"""A task's pictures and splits, from whatever source is present, in one layout on the disk."""

import io
import json
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from metaprior.core import MetapriorError
from metaprior.data.pictures import decode
from metaprior.data.vtab.examples import Examples, Pictures
from metaprior.data.vtab.sources.listed import ALIASES, LISTS, UNIONS, write_list
from metaprior.data.vtab.sources.prepared import (
    MANIFEST,
    UNFINISHED,
    Manifest,
    Split,
    keys_file,
    keys_sha256,
    manifest_text,
    read_manifests,
    read_prepared,
)
from metaprior.data.vtab.task import MissingTask, Setting, Task, TaskData
from metaprior.files import unwritable, whole

ENDINGS = {b"\x89PNG": ".png", b"\xff\xd8": ".jpg", b"RIFF": ".webp"}
"""The endings of files by how they begin; pictures of other kinds are written as PNG."""
Progress = Callable[[str, int, int], None]
"""Is told the name of a task, how many pictures are written, and of how many."""


@dataclass(frozen=True)
class Prepared:
    """What became of a task: ``written`` now, ``there`` already, ``missing`` or ``failed``, with the reason."""

    task: str
    state: Literal["written", "there", "missing", "failed"]
    path: Path
    pictures: int = 0
    reason: str = ""


def prepare(
    folder: Path, out: Path, tasks: Iterable[Task], setting: Setting = "1k", progress: Progress | None = None
) -> list[Prepared]:
    """Write the splits of each task below ``out`` from the first source of it below ``folder``; nothing is downloaded.

    A task whose data are missing, or that cannot be read or written, is told with the reason, and the others are
    written. What was interrupted goes on where it stopped.
    """
    return [_prepare(folder, out, task, setting, progress) for task in tasks]


def task_folder(task: str, out: Path) -> Path:
    """Where a task is written: under its usual name in VTAB-1k if it has one."""
    return out / ALIASES.get(task, (task,))[0]


def prepare_task(data: TaskData, out: Path, setting: Setting = "1k", progress: Progress | None = None) -> Prepared:
    """Write one task, whatever it came from, and read it back. What is there already is compared, and mended.

    The folder has ``images/``, the lists of VTAB-1k, the keys of each list, and ``manifest.json``, which appears last.
    Pictures are the files of the source where it has them, else PNG: either way nothing is lost.
    """
    path = task_folder(data.name, out)
    if not path.resolve().is_relative_to(out.resolve()):
        raise MetapriorError(f"{data.name} would be written outside {out}; give the task another name")
    splits = dict(zip(LISTS[setting], (data.train, data.val, data.test), strict=True))
    manifest = Manifest(
        data.name, data.test.classes, data.source, data.caveat, {name: _split(its) for name, its in splits.items()}
    )
    count = sum(map(len, splits.values()))
    try:
        finished = _finished(path, manifest)
        there = finished.get(setting)
        if not there:
            _begin(path, setting, manifest, finished)
        known = {name for each in finished.values() for name in each.splits}
        done, changed, lists = 0, 0, {}
        for name, examples in splits.items():
            paths = []
            for place in range(len(examples)):
                written, new = _write(path, f"images/{name}/{place:06d}", examples.pictures, place, name in known)
                paths.append(written)
                done, changed = done + 1, changed + new
                if progress:
                    progress(data.name, done, count)
            lists[name] = (paths, examples.labels)
        if there and _bare(there) == manifest and not changed and _reads_back(path, setting, data):
            return Prepared(data.name, "there", path, count)
        _finish(path, setting, manifest, lists, splits, finished)
    except OSError as error:
        raise unwritable(path, error) from error
    _check(read_prepared(path, setting), data)
    return Prepared(data.name, "written", path, count)


def _prepare(folder: Path, out: Path, task: Task, setting: Setting, progress: Progress | None) -> Prepared:
    path = task_folder(task.name, out)
    try:
        return prepare_task(task.load(folder, setting), out, setting, progress)
    except MissingTask as error:
        return Prepared(task.name, "missing", path, reason=str(error))
    except MetapriorError as error:
        return Prepared(task.name, "failed", path, reason=str(error))


def _split(examples: Examples) -> Split:
    if broken := next((key for key in examples.pictures.keys if len(key.splitlines()) != 1), None):
        raise MetapriorError(f"the key {broken!r} of {examples.pictures.origin} is not one line")
    return Split(len(examples), examples.pictures.origin, keys_sha256(examples.pictures.keys))


def _finished(path: Path, manifest: Manifest) -> dict[Setting, Manifest]:
    """What is there of the task, by setting; an error if anything else is, of which nothing is touched."""
    manifests = read_manifests(path)
    if not manifests and not any(path.glob(UNFINISHED.format(setting="*"))) and path.is_dir() and any(path.iterdir()):
        raise MetapriorError(f"{path} has files that prepare did not write; prepare into another folder")
    for old in manifests.values():
        for name, split in old.splits.items():
            if name in manifest.splits and replace(split, list_sha256="") != manifest.splits[name]:
                raise MetapriorError(
                    f"{path} holds {old.task} prepared from {old.source}, and {manifest.source} is not the same; "
                    "delete the folder, or prepare into another one"
                )
    return manifests


def _bare(manifest: Manifest) -> Manifest:
    """Without the hashes of lists, which are known when these are written."""
    return replace(manifest, splits={name: replace(its, list_sha256="") for name, its in manifest.splits.items()})


def _begin(path: Path, setting: Setting, manifest: Manifest, finished: dict[Setting, Manifest]) -> None:
    """Note what is being written; pictures that an interrupted run wrote of anything else are deleted."""
    note = path / UNFINISHED.format(setting=setting)
    text = json.dumps(asdict(manifest), indent=1)
    path.mkdir(parents=True, exist_ok=True)
    if note.is_file() and note.read_text() == text:
        return
    for name in manifest.splits.keys() - {name for each in finished.values() for name in each.splits}:
        shutil.rmtree(path / "images" / name, ignore_errors=True)
    with whole(note) as temporary:
        temporary.write_text(text)


def _reads_back(path: Path, setting: Setting, data: TaskData) -> bool:
    first, second, _ = (path / f"{name}.txt" for name in LISTS[setting])
    try:
        _check(read_prepared(path, setting), data)
        return (path / f"{UNIONS[setting]}.txt").read_bytes() == first.read_bytes() + second.read_bytes()
    except (MetapriorError, OSError):
        return False


def _write(path: Path, stem: str, pictures: Pictures, place: int, compare: bool) -> tuple[str, bool]:
    """Write a picture unless it is there; its path from the task's folder, and whether it was written.

    A file is whole or not there; ``compare`` has its content looked at too. The source's file is decoded before, so
    that a damaged one is found now.
    """
    there = next((file for its in ENDINGS.values() if (file := path / f"{stem}{its}").is_file()), None)
    if there and not compare:
        return str(there.relative_to(path)), False
    content = pictures.encoded(place)
    ending = next((its for magic, its in ENDINGS.items() if content and content.startswith(magic)), None)
    if content is None or ending is None:
        content, ending = _png(pictures, place), ".png"
    else:
        decode(content, f"{pictures.keys[place]}, {pictures.origin},")
    file = path / f"{stem}{ending}"
    if there is not None and there == file and there.read_bytes() == content:
        return f"{stem}{ending}", False
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    temporary.write_bytes(content)
    temporary.replace(file)
    return f"{stem}{ending}", True


def _png(pictures: Pictures, place: int) -> bytes:
    pixels = pictures[place].numpy()
    file = io.BytesIO()
    Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0)).save(file, "PNG")
    return file.getvalue()


def _finish(
    path: Path,
    setting: Setting,
    manifest: Manifest,
    lists: dict[str, tuple[list[str], np.ndarray]],
    splits: dict[str, Examples],
    finished: dict[Setting, Manifest],
) -> None:
    """The lists and keys, then the manifest; what a killed run was just writing is deleted."""
    for left in (path / "images").rglob(".*.tmp"):
        left.unlink(missing_ok=True)
    (first, first_labels), (second, second_labels), _ = lists.values()
    union = {UNIONS[setting]: (first + second, np.concatenate([first_labels, second_labels]))}
    hashed = {}
    for name, (paths, labels) in (lists | union).items():
        with whole(path / f"{name}.txt") as temporary:
            write_list(temporary, paths, labels)
        hashed[name] = sha256((path / f"{name}.txt").read_bytes()).hexdigest()
    for name, examples in splits.items():
        with whole(keys_file(path, name)) as temporary:
            temporary.write_text("".join(f"{key}\n" for key in examples.pictures.keys))
    complete = replace(
        manifest, splits={name: replace(its, list_sha256=hashed[name]) for name, its in manifest.splits.items()}
    )
    with whole(path / MANIFEST) as temporary:
        temporary.write_text(manifest_text({**finished, setting: complete}))
    (path / UNFINISHED.format(setting=setting)).unlink(missing_ok=True)


def _check(read: TaskData, data: TaskData) -> None:
    """What was written, against what was to be written: keys and labels of all, pixels of the first of each split."""
    for old, new in zip((data.train, data.val, data.test), (read.train, read.val, read.test), strict=True):
        same = list(old.pictures.keys) == list(new.pictures.keys) and (old.labels == new.labels).all()
        if not same or (len(old) and not old.pictures[0].equal(new.pictures[0])):
            raise MetapriorError(f"{read.source}: it does not read back as it was written; check the disk")
