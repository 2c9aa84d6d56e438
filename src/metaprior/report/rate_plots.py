"""Runs in the plane of rate and distortion, and how useful their codes are."""

from collections.abc import Sequence

from metaprior.report.curves import path
from metaprior.report.plot import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Dot,
    Frame,
    Line,
    Plot,
    Text,
    around,
    axes,
    beside,
)
from metaprior.report.rate_runs import Judged, nats

LABELLED = 12
"""Of more runs than this, dots have no labels."""


def plane(found: Sequence[Judged], shaded: bool = False) -> Plot | None:
    """Distortion over rate; through every run the line of equal ELBO, and below all the bound on the entropy."""
    known = [
        (each, r, d) for each in found if (r := each["rate"]) is not None and (d := each["distortion"]) is not None
    ]
    known = [each for each in known if not shaded or each[0]["label_distortion"] is not None]
    if not known:
        return None
    bounds = [bound for each, _, _ in known if (bound := each["entropy_bound"]) is not None]
    (left, right), (bottom, top) = around([r for _, r, _ in known], 0.12, 0.0), around([d for _, _, d in known], 0.12)
    frame = alike(left, right, bottom, top)
    lines, texts = frame.grid()
    best = min(r + d for _, r, d in known)
    for _, r, d in known:
        lines += frame.falling(r + d, "elbo" if r + d > best else "elbo best")
    for bound in sorted(bounds)[:1]:
        lines += (below := frame.falling(bound, "bound"))
        middle = [((line.x1 + line.x2) / 2, (line.y1 + line.y2) / 2) for line in below]
        texts += [Text(x - 8, y + 10, f"H ≤ {nats(bound)}", "end", "bound") for x, y in middle]
    worths = [each["label_distortion"] or 0.0 for each, _, _ in known]
    low, high = min(worths), max(worths)
    dots, labels = [], []
    for (each, r, d), worth in zip(known, worths, strict=True):
        share = 1 - (worth - low) / (high - low) if high > low else 1.0
        told = f"{each.name}: R {nats(r)}, D {nats(d)}, R + D {nats(r + d)}"
        told += f", label distortion {nats(worth)}" if shaded else ""
        dots.append(Dot(frame.x(r), frame.y(d), each.run, told, share=share if shaded else None))
        labels.append(nats(worth) if shaded else each.name)
    texts += frame.across() + axes("rate R, nats", "distortion D, nats") + labelled(dots, labels)
    title = "Rate, distortion, usefulness" if shaded else "Rate and distortion"
    about = (
        "The same; the numbers, and the fuller colour the less it is, are the label distortion of mean codes, nats."
        if shaded
        else f"Along a falling line R + D, the negative ELBO, is the same; the full line is the lowest, "
        f"{nats(best)}. The data's entropy H is at most that of the dashed line, by the best likelihood bound."
    )  # fmt: skip
    return Plot(title, about, lines, joined(dots, found), dots=dots, texts=texts)


def alike(left: float, right: float, bottom: float, top: float) -> Frame:
    """A frame in which a nat is as long across as upwards, so that equal sums lie at 45°; it holds what is given."""
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    nat = max((right - left) / wide, (top - bottom) / high)
    more = nat * high - (top - bottom)
    return Frame(left, left + nat * wide, bottom - more / 2, top + more / 2)


def joined(dots: Sequence[Dot], found: Sequence[Judged]) -> str:
    """A line through the runs of a sweep, in its order."""
    numbers = {each.run: each.sweep for each in found}
    if any(numbers[dot.run] is None for dot in dots):
        return ""
    return path((dot.x, dot.y) for dot in sorted(dots, key=lambda dot: numbers[dot.run] or 0.0))


def labelled(dots: Sequence[Dot], labels: Sequence[str]) -> list[Text]:
    """The labels of not too many dots."""
    return beside(dots, labels) if len(dots) <= LABELLED else []


def useful(found: Sequence[Judged]) -> Plot | None:
    """Label distortion over rate: of mean codes, and of samples, which cannot lie below the entropy less the rate."""
    names = ("label_distortion", "label_distortion_sampled")
    known = [(each, r) for each in found if (r := each["rate"]) is not None and each[names[0]] is not None]
    if not known:
        return None
    entropy = next((each.entropy for each, _ in known if each.entropy is not None), None)
    worths = [worth for each, _ in known for name in names if (worth := each[name]) is not None]
    left, right = around([r for _, r in known], least=0.0)
    bottom, top = around([*worths, *([entropy] if entropy is not None else [])], least=0.0)
    frame = Frame(left, right, min(bottom, 0.0), top)
    lines, texts = frame.grid()
    if entropy is not None:
        lines += [*frame.falling(entropy, "bound"), frame.level(entropy, "elbo")]
        texts.append(Text(WIDTH - RIGHT - 4, frame.y(entropy) - 5, f"H(Y) {nats(entropy)}", "end", "bound"))
    kinds: dict[str, list[Dot]] = {
        name: [
            Dot(frame.x(r), frame.y(worth), each.run, f"{each.name}: R {nats(r)}, {nats(worth)}", hollow)
            for each, r in known
            if (worth := each[name]) is not None
        ]
        for name, hollow in zip(names, (False, True), strict=True)
    }
    dots = [dot for each in kinds.values() for dot in each]
    samples = {dot.run: dot for dot in kinds[names[1]]}
    pairs = [(dot, samples[dot.run]) for dot in kinds[names[0]] if dot.run in samples]
    lines += [Line(mean.x, mean.y, sample.x, sample.y, "joined") for mean, sample in pairs]
    labels = labelled(dots, [each.name for each, _ in known] + [""] * len(kinds[names[1]]))
    texts += frame.across() + axes("rate R, nats", "label distortion, nats") + labels
    about = (
        "What a predictor leaves open of the label: full dots by mean codes, rings by a sample of each code. Samples "
        "cannot lie below the dashed line, H(Y) − R; means can, where they differ by less than the noise about them."
    )
    return Plot("Usefulness over rate", about, lines, dots=dots, texts=texts)
