"""Plots as plain shapes of an SVG: a frame with ticks, and dots, bars, lines and texts in it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 360, 320
LEFT, RIGHT, TOP, BOTTOM = 42, 12, 24, 38
LETTER, LINE = 5.6, 11
"""About how wide a letter and how high a line of a label is."""
SIDES = (
    (6, -6, "start"), (8, 3.5, "start"), (-8, 3.5, "end"), (0, -9, "middle"), (0, 16, "middle"), (6, 14, "start"),
    (-6, -6, "end"), (-6, 14, "end"),
)  # fmt: skip
"""Where a label may stand beside its dot; first above and to the right, where a falling curve does not go."""


@dataclass(frozen=True)
class Line:
    """A stroke; ``kind`` is the class it is drawn with."""

    x1: float
    y1: float
    x2: float
    y2: float
    kind: str = ""


@dataclass(frozen=True)
class Dot:
    """One run's value; ``share``, from 0 to 1, is how full its colour is, None for the run's own colour."""

    x: float
    y: float
    run: int
    told: str
    hollow: bool = False
    share: float | None = None


@dataclass(frozen=True)
class Bar:
    """A rectangle in the colour of a part, or of the run where ``part`` is None."""

    x: float
    y: float
    width: float
    height: float
    told: str
    part: int | None = None


@dataclass(frozen=True)
class Text:
    """Words at a place."""

    x: float
    y: float
    words: str
    anchor: str = "middle"
    kind: str = ""


@dataclass(frozen=True)
class Plot:
    """One figure: its title, what it shows in words, and its shapes in the order in which they are drawn."""

    title: str
    about: str
    lines: Sequence[Line] = ()
    path: str = ""
    bars: Sequence[Bar] = ()
    dots: Sequence[Dot] = ()
    texts: Sequence[Text] = ()


@dataclass(frozen=True)
class Frame:
    """The rectangle of a plot: from values to places."""

    left: float
    right: float
    bottom: float
    top: float

    def x(self, value: float) -> float:
        """From left to right."""
        share = (value - self.left) / (self.right - self.left)
        return round(LEFT + (WIDTH - LEFT - RIGHT) * share, 1)

    def y(self, value: float) -> float:
        """From the bottom upwards."""
        share = (self.top - value) / (self.top - self.bottom)
        return round(TOP + (HEIGHT - TOP - BOTTOM) * share, 1)

    def level(self, value: float, kind: str = "") -> Line:
        """A line from left to right at a value."""
        return Line(LEFT, self.y(value), WIDTH - RIGHT, self.y(value), kind)

    def falling(self, total: float, kind: str) -> list[Line]:
        """The line on which across and upwards add up to ``total``, as far as it lies in the frame."""
        start, end = max(self.left, total - self.top), min(self.right, total - self.bottom)
        if start >= end:
            return []
        return [Line(self.x(start), self.y(total - start), self.x(end), self.y(total - end), kind)]

    def grid(self) -> tuple[list[Line], list[Text]]:
        """Ticks upwards, with their lines."""
        marks = ticks(self.bottom, self.top)
        return [self.level(v) for v in marks], [Text(LEFT - 6, self.y(v) + 3.5, short(v), "end") for v in marks]

    def across(self) -> list[Text]:
        """Ticks from left to right."""
        return [Text(self.x(v), HEIGHT - BOTTOM + 14, short(v)) for v in ticks(self.left, self.right)]


def axes(across: str, upwards: str) -> list[Text]:
    """What the axes are."""
    middle = LEFT + (WIDTH - LEFT - RIGHT) / 2
    return [Text(middle, HEIGHT - 4, across, kind="axis"), Text(0, 10, upwards, "start", "axis")]


def around(values: Sequence[float], margin: float = 0.08, least: float | None = None) -> tuple[float, float]:
    """Ends of an axis that leave a margin around all values, the lower no less than ``least``.

    >>> around([0.0, 10.0], margin=0.1), around([0.0, 10.0], margin=0.1, least=0.0), around([3.0])
    ((-1.0, 11.0), (0.0, 11.0), (2.5, 3.5))
    """
    low, high = min(values), max(values)
    room = (high - low) * margin or 0.5
    return (low - room if least is None else max(low - room, least)), high + room


def ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Round numbers between two ends: 1, 2 or 5 times a power of ten apart.

    >>> ticks(0.3, 11.0), ticks(16.9, 27.2), ticks(0.0, 0.04)
    ([2.0, 4.0, 6.0, 8.0, 10.0], [18.0, 20.0, 22.0, 24.0, 26.0], [0.0, 0.01, 0.02, 0.03, 0.04])
    """
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(power * each for each in (1, 2, 5, 10) if (high - low) / (power * each) <= most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def short(value: float) -> str:
    """A tick's number.

    >>> short(2.0), short(0.25), short(1500.0), short(-1.0)
    ('2', '0.25', '1,500', '−1')
    """
    return f"{value:,.6g}".replace("-", "−")


def beside(dots: Sequence[Dot], labels: Sequence[str]) -> list[Text]:
    """A label for each dot, to whichever side it covers neither another label nor a dot; none where all sides do."""
    taken = [(dot.x - 4, dot.y - 4, dot.x + 4, dot.y + 4) for dot in dots]
    texts: list[Text] = []
    for dot, label in zip(dots, labels, strict=True):
        wide = LETTER * len(label)
        for dx, dy, anchor in SIDES:
            start = dot.x + dx - {"start": 0.0, "middle": wide / 2, "end": wide}[anchor]
            box = (start, dot.y + dy - LINE + 2, start + wide, dot.y + dy + 2)
            inside = box[0] >= LEFT and box[2] <= WIDTH and box[1] >= TOP - 8 and box[3] <= HEIGHT - BOTTOM
            if inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                texts.append(Text(dot.x + dx, dot.y + dy, label, anchor, "label"))
                break
    return texts


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
