"""The metrics by name: what each says, and the scores that it yields. A literal table, for listings."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """One metric: what it says in a line, and the names of its scores."""

    summary: str
    scores: tuple[str, ...]
    paper: str


METRICS: dict[str, Metric] = {
    "mig": Metric(
        "does one code, and only one, tell each factor: gap of mutual informations over the factor's entropy",
        ("mig",),
        "Chen et al. 2018",
    ),
    "dci": Metric(
        "does each code matter for one factor, each factor for one code, and can trees tell the factors at all",
        ("dci_disentanglement", "dci_completeness", "dci_informativeness"),
        "Eastwood & Williams 2018",
    ),
    "factor_vae_score": Metric(
        "fix a factor: does the code that varies least name it, by majority vote",
        ("factor_vae_score",),
        "Kim & Mnih 2018",
    ),
}
