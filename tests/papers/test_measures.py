"""What the claims measure, on models whose scores are known: of each claim's own study, so that nothing is missing."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from metaprior.core import to_plain
from metaprior.papers import Scale
from metaprior.papers.disentangle import CLAIMS
from metaprior.study.models import Models, flat

Score = Callable[[dict[str, Any]], float]


def models_of(
    claim: str,
    test: Score,
    validation: Score = lambda each: 0.0,
    supervised: Score | None = None,
    scale: Scale = "desk",
) -> Models:
    """The models of a claim's study, with scores by formula, which sees the metric's name beside a model's fields."""
    study = CLAIMS[claim].scales[scale].study
    judging = study.judging
    fields = []
    columns: dict[tuple, dict[str, float]] = {}
    for place, task in enumerate(study.tasks.values()):
        plain = to_plain(task.experiment)
        each = {name: plain[name] for name in ("recipe", "data", "labels", "label_seed", "labeller")} | flat(
            plain["method"]
        )
        each |= {"id": task.id, "seed": task.experiment.loop.seed, "place": place}
        fields.append(each)
        scores = {("test", name, "mean", None, None, None): test(each | {"metric": name}) for name in TESTS}
        scores["test", "gaussian_total_correlation", "sampled", None, None, None] = test(each | {"metric": "sampled"})
        scores |= {("criterion", name, None, None, None, None): test(each | {"metric": name}) for name in TERMS}
        if each["labels"] is not None:
            scores["criterion", "supervised", None, None, None, None] = (supervised or test)(each)
        for labels in task.labels:
            key = (None, labels.count, labels.labeller, labels.seed)
            scores |= {("validation", name, *key): validation(each | {"metric": name}) for name in judging.validation}
        for key, value in scores.items():
            columns.setdefault(key, {})[task.id] = value
    return Models(tuple(fields), columns)


TESTS = (
    "mig", "dci_disentanglement", "factor_vae_score", "beta_vae_score", "modularity", "sap",
    "gaussian_total_correlation", "downstream_accuracy_100",
)  # fmt: skip
TERMS = ("reconstruction", "kl", "negative_elbo")


def measured(claim: str, *scores: Any, scale: Scale = "desk", **more: Any) -> dict[str, float]:
    return dict(CLAIMS[claim].scales[scale].measure(models_of(claim, *scores, scale=scale, **more)))


def verdict(claim: str, numbers: dict[str, float]) -> str:
    return CLAIMS[claim].scales["desk"].verdict(numbers)[0]


def good(each: dict[str, Any]) -> float:
    """All models differ."""
    return math.sin(each["place"] * 7.0) + 2


def test_validation_that_ranks_as_the_test_does_passes_and_one_that_does_not_fails() -> None:
    for claim in ("labels-suffice-for-selection", "more-labels-select-better"):
        exact, reversed_ = measured(claim, good, good), measured(claim, good, lambda each: -good(each))
        assert exact["spearman_dci_100"] == exact["spearman_mig_100"] == pytest.approx(1)
        assert exact["picks_in_top_fifth_100"] == 1
        assert reversed_["spearman_dci_100"] == pytest.approx(-1)
        assert reversed_["picks_in_top_fifth_100"] == 0
        assert (verdict(claim, exact), verdict(claim, reversed_)) == ("pass", "fail")


def test_a_criterion_without_labels_that_ranks_perfectly_refutes_that_labels_are_needed() -> None:
    numbers = measured("selection-needs-labels", good, good)
    assert numbers == pytest.approx({"best_without_labels": 1, "dci_on_labels": 1})
    assert verdict("selection-needs-labels", numbers) == "fail"


def test_ranks_carry_over_to_equal_metrics_and_modularity_is_apart() -> None:
    numbers = measured("selection-carries-over-metrics", good, good)
    assert numbers == pytest.approx({"median_spearman": 1, "spearman_modularity": 1})
    assert verdict("selection-carries-over-metrics", numbers) == "fail"


def test_each_pipeline_picks_by_its_own_criterion() -> None:
    def test(each: dict[str, Any]) -> float:
        learns = each["recipe"].startswith("s2-")
        return (0.5 + each["gamma_sup"] / 100) if learns else 0.1 * each["seed"] + (each.get("beta") or 0) / 1000

    numbers = measured(
        "few-labels-beat-none", test, test, supervised=lambda each: -each["gamma_sup"]
    )  # R_sup is the least at gamma_sup of 10
    assert numbers["wins_dci"] == numbers["wins_mig"] == 1
    without = np.mean([0.016, 0.010, 0, 0])  # the greatest beta, seed 0
    assert numbers["gain_dci"] == pytest.approx(0.6 - without)
    assert numbers["p_dci"] == pytest.approx(2.0**-20)
    assert verdict("few-labels-beat-none", numbers) == "pass"


