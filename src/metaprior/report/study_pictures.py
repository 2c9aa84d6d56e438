"""What the best models of a study draw: the traversals of their active codes, small."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from metaprior.core import Decodes, Encodes, MetapriorError, Samples
from metaprior.report.codes import typical
from metaprior.report.gallery import Gallery, traversal_strips
from metaprior.report.pictures import encoded, samples
from metaprior.report.study_view import StudyView
from metaprior.report.tables import heat_map
from metaprior.report.view import RunView
from metaprior.study import load

BEST = 2
"""How many runs are drawn for each headline score on each data set."""
EXAMPLES = 64
"""Images of a model's own making whose codes say which codes are active and how far they reach."""


@dataclass(frozen=True)
class Drawing:
    """One of the best runs, by its place among the study's, and what it draws or why it does not."""

    run: int
    best_by: tuple[str, ...]
    gallery: Gallery | None
    factors: tuple[str, ...] = ()
    """The factors that its codes' bars are coloured by, in their order."""
    note: str = ""


def drawings(study: StudyView) -> Iterator[Drawing]:
    """The best runs by each headline score on each data set, with the traversals of their active codes."""
    for run, scores in best_runs(study).items():
        try:
            gallery, factors = small_gallery(study, run)
        except MetapriorError as fault:
            yield Drawing(run, tuple(scores), None, note=str(fault))
        else:
            yield Drawing(run, tuple(scores), gallery, factors)


def by_data_set(study: StudyView, drawn: Iterable[Drawing]) -> list[tuple[str, tuple[str, ...], list[Drawing]]]:
    """What was drawn of each data set: its name, its factors, the drawings."""
    found: dict[str, list[Drawing]] = defaultdict(list)
    for each in drawn:
        if each.gallery:
            found[study.runs[each.run]["data"]].append(each)
    return [(data, max((each.factors for each in here), key=len), here) for data, here in found.items()]


def best_runs(study: StudyView) -> dict[int, list[str]]:
    """The best runs of each data set, each with the headline scores that it is among the best by."""
    found: dict[int, list[str]] = {}
    data = np.array([run["data"] for run in study.runs])
    for name in dict.fromkeys(data.tolist()):
        for place in study.headline:
            column = study.columns[place]
            here = np.flatnonzero((data == name) & np.isfinite(column.values))
            values = column.values[here] if column.less else -column.values[here]
            for run in here[np.argsort(values, kind="stable")[:BEST]].tolist():
                found.setdefault(run, []).append(column.name)
    return found


def small_gallery(study: StudyView, run: int) -> tuple[Gallery, tuple[str, ...]]:
    """The traversals of a run's active codes, and the names of the factors in their bars' order.

    They start at the most typical of the model's own images.
    """
    folder = study.folder / "runs" / study.runs[run]["id"]
    model = load(folder)
    if not (isinstance(model, Samples) and isinstance(model, Encodes) and isinstance(model, Decodes)):
        raise MetapriorError("the model does not sample, encode and decode")
    made = samples(model, EXAMPLES)
    if made.ndim != 4:
        raise MetapriorError("the model draws values, not pictures")
    codes = encoded(model, made).float()
    table = heat_map(RunView.from_folder(folder), "mutual_information")
    strips, side = traversal_strips(model, table, codes, codes[typical([codes])])
    shown = [replace(strip, variance=None) for strip in strips if not strip.silent]
    factors = tuple(table.columns) if table and any(strip.shares for strip in shown) else ()
    return Gallery(shown, side=side), factors
