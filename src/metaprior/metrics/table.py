"""The metrics by name, and what each of their scores says. A literal table, for listings."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """One metric: its scores by name, with what each says in a line, and the paper."""

    scores: Mapping[str, str]
    paper: str
    less: bool = False
    """Whether less is better."""


_MATRICES = {
    "importance": "the importances of DCI",
    "information": "the mutual informations of MIG",
    "accuracy": "the accuracies of SAP",
}
_WAYS = {
    "disentanglement": "the entropy of each code, as in DCI",
    "completeness": "the entropy of each factor, as in DCI",
    "mig": "the gap over the factor's entropy, as in MIG",
    "sap": "the gap, as in SAP",
    "modularity": "the squares of each code, as in modularity",
    "area_precision": "the groups of connected factors and codes",
}

METRICS: dict[str, Metric] = {
    "mig": Metric(
        {
            "mig": "does one code, and only one, tell each factor: "
            "gap of mutual informations over the factor's entropy",
        },
        "Chen et al. 2018",
    ),
    "dci": Metric(
        {
            "dci_disentanglement": "does each code matter for one factor only",
            "dci_completeness": "does one code only matter for each factor",
            "dci_informativeness": "how often do boosted trees tell the factors from the codes",
        },
        "Eastwood & Williams 2018",
    ),
    "factor_vae_score": Metric(
        {"factor_vae_score": "fix a factor: does the code that varies least name it, by majority vote"},
        "Kim & Mnih 2018",
    ),
    "beta_vae_score": Metric(
        {"beta_vae_score": "fix a factor in pairs: does how much their codes differ tell it, to a linear classifier"},
        "Higgins et al. 2017",
    ),
    "modularity_explicitness": Metric(
        {
            "modularity": "does each code tell of one factor only: by mutual informations",
            "explicitness": "how well does a linear predictor rank by each factor's values: area under the curve",
        },
        "Ridgeway & Mozer 2018",
    ),
    "sap": Metric(
        {"sap": "does one code alone, and only one, predict each factor: gap of two support vector machines"},
        "Kumar et al. 2018",
    ),
    "irs": Metric(
        {"irs": "does each code stay where it is when all factors but its own change"},
        "Suter et al. 2019",
    ),
    "unsupervised": Metric(
        {
            "gaussian_total_correlation": "how far codes are from independent: of their Gaussian, in nats",
            "gaussian_wasserstein_correlation": "the same as a squared distance, in squared units of the codes",
            "gaussian_wasserstein_correlation_normalised": "the same, over the total variance of the codes",
            "mutual_info_score": "how much codes tell of each other: mean mutual information of two codes, nats",
        },
        "Locatello et al. 2019",
        less=True,
    ),
    "udr": Metric(
        {"udr": "do models of one recipe, trained from different seeds, find the same codes"},
        "Duan et al. 2020",
    ),
    "downstream": Metric(
        {
            "downstream_accuracy_10": "how often are the factors told after 10 examples: mean over factors",
            "downstream_accuracy_100": "the same after 100 examples",
            "downstream_accuracy_1000": "the same after 1,000 examples",
            "downstream_accuracy_10000": "the same after 10,000 examples",
            "sample_efficiency_100": "accuracy after 100 examples over that after 10,000",
            "sample_efficiency_1000": "accuracy after 1,000 examples over that after 10,000",
        },
        "Locatello et al. 2019",
    ),
    "reduced_downstream": Metric(
        {
            "reduced_downstream": "how well is a factor told without the code that matters most for it: mean accuracy",
            "reduced_downstream_others": "how well are the other factors told without that code: mean accuracy",
        },
        "disentanglement_lib 2020",
    ),
    "unified": Metric(
        {
            f"unified_{matrix}_{way}": f"{what}, summed up by {how}"
            for matrix, what in _MATRICES.items()
            for way, how in _WAYS.items()
        },
        "disentanglement_lib 2020",
    ),
    "strong_downstream": Metric(
        {
            "strong_downstream": "what telling a factor loses where another, fixed in training, has changed: "
            "share of the accuracy",
        },
        "disentanglement_lib 2020",
        less=True,
    ),
    "fairness": Metric(
        {
            "unfairness": "how far predictions of one factor depend on another: total variation, mean over pairs",
            "unfairness_worst": "the same for the pair that is worst off",
        },
        "Locatello et al. 2019 (fairness)",
        less=True,
    ),
    "clusters": Metric(
        {
            "cluster_accuracy": "how often is a cluster of the model's the class that it stands for, "
            "one cluster a class at most",
            "purity": "how often is an example of the commonest class in its cluster",
            "nmi": "mutual information of clusters and classes, over the mean of both entropies",
            "ari": "are pairs together in clusters as in classes: adjusted Rand index, 0 by chance",
        },
        "Makhzani et al. 2016; Hubert & Arabie 1985",
    ),
    "frechet_distance": Metric(
        {"FD": "how far images are from the data's: of the normals that fit their features, named FD[extractor-hash]"},
        "Heusel et al. 2017",
        less=True,
    ),
}


def less_is_better(score: str) -> bool:
    """Whether the lesser value of a score is the better one; what it was computed on may follow its name in brackets.

    >>> less_is_better("unfairness_worst"), less_is_better("mig"), less_is_better("FD[pixels-3bf97439]")
    (True, False, True)
    """
    name = score.partition("[")[0]
    return any(metric.less for metric in METRICS.values() if name in metric.scores)
