"""The metrics by name, and what each of their scores says. A literal table, for listings."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """One metric: its scores by name, with what each says in a line, and the paper."""

    scores: Mapping[str, str]
    paper: str


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
    "unsupervised": Metric(
        {
            "gaussian_total_correlation": "how far codes are from independent: of their Gaussian, in nats",
            "gaussian_wasserstein_correlation": "the same as a squared distance, in squared units of the codes",
            "gaussian_wasserstein_correlation_normalised": "the same, over the total variance of the codes",
            "mutual_info_score": "how much codes tell of each other: mean mutual information of two codes, nats",
        },
        "Locatello et al. 2019",
    ),
    "udr": Metric(
        {"udr": "do models of one recipe, trained from different seeds, find the same codes"},
        "Duan et al. 2020",
    ),
}
