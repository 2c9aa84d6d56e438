"""Disentangling Factors of Variation Using Few Labels (Locatello et al. 2020): its claims.

It could not be checked against the paper's full text: directions of effects are from memory or from the abstracts,
thresholds are this project's own, and the paper's own correlation values are not known here. How large experiments are
is in ``scales``, what is trained in ``studies``, what is measured in ``measures``, the rules in ``rules``, and
``experiments`` puts them together.
"""

from collections.abc import Mapping

from metaprior.papers.claim import Claim, Experiment
from metaprior.papers.disentangle import experiments, smoke
from metaprior.papers.disentangle.experiments import Sized
from metaprior.papers.disentangle.scales import DESK, GPU, PAPER, SMOKE

STUDY = "Locatello et al. 2020"
ABSTRACT = "Locatello et al. 2020, abstract"
UNSUPERVISED = "Locatello et al. 2019"


def at_every_scale(sized: Sized, **others: Experiment) -> Mapping[str, Experiment]:
    """An experiment at all four scales, but for those where another one is told."""
    usual = {"smoke": smoke.rehearsal(sized(SMOKE)), **{bench.scale: sized(bench) for bench in (DESK, GPU, PAPER)}}
    return usual | others


CLAIMS: dict[str, Claim] = {
    claim.id: claim
    for claim in (
        Claim(
            "labels-suffice-for-selection",
            "100 labels suffice to tell good models from bad ones by DCI",
            None,
            ABSTRACT,
            at_every_scale(experiments.labels_rank, smoke=smoke.LABELS_RANK),
            1,
        ),
        Claim(
            "more-labels-select-better",
            "1,000 labels tell good models from bad ones better than 100",
            None,
            STUDY,
            at_every_scale(experiments.more_labels_rank_better),
            2,
        ),
        Claim(
            "selection-carries-over-metrics",
            "What one metric on few labels selects is good by the other metrics too, but for modularity",
            None,
            STUDY,
            at_every_scale(experiments.ranks_carry_over),
            3,
        ),
        Claim(
            "selection-needs-labels",
            "Criteria that look at no labels do not tell good models from bad ones",
            None,
            UNSUPERVISED,
            at_every_scale(experiments.labels_are_needed),
            4,
        ),
        Claim(
            "few-labels-beat-none",
            "A few labels in the loss give a more disentangled representation than none",
            None,
            ABSTRACT,
            at_every_scale(experiments.supervision_wins, smoke=smoke.GAIN),
            5,
        ),
        Claim(
            "imprecise-labels-do",
            "Binned and noisy labels serve nearly as well as perfect ones",
            None,
            ABSTRACT,
            at_every_scale(experiments.imprecise_labels_do, desk=experiments.few_imprecise_labels_do(DESK)),
            6,
        ),
        Claim(
            "partial-labels-help-less",
            "Labels of two factors only help less than labels of all",
            None,
            STUDY,
            at_every_scale(experiments.partial_labels_help_less),
            7,
        ),
        Claim(
            "order-is-the-bias",
            "What helps is the order of the labels' values: without it most of the gain is lost",
            None,
            STUDY,
            at_every_scale(experiments.order_matters),
            8,
        ),
        Claim(
            "cross-entropy-does",
            "Sigmoid cross-entropy with soft targets is no worse a supervised loss than squared error",
            None,
            STUDY,
            at_every_scale(experiments.cross_entropy_is_no_worse),
            9,
        ),
        Claim(
            "labels-alone-are-worse",
            "Learning from the labels alone is worse than learning from images and labels",
            None,
            STUDY,
            at_every_scale(experiments.labels_alone_are_worse),
            10,
        ),
        Claim(
            "fewer-examples-downstream",
            "Models that learned from few labels need fewer examples downstream",
            None,
            STUDY,
            at_every_scale(experiments.fewer_examples_do),
            11,
        ),
        Claim(
            "sampled-codes-decorrelate",
            "With more regularisation sampled codes decorrelate while mean codes stay correlated",
            None,
            UNSUPERVISED,
            at_every_scale(experiments.only_samples_decorrelate, smoke=smoke.ONLY_SAMPLES_DECORRELATE),
            12,
        ),
        Claim(
            "seeds-and-strengths-matter-most",
            "The method explains less of a score than its strength and the seed do",
            "37 % of the variance of scores is the method's, 59 % with the strength (from memory)",
            UNSUPERVISED,
            at_every_scale(experiments.method_explains_little),
            13,
        ),
        Claim(
            "settings-transfer-badly",
            "Hyper-parameters that are good on one data set are little better than random on another",
            "80.7 % for the same data and metric, 59.3 % and 54.9 % otherwise (from memory)",
            UNSUPERVISED,
            at_every_scale(experiments.settings_transfer_badly),
            14,
        ),
    )
}