def test_ratios_are_of_labellers() -> None:
    share = {"perfect": 1.0, "binned": 0.9, "noisy": 0.7, "permuted": 0.5}

    def test(each: dict[str, Any]) -> float:
        few = 0.5 * share[each["labeller"]] if each["labels"] else 0.2
        return 0.6 if each["labels"] == 1000 else few

    numbers = measured("imprecise-labels-do", test, test, supervised=lambda each: each["seed"])
    assert numbers == pytest.approx(
        {
            "median_without_labels": 0.2, "binned_over_perfect_100": 0.9, "noisy_over_perfect_100": 0.7,
            "least_imprecise_100": 0.35, "binned_over_perfect_1000": 1, "noisy_over_perfect_1000": 1,
            "least_imprecise_1000": 0.6,
        }
    )  # fmt: skip
    at = CLAIMS["imprecise-labels-do"].scales
    assert (at["desk"].verdict(numbers)[0], at["gpu"].verdict(numbers)[0]) == ("fail", "pass")
    assert verdict("imprecise-labels-do", numbers | {"noisy_over_perfect_100": 0.8}) == "pass"
    assert at["gpu"].verdict(numbers | {"binned_over_perfect_1000": 0.79})[0] == "fail"
    for scale in ("desk", "gpu"):
        assert at[scale].verdict(numbers | {"noisy_over_perfect_100": 1, "least_imprecise_100": 0.19})[0] == "fail"
    numbers = measured("order-is-the-bias", test)
    assert numbers == pytest.approx({"permuted_over_perfect": 0.5, "mig_permuted": 0.25, "mig_perfect": 0.5})
    assert verdict("order-is-the-bias", numbers) == "pass"


def test_labels_alone_lose_where_they_are_worse_for_each_set() -> None:
    test = lambda each: 0.3 if each["recipe"] == "supervised" else 0.4 - 0.2 * (each["label_seed"] == 3)  # noqa: E731
    numbers = measured("labels-alone-are-worse", test)
    assert (numbers["wins_dci"], numbers["wins_mig"]) == (0.8, 0.8)
    assert numbers["gain_dci"] == pytest.approx(0.06)
    assert verdict("labels-alone-are-worse", numbers) == "pass"


def test_variance_is_split_by_method_and_strength() -> None:
    order = ["beta-vae", "beta-tcvae", "factor-vae", "dip-vae-i"]
    numbers = measured("seeds-and-strengths-matter-most", lambda each: order.index(each["recipe"]))
    assert numbers == pytest.approx({"method_r2": 1, "method_strength_r2": 1})
    numbers = measured("seeds-and-strengths-matter-most", lambda each: each["seed"])
    assert numbers == pytest.approx({"method_r2": 0, "method_strength_r2": 0}, abs=1e-12)
    assert verdict("seeds-and-strengths-matter-most", numbers) == "pass"


def test_partial_labels_are_compared_with_labels_of_all_factors() -> None:
    test = lambda each: 0.2 if each["labeller"] == "partial" else 0.3  # noqa: E731
    numbers = measured("partial-labels-help-less", test)
    assert numbers == pytest.approx({"mig_partial": 0.2, "mig_perfect": 0.3})
    assert verdict("partial-labels-help-less", numbers) == "pass"


def test_losses_are_compared_in_pairs() -> None:
    test = lambda each: {"xent": 0.40, "l2-sigmoid": 0.43}[each["loss"]]  # noqa: E731
    numbers = measured("cross-entropy-does", test)
    assert numbers == pytest.approx({"gain_dci": -0.03, "dci_xent": 0.40, "dci_l2": 0.43})
    assert verdict("cross-entropy-does", numbers) == "fail"


def test_downstream_accuracies_are_compared_in_pairs_and_ties_are_not_worse() -> None:
    numbers = measured("fewer-examples-downstream", lambda each: 0.5, lambda each: each["seed"])
    assert numbers == pytest.approx({"not_worse": 1, "gain": 0})
    worse = measured("fewer-examples-downstream", lambda each: 0.5 - 0.1 * each["recipe"].startswith("s2-"))
    assert worse == pytest.approx({"not_worse": 0, "gain": -0.1})
    assert verdict("fewer-examples-downstream", worse) == "fail"


