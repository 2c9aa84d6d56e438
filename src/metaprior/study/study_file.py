"""The file that says what a study is: YAML, of one's own or by the name of a study that comes with the library."""

import itertools
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from metaprior.core import MetapriorError, from_plain, unknown
from metaprior.study.grid import Grid, read_grid, with_also
from metaprior.study.plan import Judging, Study, study_of

_MERGE = "tag:yaml.org,2002:merge"


@dataclass(frozen=True)
class _File:
    """A study file as it is written."""

    name: str
    parts: dict[str, Any]
    about: str = ""
    common: dict[str, Any] = field(default_factory=dict)
    judge: Judging = field(default_factory=Judging)
    desk: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Desk:
    """What is other at desk scale."""

    common: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    """Fields of the grid with other values."""
    also: list[Any] = field(default_factory=list)
    """Fields for some of the points, as in a grid."""
    parts: list[str] | None = None
    """The parts that are kept."""
    judge: dict[str, Any] = field(default_factory=dict)


def read_study(path: str | Path, desk: bool = False) -> Study:
    """The study of a YAML file, or of one that comes with the library, by its name; at desk scale where asked for.

    >>> read_study("few_labels").parts["unsupervised"]
    23040
    """
    plain = _read_yaml(path)
    try:
        return _study_of_file(from_plain(_File, plain), desk)
    except MetapriorError as fault:
        raise MetapriorError(f"{path}: {fault}") from None


def _study_of_file(file: _File, desk: bool) -> Study:
    scale = from_plain(_Desk, file.desk, "desk") if desk else _Desk()
    if desk and not file.desk:
        raise MetapriorError("this study has no desk scale")
    kept = list(file.parts) if scale.parts is None else scale.parts
    if strange := next((name for name in kept if name not in file.parts), None):
        raise unknown("part of the study", strange, file.parts)
    common = file.common | scale.common
    grids = {name: read_grid(file.parts[name], f"parts.{name}", scale.values, common) for name in kept}
    for i, told in enumerate(scale.also):
        grids = _with_also_somewhere(grids, told, f"desk.also[{i}]")
    for name in scale.values:
        if name in common or not any(name in point for grid in grids.values() for point in grid):
            raise MetapriorError(f"desk.values gives '{name}' other values, and no part has that field of its own")
    judging = from_plain(Judging, scale.judge, "judge", base=file.judge)
    return study_of(file.name + "-desk" * desk, grids, judging, file.about)


def _with_also_somewhere(grids: dict[str, Grid], told: Any, where: str) -> dict[str, Grid]:
    """Fields for some points of any part."""
    whole = with_also(tuple(point for grid in grids.values() for point in grid), told, where)
    places = iter(whole)
    found: dict[str, Grid] = {}
    then = len(read_grid(told["then"], f"{where}.then"))
    for name, grid in grids.items():
        many = sum(then if told["when"].items() <= point.items() else 1 for point in grid)
        found[name] = tuple(itertools.islice(places, many))
    return found


def _read_yaml(path: str | Path) -> dict[str, Any]:
    import yaml

    class Strict(yaml.SafeLoader):
        """Refuses a key that is given twice, of which YAML forgets one."""

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            keys = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != _MERGE]
            if twice := next((key for i, key in enumerate(keys) if key in keys[:i]), None):
                raise MetapriorError(f"{path}: the key '{twice}' is given twice")
            return super().construct_mapping(node, deep)

    own = resources.files("metaprior.study") / "studies"
    bare = Path(path).parent == Path() and not Path(path).is_file()
    source = own / f"{Path(path).stem}.yaml" if bare and (own / f"{Path(path).stem}.yaml").is_file() else Path(path)
    try:
        with source.open() as stream:
            plain = yaml.load(stream, Strict)
    except OSError as fault:
        known = ", ".join(sorted(each.name for each in own.iterdir()))
        raise MetapriorError(f"{path} cannot be read: {fault.strerror}; studies at hand: {known}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        told = " ".join(str(fault).split())
        raise MetapriorError(f"{path} is not YAML: {told}") from None
    if not isinstance(plain, dict) or not {"name", "parts"} <= plain.keys():
        raise MetapriorError(f"{path} must be a mapping with a name and parts, each part a grid")
    return plain
