"""What :func:`metaprior.data.vtab.prepare.prepare` wrote: pictures without loss, lists, keys and a manifest."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import msgspec

from metaprior.core import MetapriorError
from metaprior.data.vtab.encoded import content, pictures_of_files
from metaprior.data.vtab.examples import Examples
from metaprior.data.vtab.sources.listed import LISTS, folders, read_list
from metaprior.data.vtab.sources.source import Found, Source
from metaprior.data.vtab.task import Setting, Task, TaskData

MANIFEST = "manifest.json"
FORMAT = "metaprior-vtab-1"
UNFINISHED = "preparing-{setting}.json"
"""What is being written, until the manifest tells what was."""


@dataclass(frozen=True)
class Split:
    """What one list must hold: how many pictures, from where, and the SHA-256 of their keys and of the list."""

    count: int
    origin: str
    keys_sha256: str
    list_sha256: str = ""


@dataclass(frozen=True)
class Manifest:
    """One setting of a task: where it was read from, and its splits by the names of their lists."""

    task: str
    classes: int
    source: str
    caveat: str
    splits: dict[str, Split]


def read_manifests(path: Path) -> dict[Setting, Manifest]:
    """The manifests of a task's folder by setting; none where there is no file."""
    file = path / MANIFEST
    if not file.is_file():
        return {}
    try:
        told = json.loads(file.read_text())
        if told["format"] != FORMAT:
            raise ValueError(f"its format is {told['format']}")
        found = msgspec.convert(told["settings"], dict[Setting, Manifest])
        for setting, manifest in found.items():
            if missing := set(LISTS[setting]).difference(manifest.splits):
                raise ValueError(f"the setting {setting} lacks {', '.join(sorted(missing))}")
        return found
    except (ValueError, KeyError, TypeError, AttributeError, msgspec.ValidationError) as error:
        raise MetapriorError(
            f"{file} is not a manifest that can be read: {error}; delete its folder and prepare the task again"
        ) from error


def manifest_text(manifests: dict[Setting, Manifest]) -> str:
    """The manifests as they are written."""
    settings = {setting: asdict(manifest) for setting, manifest in manifests.items()}
    return json.dumps({"format": FORMAT, "settings": settings}, indent=1)


def keys_file(path: Path, name: str) -> Path:
    """Where the keys of a list are, one a line."""
    return path / f"keys-{name}.txt"


def keys_sha256(keys: Sequence[str]) -> str:
    """The SHA-256 of keys, each followed by a line feed, in hexadecimal."""
    return sha256("".join(f"{key}\n" for key in keys).encode()).hexdigest()


def find(task: Task, folder: Path, setting: Setting) -> Found | None:
    """The first folder of the task that has a manifest with the setting."""
    paths = [folder / name for name in folders(task.name)]
    if whole := next((path for path in paths if setting in read_manifests(path)), None):
        return Found(whole)
    if begun := next((path for path in paths if (path / UNFINISHED.format(setting=setting)).is_file()), None):
        return Found(begun, "what an interrupted run had still to write: prepare it again")
    there = next((path for path in paths if (path / MANIFEST).is_file()), None)
    return Found(there, f"the setting {setting}: prepare it") if there else None


def load(task: Task, path: Path, setting: Setting) -> TaskData:
    """The task as it was prepared; an error where the folder holds another one."""
    data = read_prepared(path, setting)
    if data.name != task.name:
        raise MetapriorError(f"{path} holds {data.name}, not {task.name}; give it back the name it was prepared under")
    return data


def read_prepared(path: Path, setting: Setting) -> TaskData:
    """The task in a folder, of VTAB or not, after the lists and keys are checked against the manifest."""
    manifest = read_manifests(path).get(setting)
    if manifest is None:
        raise MetapriorError(f"{path} holds no task that was prepared in the setting {setting}")
    train, val, test = (_examples(path, name, manifest.splits[name], manifest.classes) for name in LISTS[setting])
    return TaskData(manifest.task, train, val, test, f"prepared in {path} from {manifest.source}", manifest.caveat)


def _examples(path: Path, name: str, split: Split, classes: int) -> Examples:
    file = path / f"{name}.txt"
    paths, labels = read_list(file)
    keys = content(keys_file(path, name)).decode().splitlines()
    if len(paths) != split.count or sha256(content(file)).hexdigest() != split.list_sha256:
        raise MetapriorError(f"{file} is not what was prepared ({split.count:,} pictures); prepare the task again")
    if keys_sha256(keys) != split.keys_sha256:
        raise MetapriorError(f"{keys_file(path, name)} is not what was prepared; prepare the task again")
    return Examples(pictures_of_files(split.origin, keys, [path / each for each in paths]), labels, classes)


PREPARED = Source("prepared", "what prepare wrote", find, load)
