"""The experiments of the claims, each of any size: what is trained, what is measured, and the rule."""

from collections.abc import Callable

from metaprior.papers.claim import Experiment, Measured, Ruling
from metaprior.papers.disentangle import measures, rules
from metaprior.papers.disentangle.scales import Bench
from metaprior.papers.disentangle.studies import labels_alone, study, with_labels, without_labels
from metaprior.study.grid import Grid
from metaprior.study.models import Models

Sized = Callable[[Bench], Experiment]


def labels_rank(bench: Bench) -> Experiment:
    """Claim 1."""
    return _experiment(
        bench,
        f"Spearman correlation of a metric on 100 labels with the same on the world, over {bench.cohort} beta-VAEs, "
        f"mean over {_sets(bench)}: DCI at least 0.6, MIG at least 0.5; what DCI picks is of the best fifth for at "
        "least 80 % of the sets",
        lambda: [without_labels(bench, "beta-vae")],
        measures.ranks_on_labels,
        rules.labels_rank_and_pick,
        bench.seeds,
    )


def more_labels_rank_better(bench: Bench) -> Experiment:
    """Claim 2."""
    return _experiment(
        bench,
        "The correlations of claim 1 with 1,000 labels: DCI and MIG at least as high as with 100, DCI at least 0.8",
        lambda: [without_labels(bench, "beta-vae"), without_labels(bench, "beta-vae", labels=1000)],
        measures.ranks_on_more_labels,
        rules.more_labels_rank_better,
        bench.seeds,
    )


def ranks_carry_over(bench: Bench) -> Experiment:
    """Claim 3."""
    return _experiment(
        bench,
        f"Spearman correlation of DCI on 100 labels with test metrics, mean over {_methods(bench)} and "
        f"{_sets(bench)}: median of 5 metrics at least 0.4, modularity below it",
        lambda: [without_labels(bench)],
        measures.ranks_across_metrics,
        rules.ranks_carry_over,
        bench.seeds,
    )


def labels_are_needed(bench: Bench) -> Experiment:
    """Claim 4."""
    return _experiment(
        bench,
        "Greatest absolute Spearman correlation of reconstruction, KL, ELBO or Gaussian TC with DCI or MIG: at least "
        f"0.2 below that of DCI on 100 labels, means over {_methods(bench)}",
        lambda: [without_labels(bench)],
        measures.ranks_without_labels,
        rules.labels_are_needed,
        bench.seeds,
        over="on each of",
    )


def supervision_wins(bench: Bench) -> Experiment:
    """Claim 5."""
    return _experiment(
        bench,
        f"S2/S against U/S with the same 100 labels, {_pairs(bench)}, each picking one of "
        f"{bench.pipeline_cohort} models: DCI and MIG higher in at least 70 % of pairs, sign test p below 0.05",
        lambda: _both_pipelines(bench),
        measures.pipelines,
        rules.supervision_wins,
        bench.label_seeds,
    )


def imprecise_labels_do(bench: Bench) -> Experiment:
    """Claim 6, by the rule of the paper's card."""
    return _imprecise_labels(
        bench,
        "with 1,000 labels at least 80 % of that with perfect ones, with 100 and 1,000 at least the median of models "
        "without labels",
        rules.imprecise_labels_do,
    )


def few_imprecise_labels_do(bench: Bench) -> Experiment:
    """Claim 6, by the rule that was fixed at desk scale: of 100 labels; what 1,000 come to is measured beside it."""
    return _imprecise_labels(
        bench,
        "with 100 labels at least 80 % of that with perfect ones, and at least the median of models without labels",
        rules.few_imprecise_labels_do,
    )


def _imprecise_labels(bench: Bench, rule: str, verdict: Callable[[Measured], Ruling]) -> Experiment:
    return _experiment(
        bench,
        f"DCI of S2/S with binned or noisy labels, {_pairs_of_kinds(bench)}: {rule}",
        lambda: [
            without_labels(bench, seeds=bench.pipeline_seeds),
            *_kinds(bench, "perfect", "binned", "noisy"),
            *_kinds(bench, "perfect", "binned", "noisy", labels=1000),
        ],
        measures.imprecise_labels,
        verdict,
        bench.kinds_label_seeds,
    )


def partial_labels_help_less(bench: Bench) -> Experiment:
    """Claim 7."""
    return _experiment(
        bench,
        f"MIG of S2/S with 100 labels of two factors, {_pairs_of_kinds(bench)}: below that with labels of all",
        lambda: _kinds(bench, "perfect", "partial"),
        measures.partial_labels,
        rules.partial_labels_help_less,
        bench.kinds_label_seeds,
    )


