"""The string that names data everywhere: ``name:option=value,option=value`` → a name and typed options."""

import dataclasses
import types
import typing
from typing import Any, TypeVar

from metaprior.core import MetapriorError, unknown

Options = TypeVar("Options")


def split_name(text: str) -> tuple[str, dict[str, str]]:
    """The name and the still untyped options of a data string.

    >>> split_name("dsprites:size=16,orientation=8")
    ('dsprites', {'size': '16', 'orientation': '8'})
    """
    name, _, rest = text.strip().partition(":")
    given: dict[str, str] = {}
    for piece in filter(None, (part.strip() for part in rest.split(","))):
        key, equals, value = (part.strip() for part in piece.partition("="))
        if not (key and equals and value):
            raise MetapriorError(f"cannot read '{piece}' in '{text}'; write name:option=value,option=value")
        if key in given:
            raise MetapriorError(f"option '{key}' is given twice in '{text}'")
        given[key] = value
    return name, given


def parse(kind: type[Options], given: dict[str, str], name: str) -> Options:
    """A typed options dataclass of data set ``name`` from text values."""
    hints = typing.get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(typing.cast(Any, kind))}
    for key in given:
        if key not in fields:
            raise unknown(f"option of {name}", key, fields) if fields else MetapriorError(f"{name} has no options")
    missing = [key for key, field in fields.items() if field.default is dataclasses.MISSING and key not in given]
    if missing:
        raise MetapriorError(f"'{name}' needs {missing[0]}=…, as in '{name}:{missing[0]}=VALUE'")
    return kind(**{key: _typed(value, hints[key], f"{name}:{key}") for key, value in given.items()})


def _typed(value: str, hint: Any, where: str) -> Any:
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if type(None) in kinds and value == "none":
        return None
    kind = next(k for k in kinds if k is not type(None))
    try:
        if kind is bool:
            return {"true": True, "false": False}[value.lower()]
        return kind(value)
    except (ValueError, KeyError):
        nouns = {int: "a whole number", float: "a number", bool: "true or false"}
        raise MetapriorError(f"{where} is {nouns.get(kind, kind.__name__)}, not '{value}'") from None
