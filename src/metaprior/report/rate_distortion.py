"""The section of a page on rate, distortion and usefulness: which plots, and what they say in a sentence."""

from collections.abc import Sequence
from dataclasses import dataclass

from metaprior.report.plot import Plot
from metaprior.report.rate_bars import active, codes, decomposition
from metaprior.report.rate_plots import plane, useful
from metaprior.report.rate_runs import PARTS, Judged, judged, nats
from metaprior.report.view import RunView


@dataclass(frozen=True)
class Section:
    """The plots, what they say in a sentence, and what must be known to read them."""

    plots: Sequence[Plot]
    sentence: str
    notes: Sequence[str]
    parts: Sequence[str] = tuple(PARTS.values())


def section(runs: Sequence[RunView]) -> Section | None:
    """What a page shows of the runs that were judged by the protocol rd; None where there are none."""
    found, notes = judged(runs)
    if not found:
        return None
    drawn = (
        [codes(found[0]), decomposition(found)]
        if len(found) == 1
        else [plane(found), plane(found, shaded=True), useful(found), decomposition(found), active(found)]
    )
    return Section([plot for plot in drawn if plot], sentence(found), notes + reading(found))


def sentence(found: Sequence[Judged]) -> str:
    """One run in a sentence; of several, which has the lowest negative ELBO and which the best probe."""
    if len(found) == 1:
        return alone(found[0])
    elbo = [(value, each) for each in found if (value := each["negative_elbo"]) is not None]
    probe = [(value, each) for each in found if (value := each["label_distortion"]) is not None]
    told = []
    lowest = min(elbo, key=lambda pair: pair[0]) if len(elbo) > 1 else None
    best = min(probe, key=lambda pair: pair[0]) if len(probe) > 1 else None
    if lowest:
        told.append(f"{lowest[1].name} has the lowest negative ELBO, {nats(lowest[0])} nats")
    if best:
        accuracy = best[1]["probe_accuracy"]
        right = f" ({accuracy:.0%} right)" if accuracy is not None else ""
        told.append(f"{best[1].name} the lowest label distortion, {nats(best[0])} nats{right}")
    apart = lowest is not None and best is not None and clearly_better(best[1], lowest[1])
    end = ": the ELBO-best model is not the probe-best" if apart else ""
    return "; ".join(told) + end + "." if told else ""


def clearly_better(one: Judged, other: Judged) -> bool:
    """Whether the label distortion of one is lower than another's by more than both standard errors."""
    values = [each["label_distortion"] for each in (one, other)]
    errors = [(each.scores.get("label_distortion") or {}).get("se") or 0.0 for each in (one, other)]
    return None not in values and (values[1] or 0.0) - (values[0] or 0.0) > sum(errors)


def alone(one: Judged) -> str:
    """One run in a sentence."""
    rate, distortion, apart = one["rate"], one["distortion"], one["mmd_to_prior"]
    if distortion is None:
        left = "what they leave of it open, the model does not say"
        return f"Codes cost {nats(rate)} nats an example; {left}." if rate is not None else ""
    if rate is not None:
        return (
            f"Codes cost {nats(rate)} nats an example and leave {nats(distortion)} of it open: "
            f"a negative ELBO of {nats(rate + distortion)}."
        )
    reason = (one.scores.get("rate") or {}).get("reason") or "the rate has no value"
    beside = f" Their MMD to the prior is {nats(apart)}." if apart is not None else ""
    return f"Codes leave {nats(distortion)} nats of an example open. {reason[0].upper()}{reason[1:]}.{beside}"


def reading(found: Sequence[Judged]) -> list[str]:
    """What must be known to read the plots."""
    near = [each.name for each in found if (each.scores.get("mutual_information_lower") or {}).get("near_ceiling")]
    without = [each.name for each in found if each["rate"] is None] if len(found) > 1 else []
    notes = []
    if near:
        notes.append(
            "Near log N, the most that so few examples can show, so that I may be more and the total correlation "
            f"less: {', '.join(near)}."
        )
    if without:
        notes.append(f"Without a rate, and so in no plot of it: {', '.join(without)}.")
    return notes
