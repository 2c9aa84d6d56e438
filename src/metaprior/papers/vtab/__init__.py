"""The Visual Task Adaptation Benchmark (Zhai et al. 2019): what was published, and its questions as claims.

The wording of claims is from memory of the paper and from its published tables; rules are this project's.
"""

from collections.abc import Mapping

from metaprior.papers.claim import Claim, Experiment, Scale, at_scales
from metaprior.papers.vtab import experiments
from metaprior.papers.vtab.experiments import Sized
from metaprior.papers.vtab.published import PUBLISHED, Published, comparable
from metaprior.papers.vtab.scales import DESK, GPU, SMOKE, Bench

SOURCE = "Zhai et al. 2019"


def at_every_scale(sized: Sized) -> Mapping[str, Experiment]:
    """An experiment at three scales, the smallest without a verdict."""
    benches: dict[Scale, Bench] = {"smoke": SMOKE, "desk": DESK, "gpu": GPU}
    return at_scales(sized, benches, "a rehearsal: encoders trained so shortly, on one task, decide nothing")


CLAIMS: dict[str, Claim] = {
    claim.id: claim
    for claim in (
        Claim(
            "learning-ranks",
            "Labels make the best encoders, self-supervision the next, generative models the last",
            "mean of 19 tasks, 1,000 examples: Sup-100% 66.4, Rotation 60.4, VAE 38.2",
            SOURCE,
            at_every_scale(experiments.learning_ranks),
            1,
        ),
        Claim(
            "generative-do-not-help",
            "Generative encoders are no better a start than none",
            "mean of 19 tasks, 1,000 examples: From-Scratch 43.1, WAE-MMD 38.7, VAE 38.2",
            SOURCE,
            at_every_scale(experiments.generative_do_not_help),
            2,
        ),
        Claim(
            "rotation-is-for-structure",
            "Self-supervised encoders lag on natural tasks and lead on structured ones",
            "Rotation less Sup-100%, 1,000 examples: natural 53.7 - 73.5, structured 57.3 - 52.1",
            SOURCE,
            at_every_scale(experiments.rotation_is_for_structure),
            3,
        ),
        Claim(
            "rotation-helps-labels",
            "Self-supervision beside labels helps, on structured tasks most",
            "Sup-Rotation-100% less Sup-100%, 1,000 examples: 68.0 - 66.4; natural .1, structured 3.4",
            SOURCE,
            at_every_scale(experiments.rotation_helps_labels),
            4,
        ),
        Claim(
            "tuning-beats-linear",
            "Fine-tuning beats a linear layer, on structured tasks most",
            "in words (from memory)",
            SOURCE,
            at_every_scale(experiments.tuning_beats_linear),
            5,
        ),
        Claim(
            "few-labels-rank-alike",
            "A few labels rank encoders as a thousand do",
            None,
            "this project's question",
            at_every_scale(experiments.few_labels_rank_alike),
            6,
        ),
    )
}

__all__ = ["CLAIMS", "PUBLISHED", "Published", "comparable"]
