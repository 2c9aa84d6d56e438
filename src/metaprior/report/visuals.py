"""The files that a paper or a slide needs of a run: pictures, animations, effects of factors, matrices of scores."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from metaprior.core import MetapriorError
from metaprior.files import whole
from metaprior.report.animations import CYCLES, FRAMES, animation, gif
from metaprior.report.codes import SILENT, activity, typical
from metaprior.report.examples import extent
from metaprior.report.figures import FileFormat, drawn, effects_figure, matrix_figure
from metaprior.report.pictures import encoded, reconstructions, samples, traversals
from metaprior.report.scores import judge_command
from metaprior.report.sheets import labelled_table, plain_grid
from metaprior.report.tables import MATRICES, code_order, heat_map
from metaprior.report.view import RunView, draws_pictures
from metaprior.report.words import plain_name, tick

PICTURES = 64
"""Pairs of reconstructions, and samples."""
ACROSS = 16
STEPS = 11
"""Pictures of a traversal."""

Files: TypeAlias = dict[str, bytes]
"""Contents of files by name."""


@dataclass(frozen=True)
class Visuals:
    """The files that were written, and why others were not, by what they would have shown."""

    files: tuple[Path, ...]
    left_out: Mapping[str, str]


def visualize(
    run: RunView, out: Path, span: tuple[float, float] = (-1.0, 1.0), file_format: FileFormat = "png"
) -> Visuals:
    """Write into the folder ``out`` all that can be drawn of a run; each file is whole or not there.

    Traversals go through 11 values over ``span``. Figures are of ``file_format``; pictures are PNG, animations GIF.
    """
    if not (np.isfinite(span).all() and span[0] < span[1]):
        raise MetapriorError(f"a traversal goes from a smaller to a larger number, not from {span[0]:g} to {span[1]:g}")
    parts: dict[str, Callable[[], Files]] = {
        "reconstructions": lambda: paired(run),
        "samples": lambda: sampled(run),
        "traversals": lambda: traversed(run, span),
        "animations": lambda: animated(run),
        "effects of factors": lambda: affected(run, file_format),
        "matrices": lambda: judged(run, file_format),
    }
    files: list[Path] = []
    left_out: dict[str, str] = {}
    for what, draw in parts.items():
        try:
            contents = draw()
        except MetapriorError as reason:
            left_out[what] = str(reason)
            continue
        for name, content in contents.items():
            with whole(out / name) as temporary:
                temporary.write_bytes(content)
            files.append(out / name)
    return Visuals(tuple(files), left_out)


def paired(run: RunView) -> Files:
    """64 examples in rows of 16, each row above its reconstructions."""
    model, images = model_of(run), images_of(run)[:PICTURES]
    again = reconstructions(model, images)
    blocks = zip(images.split(ACROSS), again.split(ACROSS), strict=True)
    rows = [_filled(row) for pair in blocks for row in pair]
    labels = ["original", "reconstruction"] * (len(rows) // 2)
    return {"reconstructions.png": _png(labelled_table(torch.stack(rows), labels))}


def sampled(run: RunView) -> Files:
    """64 images of the model's own making."""
    if not draws_pictures(run):
        raise MetapriorError("what the model draws are no pictures")
    return {"samples.png": _png(plain_grid(samples(model_of(run), PICTURES), columns=8))}


def traversed(run: RunView, span: tuple[float, float]) -> Files:
    """One row a code, 11 values over the span."""
    values = torch.linspace(*span, STEPS)
    code, order, labels = start_of(run)
    images = traversals(model_of(run), code, values)[order]
    return {"traversals.png": _png(labelled_table(images, labels, [tick(v) for v in values.tolist()]))}


def animated(run: RunView) -> Files:
    """The five cycles of the studies, all codes in each."""
    model = model_of(run)
    if run.examples is None:
        raise MetapriorError("no examples of the data were encoded, so it is not known how far their codes go")
    code, order, labels = start_of(run)
    seen, start = extent(run.examples), code.double().numpy()
    found = {name: cycle.values(start, seen, FRAMES) for name, cycle in CYCLES.items()}
    return {f"cycle-{name}.gif": gif(animation(model, code, values, order, labels)) for name, values in found.items()}


def affected(run: RunView, file_format: FileFormat) -> Files:
    """Every code against every factor."""
    if run.effects is None:
        raise MetapriorError("the data have no factors" if run.examples else "no examples of the data were encoded")
    return {f"effects.{file_format}": drawn(effects_figure(run.effects, code_order(run)), file_format)}


def judged(run: RunView, file_format: FileFormat) -> Files:
    """The matrices that the run's scores hold."""
    order = code_order(run)
    tables = {name: heat_map(run, name, order) for name in MATRICES}
    figures = {name: matrix_figure(table, MATRICES[name]) for name, table in tables.items() if table is not None}
    if not figures:
        known = (run.config.get("data_spec") or {}).get("factor_sizes")
        hint = f"; to get some: {judge_command(run)}" if known else ", and the data have no factors"
        raise MetapriorError(f"the run's scores hold none{hint}")
    return {
        f"matrix-{name.replace('_', '-')}.{file_format}": drawn(each, file_format) for name, each in figures.items()
    }


def start_of(run: RunView) -> tuple[Tensor, list[int], list[str]]:
    """The codes of the most typical example, the order to show codes in, and a label for each in that order."""
    codes = encoded(model_of(run), images_of(run)).float()
    table = heat_map(run, "mutual_information")
    table = table if table is not None and len(table.rows) == codes.shape[1] else None
    order = code_order(run) or activity(codes).argsort(descending=True, stable=True).tolist()
    silent = activity(codes if run.examples is None else torch.from_numpy(run.examples.codes)) < SILENT

    def label(code: int) -> str:
        told = table.tells(code) if table else None
        name = plain_name(table.columns[told]) if table and told is not None else ""
        return f"z{code} {'inactive' if silent[code] else name}".rstrip()

    return codes[typical([codes])], order, [label(code) for code in order]


def model_of(run: RunView) -> object:
    """The run's model, or an error that says why there is none."""
    if run.model is None:
        raise MetapriorError(next((note for note in run.notes if note.startswith("no model")), "no model was given"))
    return run.model


def images_of(run: RunView) -> Tensor:
    """The run's example images, or an error that says why there are none."""
    if run.images is None:
        raise MetapriorError(next((note for note in run.notes if note.startswith("no examples")), "no example images"))
    return run.images.float().cpu()


def _filled(row: Tensor) -> Tensor:
    """A last row that is shorter than the others, with white in its empty places."""
    return torch.cat([row, torch.ones(ACROSS - len(row), *row.shape[1:])])


def _png(sheet: Image.Image) -> bytes:
    file = io.BytesIO()
    sheet.save(file, "png")
    return file.getvalue()
