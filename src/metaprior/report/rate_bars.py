"""What the rate is made of: its three parts, the codes it is spent on, and how many of them are active."""

import math
from collections.abc import Sequence

from metaprior.report.plot import BOTTOM, HEIGHT, LEFT, RIGHT, WIDTH, Bar, Dot, Frame, Plot, Text, around, axes, short
from metaprior.report.rate_plots import joined
from metaprior.report.rate_runs import PARTS, Judged, nats
from metaprior.report.words import code_name

LETTER = 5.6
"""About how wide a letter below a bar is."""
WIDEST = 60
"""Of a bar."""


def decomposition(found: Sequence[Judged]) -> Plot | None:
    """What the rate is made of, a bar a run."""
    known = [(each, parts) for each in found if (parts := each.parts) is not None]
    if not known:
        return None
    ceiling = known[0][0].ceiling
    frame = Frame(0, len(known), 0, around([sum(map(abs, parts)) for _, parts in known], 0.1, 0.0)[1])
    lines, texts = frame.grid()
    bars: list[Bar] = []
    step = frame.x(1) - frame.x(0)
    wide = min(0.64 * step, WIDEST)
    for k, (each, parts) in enumerate(known):
        base = 0.0
        for part, (name, value) in enumerate(zip(PARTS.values(), parts, strict=True)):
            height = max(value, 0.0)  # an estimate of 0 may lie below it
            top = frame.y(base + height)
            told = f"{each.name}: {name} {nats(value)} nats"
            bars.append(Bar(frame.x(k + 0.5) - wide / 2, top, wide, frame.y(base) - top, told, part))
            base += height
        texts.append(Text(frame.x(k + 0.5), frame.y(base) - 5, nats(each["rate"] or 0.0), kind="label"))
        texts.append(Text(frame.x(k + 0.5), HEIGHT - BOTTOM + 14, fitting(each.name, step)))
    if ceiling is not None and ceiling < frame.top:
        lines.append(frame.level(ceiling, "bound"))
        texts.append(Text(WIDTH - RIGHT, frame.y(ceiling) - 4, f"log N {nats(ceiling)}", "end", "bound"))
    texts += axes("", "rate, nats")
    about = "The number above a bar is the rate; the parts, by one sample of each code, add up to it but for noise."
    return Plot("What the rate is made of", about, lines, bars=bars, texts=texts)


def codes(one: Judged) -> Plot | None:
    """The KL of each code, the most first."""
    table = one.tables.get("kl_per_code")
    if not table:
        return None
    every = sorted(((row[0], name) for row, name in zip(table["values"], table["rows"], strict=True)), reverse=True)
    frame = Frame(0, len(every), 0, around([kl for kl, _ in every], 0.1, 0.0)[1])
    lines, texts = frame.grid()
    step = frame.x(1) - frame.x(0)
    wide = min(0.64 * step, WIDEST)
    bars = []
    for k, (kl, name) in enumerate(every):
        top = frame.y(kl)
        bars.append(Bar(frame.x(k + 0.5) - wide / 2, top, wide, frame.y(0) - top, f"{name}: {nats(kl)} nats"))
        if step >= 18 or not k % math.ceil(18 / step):
            texts.append(Text(frame.x(k + 0.5), HEIGHT - BOTTOM + 14, code_name(name)))
    texts += axes("", "KL, nats")
    units = one["active_units"]
    about = "KL from the prior of each code, mean over examples" + (
        f"; {units:.0f} of {len(every)} are active: their means vary by more than 0.01." if units is not None else "."
    )
    return Plot("What each code costs", about, lines, bars=bars, texts=texts)


def active(found: Sequence[Judged]) -> Plot | None:
    """How many codes are active, over what is swept, or run by run."""
    known = [(each, units) for each in found if (units := each["active_units"]) is not None]
    if not known:
        return None
    numbers = [each.sweep for each, _ in known]
    by_number = None not in numbers and len(set(numbers)) > 1
    logarithmic = by_number and all((each or 0) > 0 for each in numbers)
    places = [
        (math.log10(each.sweep or 1) if logarithmic else each.sweep or 0.0) if by_number else float(k)
        for k, (each, _) in enumerate(known)
    ]
    left, right = around(places)
    size = max(each.scores["active_units"].get("codes", units) for each, units in known)
    frame = Frame(left, right, 0, size * 1.06)
    lines, texts = frame.grid()
    lines.append(frame.level(size, "bound"))
    dots = [
        Dot(frame.x(x), frame.y(units), each.run, f"{each.name}: {units:.0f} of {size:.0f} codes")
        for x, (each, units) in zip(places, known, strict=True)
    ]
    step = (WIDTH - LEFT - RIGHT) / len(known)
    names = [short(each.sweep or 0) if by_number else fitting(each.name, step) for each, _ in known]
    texts += [Text(dot.x, HEIGHT - BOTTOM + 14, name) for dot, name in zip(dots, names, strict=True)]
    what = known[0][0].name.rpartition(" ")[0] if by_number else ""
    texts += axes(f"{what}, logarithmic scale" if logarithmic else what, "active codes")
    about = "Codes whose means vary over the examples by more than 0.01; dashed: all codes."
    return Plot("Active codes", about, lines, joined(dots, found), dots=dots, texts=texts)


def fitting(name: str, width: float) -> str:
    """As much of a name as a bar's width has room for."""
    room = max(1, int(width / LETTER))
    return name if len(name) <= room else name.rpartition(" ")[2][:room]