def order_matters(bench: Bench) -> Experiment:
    """Claim 8."""
    return _experiment(
        bench,
        f"MIG of S2/S with 100 permuted labels, {_pairs_of_kinds(bench)}: at most 80 % of that with "
        "labels in their order",
        lambda: _kinds(bench, "perfect", "permuted"),
        measures.order_of_labels,
        rules.order_matters,
        bench.kinds_label_seeds,
    )


def cross_entropy_is_no_worse(bench: Bench) -> Experiment:
    """Claim 9."""
    return _experiment(
        bench,
        f"DCI of S2/S with 100 labels, {_pairs_of_kinds(bench)}: by xent at least that by l2-sigmoid less 0.02",
        lambda: [with_labels(bench, loss=loss, label_seeds=bench.kinds_label_seeds) for loss in ("xent", "l2-sigmoid")],
        measures.losses,
        rules.cross_entropy_is_no_worse,
        bench.kinds_label_seeds,
    )


def labels_alone_are_worse(bench: Bench) -> Experiment:
    """Claim 10."""
    return _experiment(
        bench,
        f"S2/S of beta-VAE against training by 100 labels alone, each picking one of {bench.pipeline_cohort} models: "
        f"DCI and MIG higher for at least 80 % of {_sets(bench)}",
        lambda: [with_labels(bench, "beta-vae"), labels_alone(bench)],
        measures.labels_alone,
        rules.labels_alone_are_worse,
        bench.label_seeds,
    )


def fewer_examples_do(bench: Bench) -> Experiment:
    """Claim 11."""
    return _experiment(
        bench,
        "Accuracy of trees after 100 examples, S2/S against U/S as in claim 5: at least as high in 70 % of pairs",
        lambda: _both_pipelines(bench),
        measures.after_few_examples,
        rules.fewer_examples_do,
        bench.label_seeds,
    )


def only_samples_decorrelate(bench: Bench) -> Experiment:
    """Claim 12."""
    return _experiment(
        bench,
        "Gaussian TC of sampled codes falls with beta (Spearman at most -0.8), that of mean codes at the largest beta "
        "is at least half of that at the smallest",
        lambda: [without_labels(bench, "beta-vae")],
        measures.correlations_by_beta,
        rules.only_samples_decorrelate,
        bench.seeds,
        over="on each of",
    )


def method_explains_little(bench: Bench) -> Experiment:
    """Claim 13."""
    return _experiment(
        bench,
        f"Share of the variance of DCI over {_methods(bench)}, {len(bench.strengths['beta-vae'])} strengths and "
        f"{len(bench.seeds)} seeds: below 0.6 by the method, below 0.8 by method and strength",
        lambda: [without_labels(bench)],
        measures.variance_of_scores,
        rules.method_explains_little,
        bench.seeds,
    )


def settings_transfer_badly(bench: Bench) -> Experiment:
    """Claim 14."""
    worlds = (*bench.worlds, *bench.other_worlds)
    return _experiment(
        bench,
        f"Probability that the setting that is best by DCI or MIG on one of {len(worlds)} data sets beats a random "
        "model: on the same data and metric at least 0.1 above that on other data",
        lambda: [without_labels(bench)],
        measures.transfer_of_settings,
        rules.settings_transfer_badly,
        bench.seeds,
        worlds=worlds,
    )


def _experiment(
    bench: Bench,
    rule: str,
    grids: Callable[[], list[Grid]],
    measure: Callable[[Models, Bench], Measured],
    verdict: Callable[[Measured], Ruling],
    seeds: tuple[int, ...],
    over: str = "over",
    worlds: tuple[str, ...] = (),
) -> Experiment:
    if len(bench.worlds) > 1 and not worlds:
        rule = f"{rule}; {over} {len(bench.worlds)} data sets"
    return Experiment(
        rule, lambda: study(bench, *grids(), worlds=worlds), lambda models: measure(models, bench), verdict, seeds
    )


def _both_pipelines(bench: Bench) -> list[Grid]:
    methods = bench.methods_with_labels
    return [without_labels(bench, *methods, seeds=bench.pipeline_seeds), with_labels(bench)]


def _kinds(bench: Bench, *labellers: str, labels: int = 100) -> list[Grid]:
    return [
        with_labels(bench, labels=labels, labeller=labeller, label_seeds=bench.kinds_label_seeds)
        for labeller in labellers
    ]


def _methods(bench: Bench) -> str:
    return _many(len(bench.methods), "method")


def _sets(bench: Bench) -> str:
    return _many(len(bench.label_seeds), "labelled set")


def _pairs(bench: Bench) -> str:
    return f"{_many(len(bench.methods_with_labels), 'method')} and {_sets(bench)}"


def _pairs_of_kinds(bench: Bench) -> str:
    sets = _many(len(bench.kinds_label_seeds), "labelled set")
    return f"{_many(len(bench.methods_with_labels), 'method')} and {sets}"


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count > 1)}"
