"""Typed configs to and from plain data, strictly: an unknown key or a wrong type is an error with a hint."""

import dataclasses
import functools
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


def from_plain(kind: type[T], plain: Any, where: str = "config", base: T | None = None) -> T:
    """The dataclass that ``plain`` describes; what it leaves out is taken from ``base`` or the defaults.

    >>> from metaprior.core import SGD
    >>> from_plain(SGD, {"lr": 0.5, "momentun": 0.9})
    Traceback (most recent call last):
    metaprior.core.errors.MetapriorError: unknown key in config 'momentun'; did you mean 'momentum'?
    """
    if not isinstance(plain, dict):
        raise MetapriorError(f"{where} must be an object with keys, not {plain!r}")
    known = _fields(kind)
    values = {}
    for key, value in plain.items():
        if key not in known:
            if home := _home(known, key, where):
                raise MetapriorError(f"unknown key in {where} '{key}'; it lies in {home}")
            raise unknown(f"key in {where}", key, known)
        values[key] = _convert(known[key], value, f"{where}.{key}", getattr(base, key, None))
    try:
        return dataclasses.replace(base, **values) if base is not None else kind(**values)  # pyright: ignore
    except TypeError as fault:
        raise MetapriorError(f"{where}: {fault}") from None


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
        inner, place = _fields(hint), f"{where}.{name}"
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
        raise MetapriorError(f"{where}: {str(fault)[0].lower()}{str(fault)[1:]}, got {value!r}") from None
