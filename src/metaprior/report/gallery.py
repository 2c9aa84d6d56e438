"""The pictures of a run's page: strips and sheets with their labels, or the reason there are none."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from metaprior.core import Decodes, Encodes, Samples
from metaprior.report.codes import SILENT, activity, order_by_activity, reach, typical
from metaprior.report.pictures import address, encoded, grid, reconstructions, samples, traversals
from metaprior.report.tables import HeatMap
from metaprior.report.view import RunView, draws_pictures
from metaprior.report.words import code_name

STEPS = 11
PAIRS = 12
SAMPLES = (4, 16)


@dataclass(frozen=True)
class Strip:
    """A code's traversal: what it draws from ``low`` to ``high``, the factor it tells most, (factor, nats) of all."""

    index: int
    code: str
    picture: str
    low: float
    high: float
    told: str = ""
    nats: float | None = None
    shares: tuple[tuple[int, float], ...] = ()
    variance: float | None = None

    @property
    def silent(self) -> bool:
        """Whether the code is inactive."""
        return self.variance is not None and self.variance < SILENT


@dataclass(frozen=True)
class Gallery:
    """A run's pictures; a section that is empty says why in ``notes``."""

    traversals: list[Strip] = field(default_factory=list)
    reconstructions: list[tuple[str, str]] = field(default_factory=list)
    """Strips of originals and of their reconstructions, in turns, with their names."""
    start: str | None = None
    """The picture from whose codes the traversals start."""
    samples: str | None = None
    side: tuple[int, int] = (1, 1)
    """Height and width of a picture, pixels."""
    notes: dict[str, str] = field(default_factory=dict)


def galleries(runs: Sequence[RunView], maps: Sequence[HeatMap | None]) -> list[Gallery]:
    """A gallery for each run; traversals of all runs start from the same example where they share the examples."""
    mine = [own_codes(run) for run in runs]
    known = [each for each in mine if each is not None]
    shared = len(known) == len(runs) and same_images(runs)
    examples = [None if each is None else typical(known if shared else [each]) for each in mine]
    return [gallery(run, maps[i], mine[i], examples[i]) for i, run in enumerate(runs)]


def own_codes(run: RunView) -> Tensor | None:
    """The codes of the run's example images, where it has some and a model that encodes them."""
    if run.images is None or not isinstance(run.model, Encodes):
        return None
    return encoded(run.model, run.images).float()


def same_images(runs: Sequence[RunView]) -> bool:
    """Whether all runs have the same example images."""
    first = runs[0].images
    return first is not None and all(run.images is not None and torch.equal(run.images, first) for run in runs)


def known_codes(run: RunView, mine: Tensor | None) -> Tensor | None:
    """The most codes there are of the run's data: of its examples, else those given, else its images' own."""
    if run.examples is not None:
        return torch.from_numpy(run.examples.codes).float()
    return mine if run.codes is None else run.codes.detach().float().cpu()


def gallery(run: RunView, table: HeatMap | None, mine: Tensor | None, example: int | None) -> Gallery:
    """The pictures one run's model can draw; ``mine`` are its images' codes, ``example`` is the image to start from."""
    model, images, codes = run.model, run.images, known_codes(run, mine)
    start = mine[example] if mine is not None and example is not None else None
    if start is None and codes is not None:
        start = codes[typical([codes])]
    notes = {}
    strips, pairs, sheet, side = [], [], None, (1, 1)
    if isinstance(model, Decodes) and codes is not None and start is not None:
        strips, side = traversal_strips(model, table, codes, start)
    else:
        notes["traversals"] = "the model decodes no codes" if codes is not None else "no codes to start from"
    if isinstance(model, Encodes) and isinstance(model, Decodes) and images is not None:
        pairs, side = reconstruction_strips(model, images)
    else:
        notes["reconstructions"] = "no example images" if images is None else "the model does not encode and decode"
    if isinstance(model, Samples) and draws_pictures(run):
        rows, columns = SAMPLES
        drawn = samples(model, rows * columns)
        sheet, side = address(grid(drawn, columns)), (drawn.shape[2], drawn.shape[3])
    else:
        notes["samples"] = "the model does not sample" if draws_pictures(run) else "the model draws no pictures"
    if model is None:
        notes = dict.fromkeys(notes, "no model was given")
    first = address(grid(images[example : example + 1], 1)) if images is not None and example is not None else None
    return Gallery(strips, pairs, first, sheet, side, notes)


def traversal_strips(
    model: Decodes, table: HeatMap | None, codes: Tensor, start: Tensor
) -> tuple[list[Strip], tuple[int, int]]:
    """One strip a code, those that tell most first; with the table, each says which factor it tells."""
    table = table if table is not None and len(table.rows) == codes.shape[1] else None
    values = reach(codes, STEPS)
    images = traversals(model, start, values)
    variances = activity(codes).tolist()
    strips = []
    for code in table.order if table else order_by_activity(codes):
        low, high = values[code, 0].item(), values[code, -1].item()
        picture = address(grid(images[code], STEPS))
        if table is None:
            strips.append(Strip(code, f"z{code}", picture, low, high, variance=variances[code]))
            continue
        factor, nats = table.tells(code), table.values[code].tolist()
        told = table.columns[factor].replace("_", " ") if factor is not None else "tells nothing"
        most = nats[factor] if factor is not None else None
        name, shares = code_name(table.rows[code]), tuple(enumerate(nats))
        strips.append(Strip(code, name, picture, low, high, told, most, shares, variances[code]))
    return strips, (images.shape[-2], images.shape[-1])


def reconstruction_strips(model: object, images: Tensor) -> tuple[list[tuple[str, str]], tuple[int, int]]:
    """Two rows of originals, each above its reconstructions."""
    images = images[: 2 * PAIRS].float().cpu()
    again = reconstructions(model, images)
    strips = []
    for originals, copies in zip(images.split(PAIRS), again.split(PAIRS), strict=True):
        strips += [("original", address(grid(originals, PAIRS))), ("reconstruction", address(grid(copies, PAIRS)))]
    return strips, (images.shape[2], images.shape[3])
