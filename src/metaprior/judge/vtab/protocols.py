"""The protocols by name: what each makes of an encoder and a task. A literal table."""

from dataclasses import dataclass

from metaprior.core import unknown
from metaprior.judge.vtab.frozen import FROZEN
from metaprior.judge.vtab.recipes import FINE_TUNING

REVISION = 1
"""Raised whenever a protocol comes to another score of the same features: scores that were kept before are not read."""


@dataclass(frozen=True)
class Adaptation:
    """One protocol: whether the encoder is trained too, what it does, where it is from, whether it selects by val."""

    tunes: bool
    summary: str
    source: str
    selects: bool = True


_OURS = "this library's, of shared probes; VTAB has none of frozen features but its linear ablation"
_SHOTS = "big_vision's shots; our strengths"
_FROZEN = {
    "ridge": Adaptation(False, "ridge regression onto class indicators, of 40 strengths", _OURS),
    "logistic": Adaptation(False, "multinomial logistic regression, of 45 penalties", _OURS),
    "knn": Adaptation(False, "nearest neighbours by cosine, of 7 numbers of them", _OURS),
    "few-shot-1": Adaptation(False, "ridge on 1 example a class, ten draws", _SHOTS, selects=False),
    "few-shot-5": Adaptation(False, "ridge on 5 examples a class, ten draws", _SHOTS, selects=False),
    "few-shot-10": Adaptation(False, "ridge on 10 examples a class, ten draws", _SHOTS, selects=False),
    "few-shot-25": Adaptation(False, "ridge on 25 examples a class, ten draws", _SHOTS, selects=False),
    "linear": Adaptation(
        False,
        "a linear layer by the lightweight sweep, all four trials at once",
        "Zhai et al. 2019, from memory",
    ),
    "linear/10": Adaptation(False, "the same with a tenth of its steps", "a reduced budget of this library's"),
    "linear/50": Adaptation(False, "the same with a fiftieth of its steps", "a reduced budget of this library's"),
    "linear/100": Adaptation(False, "the same with a hundredth of its steps", "a reduced budget of this library's"),
    "vpt-linear": Adaptation(False, "a linear layer by SGD, visual prompt tuning's grid of 40 at once", "KMnP/vpt"),
}

ADAPTATIONS: dict[str, Adaptation] = {
    **{name: _FROZEN[name] for name in FROZEN},
    **{
        name: Adaptation(True, recipe.summary, recipe.source, len(recipe.trials) > 1)
        for name, recipe in FINE_TUNING.items()
    },
}
"""All protocols: frozen features first, then those that train the encoder too."""


def find_adaptation(name: str) -> Adaptation:
    """The protocol of that name.

    >>> find_adaptation("rigde")
    Traceback (most recent call last):
    metaprior.core.errors.MetapriorError: unknown protocol 'rigde'; did you mean 'ridge'?
    """
    if name not in ADAPTATIONS:
        raise unknown("protocol", name, ADAPTATIONS)
    return ADAPTATIONS[name]
