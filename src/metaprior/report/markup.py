"""Pages from templates: what all of them share."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from metaprior.files import whole
from metaprior.report import words
from metaprior.report.scores import lacking


def filled(template: str, *, style: str, script: str, **values: Any) -> str:
    """The page of a template, with its style and its script inside.

    Only this very script may run, and nothing may be fetched: what a run's files hold cannot change that.
    """
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    return _environment().get_template(template).render(style=style, script=script, policy=policy, **values)


def written(text: str, path: Path) -> Path:
    """The page as a file, whole or not there."""
    with whole(Path(path)) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return Path(path)


def template_file(name: str) -> str:
    """A file of the folder of templates."""
    return files("metaprior.report").joinpath("template", name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(template_file),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: Mapping[str, Any] = {
        "code_name": words.code_name,
        "number": words.number,
        "signed": words.signed,
        "plain": words.plain,
        "plain_name": words.plain_name,
        "lacking": lacking,
    }
    environment.filters |= filters
    environment.globals |= {"title": words.title, "labels": words.labels}
    return environment