def test_settings_that_are_good_everywhere_transfer_and_those_that_are_not_do_not() -> None:
    order = ["beta-vae", "beta-tcvae", "factor-vae", "dip-vae-i"]
    everywhere = measured("settings-transfer-badly", lambda each: order.index(each["recipe"]))
    assert everywhere["same"] == pytest.approx(everywhere["other_data"], abs=0.02)
    assert verdict("settings-transfer-badly", everywhere) == "fail"
    turned = lambda each: order.index(each["recipe"]) * (1 if "dsprites" in each["data"] else -1)  # noqa: E731
    elsewhere = measured("settings-transfer-badly", turned)
    assert elsewhere["same"] > 0.8 > 0.2 > elsewhere["other_data"]
    assert verdict("settings-transfer-badly", elsewhere) == "pass"


def test_correlations_are_followed_over_six_strengths() -> None:
    numbers = measured("sampled-codes-decorrelate", lambda each: 1 / each["beta"])
    assert numbers == pytest.approx(
        {"spearman_sampled": -1, "mean_tc_last_over_first": 1 / 16, "sampled_tc_first": 1, "sampled_tc_last": 1 / 16}
    )
    assert verdict("sampled-codes-decorrelate", numbers) == "fail"


def test_claims_of_one_scale_ask_the_same_and_share_their_models() -> None:
    at_desk = [claim.scales["desk"] for claim in CLAIMS.values() if "desk" in claim.scales]
    assert len({each.study.judging for each in at_desk}) == 1
    tasks = [name for each in at_desk for name in each.study.tasks]
    assert len(set(tasks)) == 2 * 144 + 120 + 5 * 48 + 3 * 48 + 30 < len(tasks)
    assert [claim.number for claim in CLAIMS.values()] == list(range(1, 15))


def second(each: dict[str, Any]) -> int:
    """Whether a model is of the second data set of the scale gpu."""
    return int(each["data"] != "dsprites")


def noise(each: dict[str, Any]) -> float:
    """Numbers of a metric that tell nothing of those of another."""
    return math.sin(each["place"] * (3 + 0.7 * len(each["metric"])))


def test_ranks_are_of_one_data_set_and_their_means_over_all() -> None:
    turned = lambda each: good(each) * (-1) ** second(each) + 100 * second(each)  # noqa: E731
    level = lambda each: good(each) + 100 * second(each)  # noqa: E731
    for claim, zero in (
        ("labels-suffice-for-selection", ["spearman_dci_100", "spearman_mig_100"]),
        ("selection-carries-over-metrics", ["median_spearman", "spearman_modularity"]),
    ):
        numbers = measured(claim, level, turned, scale="gpu")
        assert [numbers[name] for name in zero] == pytest.approx([0, 0], abs=1e-12)
    assert measured("labels-suffice-for-selection", level, turned, scale="gpu")["picks_in_top_fifth_100"] == 0.5


def test_what_must_hold_on_each_data_set_is_told_of_the_one_where_it_holds_least() -> None:
    def test(each: dict[str, Any]) -> float:
        known = each["metric"] == "mig" or (each["metric"] == "kl" and second(each))
        return good(each) if known else noise(each)

    numbers = measured("selection-needs-labels", test, lambda each: noise(each), scale="gpu")
    assert numbers == pytest.approx({"best_without_labels": 1, "dci_on_labels": 1})  # by MIG, on the second alone
    rises = lambda each: 12 - 2 / each["beta"] if second(each) else 1 / each["beta"]  # noqa: E731
    numbers = measured("sampled-codes-decorrelate", rises, scale="gpu")
    assert (numbers["spearman_sampled"], numbers["mean_tc_last_over_first"]) == pytest.approx((1, 1 / 16))


def test_shares_of_the_variance_are_of_one_data_set() -> None:
    order = ["beta-vae", "beta-tcvae", "factor-vae", "dip-vae-i"]
    level = lambda each: order.index(each["recipe"]) + 10 * second(each)  # noqa: E731
    assert measured("seeds-and-strengths-matter-most", level, scale="gpu")["method_r2"] == pytest.approx(1)


