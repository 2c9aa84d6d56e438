"""Typed configs to and from plain data, strictly: an unknown key or a wrong type is an error with a hint."""

import dataclasses
import functools
import re
from typing import Any, TypeVar, get_type_hints

import msgspec

from metaprior.core.errors import MetapriorError, unknown
from metaprior.core.schedule import Scalar, Schedule, parse_scalar

T = TypeVar("T")


def to_plain(config: Any) -> Any:
    """A dataclass as dictionaries, lists, numbers and strings; schedules as their text.

    >>> from metaprior.core import Adam, Linear
    >>> to_plain(Adam(lr=Linear(0.0, 1.0, steps=5)))["lr"]
    'linear(start=0.0, end=1.0, steps=5)'
    """
    if isinstance(config, Schedule):
        return str(config)
    if dataclasses.is_dataclass(config):
        return {f.name: to_plain(getattr(config, f.name)) for f in dataclasses.fields(config)}
    if isinstance(config, tuple | list):
        return [to_plain(item) for item in config]
    return config


def from_plain(kind: type[T], plain: Any, where: str = "", base: T | None = None) -> T:
    """The dataclass that ``plain`` describes; what it leaves out is taken from ``base`` or the defaults.

    Errors name fields as they are written: ``loop.seed``, below ``where``.

    >>> from metaprior.core import SGD
    >>> from_plain(SGD, {"lr": 0.5, "momentun": 0.9})
    Traceback (most recent call last):
    metaprior.core.errors.MetapriorError: unknown key 'momentun'; did you mean 'momentum'?
    """
    if not isinstance(plain, dict):
        raise MetapriorError(f"{where or 'a config'} must be a mapping with keys, not {plain!r}")
    known = _fields(kind)
    values = {}
    for key, value in plain.items():
        if key not in known:
            if home := _home(known, key, where):
                raise MetapriorError(f"unknown key '{_below(where, key)}'; it lies in {home}")
            raise unknown("key", str(key), known, within=where)
        values[key] = _convert(known[key], value, _below(where, key), getattr(base, key, None))
    try:
        return dataclasses.replace(base, **values) if base is not None else kind(**values)  # pyright: ignore
    except TypeError as fault:
        raise MetapriorError(f"{where or 'a config'}: {fault}") from None


def _below(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


@functools.cache
def _fields(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {f.name: hints[f.name] for f in dataclasses.fields(kind)}


def _nested(hint: Any) -> bool:
    return dataclasses.is_dataclass(hint) and isinstance(hint, type) and not issubclass(hint, Schedule)


def _home(known: dict[str, Any], key: str, where: str) -> str | None:
    """The nested object that a key belongs to, if one has it: where a config of an earlier version is flatter."""
    for name, hint in known.items():
        if not _nested(hint):
            continue
        inner, place = _fields(hint), _below(where, name)
        if home := place if key in inner else _home(inner, key, place):
            return home
    return None


def _convert(hint: Any, value: Any, where: str, base: Any) -> Any:
    if _nested(hint):
        return from_plain(hint, value, where, base)
    if hint == Scalar:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise MetapriorError(f"{where}: expected a number or a schedule, got {value!r}")
        return parse_scalar(value)
    try:
        return msgspec.convert(value, hint)
    except msgspec.ValidationError as fault:
        raise MetapriorError(_in_words(str(fault), where, value)) from None


def _in_words(fault: str, where: str, value: Any) -> str:
    """What does not fit its type: with the value in place of the value's type, and types as YAML calls them.

    >>> _in_words("Expected `int`, got `str`", "loop.seed", "abc")
    "loop.seed: expected `int`, got 'abc'"
    >>> _in_words("Expected `object`, got `array` - at `$[1]`", "labels", [{}, []])
    'labels[1]: expected `mapping`, got `list`'
    """
    fault = re.sub(r"`[^`]*`", lambda types: types[0].replace("object", "mapping").replace("array", "list"), fault)
    said, _, place = fault.partition(" - at `$")
    if not place:
        said = re.sub(r"(?<=, got )`\w+`$", lambda _: "null" if value is None else repr(value), said)
    return f"{where}{place.rstrip('`')}: {said[0].lower()}{said[1:]}"
