"""The rules of the claims: fixed, with their thresholds, before the first scored run of their experiments."""

from metaprior.papers.claim import Measured, Ruling


def holds(held: bool) -> Ruling:
    """A pass or a fail."""
    return ("pass" if held else "fail"), None


def decides_nothing(m: Measured) -> Ruling:
    """Of a rehearsal."""
    return "inconclusive", "a rehearsal: so few models, trained so shortly, decide nothing"


def gain_is_clear(m: Measured) -> Ruling:
    """Above 0 for each seed, a tenth on average."""
    return holds(m["gain_min"] > 0 and m["gain_mean"] >= 0.1)


def ranks_agree(m: Measured) -> Ruling:
    """Clear agreement passes, none fails; eight models cannot tell what lies between."""
    rho = m["spearman_dci"]
    if rho >= 0.6:
        return "pass", None
    if rho <= 0:
        return "fail", None
    return "inconclusive", f"{m['models']} models are too few to tell {rho:.2f} from 0.6"


def only_samples_decorrelate(m: Measured) -> Ruling:
    """Samples fall with the strength, means keep half."""
    return holds(m["spearman_sampled"] <= -0.8 and m["mean_tc_last_over_first"] >= 0.5)


def labels_rank_and_pick(m: Measured) -> Ruling:
    """DCI and MIG on 100 labels rank models, and DCI picks a good one of nearly every labelled set."""
    return holds(m["spearman_dci_100"] >= 0.6 and m["spearman_mig_100"] >= 0.5 and m["picks_in_top_fifth_100"] >= 0.8)


def more_labels_rank_better(m: Measured) -> Ruling:
    """No metric loses by more labels, and DCI on 1,000 ranks well."""
    gains = all(m[f"spearman_{name}_1000"] >= m[f"spearman_{name}_100"] for name in ("dci", "mig"))
    return holds(gains and m["spearman_dci_1000"] >= 0.8)


def ranks_carry_over(m: Measured) -> Ruling:
    """Over the other metrics, and less to modularity."""
    return holds(m["median_spearman"] >= 0.4 and m["spearman_modularity"] < m["median_spearman"])


def labels_are_needed(m: Measured) -> Ruling:
    """No criterion without labels comes near."""
    return holds(m["best_without_labels"] <= m["dci_on_labels"] - 0.2)


def supervision_wins(m: Measured) -> Ruling:
    """In seven of ten pairs by both metrics, beyond chance."""
    return holds(all(m[f"wins_{n}"] >= 0.7 and m[f"gain_{n}"] > 0 and m[f"p_{n}"] < 0.05 for n in ("dci", "mig")))


def imprecise_labels_do(m: Measured) -> Ruling:
    """Four fifths of what perfect labels give where there are many, and always more than a blind choice without."""
    kept = min(m["binned_over_perfect_1000"], m["noisy_over_perfect_1000"])
    least = min(m["least_imprecise_100"], m["least_imprecise_1000"])
    return holds(kept >= 0.8 and least >= m["median_without_labels"])


def few_imprecise_labels_do(m: Measured) -> Ruling:
    """Four fifths of what perfect labels give where there are few, and more than a blind choice without labels."""
    kept = min(m["binned_over_perfect_100"], m["noisy_over_perfect_100"])
    return holds(kept >= 0.8 and m["least_imprecise_100"] >= m["median_without_labels"])


def partial_labels_help_less(m: Measured) -> Ruling:
    """Below what labels of all factors give."""
    return holds(m["mig_partial"] < m["mig_perfect"])


def cross_entropy_is_no_worse(m: Measured) -> Ruling:
    """By no more than two hundredths."""
    return holds(m["gain_dci"] >= -0.02)


def fewer_examples_do(m: Measured) -> Ruling:
    """In seven of ten pairs at least as good."""
    return holds(m["not_worse"] >= 0.7)


def settings_transfer_badly(m: Measured) -> Ruling:
    """A tenth of the probability is lost on other data."""
    return holds(m["same"] >= m["other_data"] + 0.1)


def order_matters(m: Measured) -> Ruling:
    """A fifth of the MIG goes with the order."""
    return holds(m["permuted_over_perfect"] <= 0.8)


def labels_alone_are_worse(m: Measured) -> Ruling:
    """In four of five labelled sets, by both metrics."""
    return holds(m["wins_dci"] >= 0.8 and m["wins_mig"] >= 0.8)


def method_explains_little(m: Measured) -> Ruling:
    """Less than three fifths, and with the strength less than four fifths."""
    return holds(m["method_r2"] < 0.6 and m["method_strength_r2"] < 0.8)