def test_pairs_are_of_one_data_set() -> None:
    """The second is easier by far, and labels gain .3 there, .1 on the first."""

    def test(each: dict[str, Any]) -> float:
        return 5 * second(each) + (0.1 + 0.2 * second(each)) * each["recipe"].startswith("s2-")

    easier = {"validation": second, "supervised": lambda each: -second(each)}
    numbers = measured("few-labels-beat-none", test, scale="gpu", **easier)
    assert (numbers["gain_dci"], numbers["p_mig"]) == pytest.approx((0.2, 2.0**-40))
    assert measured("fewer-examples-downstream", test, scale="gpu", **easier)["gain"] == pytest.approx(0.2)
    numbers = measured("labels-alone-are-worse", test, scale="gpu", **easier)
    assert numbers == pytest.approx({"wins_dci": 1, "gain_dci": 0.2, "wins_mig": 1, "gain_mig": 0.2})


def test_picks_are_of_one_data_set_one_labelled_set_and_as_many_labels() -> None:
    def test(each: dict[str, Any]) -> float:
        if each["labels"] is None:
            return 0.1 if not second(each) else float(each["seed"] < 5)
        usual = each["labeller"] == "perfect" and each["loss"] == "xent"
        return 1 if usual else 0.8 - 0.2 * second(each) - 0.1 * each["label_seed"] + 0.1 * (each["labels"] == 1000)

    lower = lambda each: -second(each) - 2 * (each["labels"] == 1000)  # noqa: E731
    numbers = measured("imprecise-labels-do", test, supervised=lower, scale="gpu")
    assert numbers == pytest.approx(
        {
            "median_without_labels": 0.55, "binned_over_perfect_100": 0.65, "noisy_over_perfect_100": 0.65,
            "least_imprecise_100": 0.65, "binned_over_perfect_1000": 0.75, "noisy_over_perfect_1000": 0.75,
            "least_imprecise_1000": 0.75,
        }
    )  # fmt: skip
    for claim, name in (
        ("partial-labels-help-less", "mig_partial"),
        ("order-is-the-bias", "permuted_over_perfect"),
        ("cross-entropy-does", "dci_l2"),
    ):
        assert measured(claim, test, supervised=lower, scale="gpu")[name] == pytest.approx(0.65)


def test_a_score_that_is_lacking_leaves_the_verdict_open() -> None:
    def lacking(each: dict[str, Any]) -> float:
        return math.nan if each["place"] % 40 == 0 else good(each)

    for claim, name in (
        ("labels-suffice-for-selection", "picks_in_top_fifth_100"),
        ("few-labels-beat-none", "wins_dci"),
        ("imprecise-labels-do", "median_without_labels"),
        ("labels-alone-are-worse", "wins_mig"),
        ("fewer-examples-downstream", "not_worse"),
    ):
        picked = lambda each: -(each["place"] % 40)  # noqa: E731
        numbers = measured(claim, lacking, picked, supervised=lambda each: each["place"] % 40)
        assert math.isnan(numbers[name]), claim


@pytest.mark.parametrize(("scale", "worlds", "sets"), [("gpu", 2, 2), ("paper", 4, 5)])
def test_larger_scales_have_whole_cohorts_of_every_data_set(scale: Scale, worlds: int, sets: int) -> None:
    def count(claim: str) -> int:
        return len(CLAIMS[claim].scales[scale].study.tasks)

    assert count("labels-suffice-for-selection") == worlds * 36
    assert count("settings-transfer-badly") == worlds * 4 * 36
    assert count("few-labels-beat-none") == worlds * 4 * (36 + 5 * 36)
    assert count("order-is-the-bias") == worlds * 4 * 2 * sets * 36
    study = CLAIMS["labels-alone-are-worse"].scales[scale].study
    assert len(study.tasks) == worlds * 5 * (36 + 36)
    (steps,) = {task.experiment.loop.steps for task in study.tasks.values()}
    assert steps == {"gpu": 30_000, "paper": 300_000}[scale]


def test_every_claim_is_written_at_every_scale_and_rehearsals_decide_nothing() -> None:
    judged = ["labels-suffice-for-selection", "few-labels-beat-none", "sampled-codes-decorrelate"]
    for claim in CLAIMS.values():
        assert list(claim.scales) == ["smoke", "desk", "gpu", "paper"]
        if claim.id not in judged:
            assert claim.scales["smoke"].rule.startswith("None at this size. ")
            assert claim.scales["smoke"].verdict({})[0] == "inconclusive"
