"""What the claims measure: numbers from the models of a study. Cohorts and pairs are those of the paper's pipelines.

Where a bench has several data sets, every cohort and every pair is of one of them, and means are over all; what must
hold on each is told of the one where it holds least. A score that is lacking is NaN, and so is all that hangs on it.
"""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from metaprior.papers.claim import Measured
from metaprior.papers.disentangle.scales import STRENGTH_OF, Bench
from metaprior.study.analysis import (
    Comparison,
    Picked,
    arranged,
    explained_variance,
    paired_comparison,
    pick,
    rank_correlation,
    rank_correlations,
    transfer_table,
)
from metaprior.study.models import Models

DCI, MIG = "dci_disentanglement", "mig"
TESTS = ("beta_vae_score", "factor_vae_score", MIG, DCI, "sap")
WITHOUT_FACTORS = ("reconstruction", "kl", "negative_elbo")


def gain_at_one_beta(models: Models) -> Measured:
    """DCI with 100 labels less that without, same beta, paired by seeds."""
    with_labels, without = (models.where(recipe=recipe, beta=1.0).test(DCI) for recipe in ("s2-beta-vae", "beta-vae"))
    gains = with_labels - without
    return {"gain_mean": float(gains.mean()), "gain_min": float(gains.min()), "gain_max": float(gains.max())}


def ranks_on_one_labelled_set(models: Models) -> Measured:
    """Does DCI on 100 labelled examples rank models as DCI on the world does?"""
    return {"spearman_dci": rank_correlation(models.validation(DCI, 100), models.test(DCI)), "models": len(models)}


def correlations_by_beta(models: Models, bench: Bench) -> Measured:
    """Gaussian total correlation of mean and of sampled codes against beta, means over seeds; the worst data set's."""
    found = [correlations_of(models.where(recipe="beta-vae", data=world)) for world in bench.worlds]
    worst = {"spearman_sampled": np.max, "mean_tc_last_over_first": np.min}
    return {name: float(worst.get(name, np.mean)([each[name] for each in found])) for name in found[0]}


def correlations_of(models: Models) -> Measured:
    """The same of the models of one data set."""
    by_beta = [models.where(beta=beta) for beta in sorted(set(models.field("beta")))]
    of_means, of_samples = (
        [float(each.test("gaussian_total_correlation", codes).mean()) for each in by_beta]
        for codes in ("mean", "sampled")
    )
    return {
        "spearman_sampled": rank_correlation(range(len(by_beta)), of_samples),
        "mean_tc_last_over_first": of_means[-1] / of_means[0],
        "sampled_tc_first": of_samples[0],
        "sampled_tc_last": of_samples[-1],
    }


def ranks_on_labels(models: Models, bench: Bench, labels: int = 100) -> Measured:
    """Over labelled sets: how validation on labels ranks models, and of how many it picks one of the best fifth."""
    rho: dict[str, list[float]] = {DCI: [], MIG: []}
    places = []
    for world, seed in product(bench.worlds, bench.label_seeds):
        cohort = models.where(recipe="beta-vae", data=world)
        for name in (DCI, MIG):
            rho[name].append(rank_correlation(cohort.validation(name, labels, seed), cohort.test(name)))
        places.append(pick(cohort.validation(DCI, labels, seed), cohort.test(DCI)).top_share)
    in_top_fifth = np.where(np.isnan(places), np.nan, np.array(places) <= 0.2)
    return {
        f"spearman_dci_{labels}": float(np.mean(rho[DCI])),
        f"spearman_mig_{labels}": float(np.mean(rho[MIG])),
        f"picks_in_top_fifth_{labels}": float(in_top_fifth.mean()),
    }


def ranks_on_more_labels(models: Models, bench: Bench) -> Measured:
    """The same for 100 and for 1,000 labels."""
    return {**ranks_on_labels(models, bench, 100), **ranks_on_labels(models, bench, 1000)}


def ranks_across_metrics(models: Models, bench: Bench) -> Measured:
    """How DCI on 100 labels ranks models by other test metrics, mean over labelled sets and cohorts."""
    tests = (*TESTS, "modularity")
    rho = np.array(
        [
            rank_correlations(
                cohort.validation(DCI, 100, seed)[:, None], np.stack([cohort.test(name) for name in tests], axis=1)
            )[0]
            for cohort in cohorts(models, bench)
            for seed in bench.label_seeds
        ]
    ).mean(axis=0)
    return {"median_spearman": float(np.median(rho[:-1])), "spearman_modularity": float(rho[-1])}


def ranks_without_labels(models: Models, bench: Bench) -> Measured:
    """The criterion without labels that ranks models best, beside DCI on 100 labels, mean over methods.

    Of the data set where it comes nearest.
    """
    found = []
    for cohort in cohorts(models, bench):
        criteria = [*map(cohort.criterion, WITHOUT_FACTORS), cohort.test("gaussian_total_correlation")]
        tests = np.stack([cohort.test(DCI), cohort.test(MIG)], axis=1)
        labelled = np.mean([rank_correlation(cohort.validation(DCI, 100, s), tests[:, 0]) for s in bench.label_seeds])
        found.append((np.abs(rank_correlations(np.stack(criteria, axis=1), tests)).max(), labelled))
    of_worlds = np.array(found).reshape(len(bench.worlds), len(bench.methods), 2).mean(axis=1)
    without, with_labels = of_worlds[np.argmin(of_worlds[:, 1] - of_worlds[:, 0])]
    return {"best_without_labels": float(without), "dci_on_labels": float(with_labels)}


def pipelines(models: Models, bench: Bench) -> Measured:
    """S2/S against U/S, paired by data, method and labelled set: each picks from a cohort as large."""
    measured: dict[str, float] = {}
    for name in (DCI, MIG):
        found = both_pipelines(models, bench, name)
        short = name.partition("_")[0]
        measured |= {f"wins_{short}": found.wins_share, f"gain_{short}": found.mean_gain, f"p_{short}": found.p}
    return measured


def after_few_examples(models: Models, bench: Bench) -> Measured:
    """S2/S against U/S by what trees tell after 100 examples, paired as :func:`pipelines` does."""
    found = both_pipelines(models, bench, "downstream_accuracy_100")
    return {"not_worse": found.not_worse_share, "gain": found.mean_gain}


def imprecise_labels(models: Models, bench: Bench) -> Measured:
    """S2/S by DCI with binned and with noisy labels, over that with perfect ones; and the median without labels."""
    medians = [np.median(cohort.test(DCI)) for cohort in cohorts(models, bench)]
    measured = {"median_without_labels": float(np.mean(medians))}
    for labels in (100, 1000):
        perfect, binned, noisy = (
            mean_of_picks(models.where(labels=labels), bench, DCI, labeller)
            for labeller in ("perfect", "binned", "noisy")
        )
        measured |= {
            f"binned_over_perfect_{labels}": binned / perfect,
            f"noisy_over_perfect_{labels}": noisy / perfect,
            f"least_imprecise_{labels}": min(binned, noisy),
        }
    return measured


def partial_labels(models: Models, bench: Bench) -> Measured:
    """MIG of S2/S where labels are of two factors only, and where they are of all."""
    partial, perfect = (mean_of_picks(models, bench, MIG, labeller) for labeller in ("partial", "perfect"))
    return {"mig_partial": partial, "mig_perfect": perfect}


def order_of_labels(models: Models, bench: Bench) -> Measured:
    """MIG of S2/S where the labels' order is lost, over that where it is not."""
    lost, kept = (mean_of_picks(models, bench, MIG, labeller) for labeller in ("permuted", "perfect"))
    return {"permuted_over_perfect": lost / kept, "mig_permuted": lost, "mig_perfect": kept}


def losses(models: Models, bench: Bench) -> Measured:
    """DCI of S2/S by sigmoid cross-entropy less that by squared error."""
    xent, squared = (mean_of_picks(models.where(loss=loss), bench, DCI) for loss in ("xent", "l2-sigmoid"))
    return {"gain_dci": xent - squared, "dci_xent": xent, "dci_l2": squared}


def labels_alone(models: Models, bench: Bench) -> Measured:
    """S2/S of beta-VAE against training by labels alone, of which share of the labelled sets it is better."""
    measured: dict[str, float] = {}
    for name in (DCI, MIG):
        pairs = [
            (
                supervised_pick(models.where(data=world), "beta-vae", seed, name).score,
                pick_of(models.where(data=world, recipe="supervised", label_seed=seed), name).score,
            )
            for world, seed in product(bench.worlds, bench.label_seeds)
        ]
        found = of_all(pairs)
        short = name.partition("_")[0]
        measured |= {f"wins_{short}": found.wins_share, f"gain_{short}": found.mean_gain}
    return measured


def variance_of_scores(models: Models, bench: Bench) -> Measured:
    """The share of the variance of DCI that the method explains, and the method with its strength; mean over data."""
    shares = []
    for world in bench.worlds:
        cohort = models.where(data=world)
        methods = cohort.field("recipe")
        strengths = [each[STRENGTH_OF[method]] for each, method in zip(cohort.fields, methods, strict=True)]
        scores = cohort.test(DCI)
        shares.append((explained_variance(scores, methods).r2, explained_variance(scores, methods, strengths).r2))
    of_method, of_both = np.mean(shares, axis=0)
    return {"method_r2": float(of_method), "method_strength_r2": float(of_both)}


def transfer_of_settings(models: Models, bench: Bench) -> Measured:
    """The probability that a setting that is best on one world, by DCI or MIG, beats a random model elsewhere."""
    columns = [
        (value, each["data"], name, (each["recipe"], each[STRENGTH_OF[each["recipe"]]]), each["seed"])
        for name in (DCI, MIG)
        for each, value in zip(models.fields, models.test(name), strict=True)
    ]
    table = transfer_table(arranged(*zip(*columns, strict=True))[0])
    return {
        "same": table.same,
        "other_data": table.other_data,
        "other_metric": table.other_metric,
        "other_data_and_metric": table.other_data_and_metric,
    }


def cohorts(models: Models, bench: Bench) -> Iterator[Models]:
    """The cohorts without labels: of each data set and method."""
    return (models.where(data=world, recipe=method) for world, method in product(bench.worlds, bench.methods))


def both_pipelines(models: Models, bench: Bench, test: str) -> Comparison:
    """What S2/S picks against what U/S picks with the same labels."""
    pairs = [
        (supervised_pick(of_world, method, seed, test).score, unsupervised_pick(of_world, method, seed, test).score)
        for of_world in (models.where(data=world) for world in bench.worlds)
        for method, seed in product(bench.methods_with_labels, bench.label_seeds)
    ]
    return of_all(pairs)


def of_all(pairs: Sequence[tuple[float, float]]) -> Comparison:
    """The comparison of pairs, of none where a score is lacking: those that are left may be the better ones."""
    return paired_comparison(*zip(*pairs, strict=True)) if np.isfinite(pairs).all() else paired_comparison([], [])


def mean_of_picks(models: Models, bench: Bench, test: str, labeller: str = "perfect") -> float:
    """The mean score of what S2/S picks, over data, methods and labelled sets."""
    scores = [
        supervised_pick(models.where(data=world), method, seed, test, labeller).score
        for world, method, seed in product(bench.worlds, bench.methods_with_labels, bench.kinds_label_seeds)
    ]
    return float(np.mean(scores))


def unsupervised_pick(models: Models, method: str, label_seed: int, test: str) -> Picked:
    """U/S: of the models without labels, the one that DCI on 100 labels picks."""
    cohort = models.where(recipe=method)
    return pick(cohort.validation(DCI, 100, label_seed), cohort.test(test))


def supervised_pick(models: Models, method: str, label_seed: int, test: str, labeller: str = "perfect") -> Picked:
    """S2/S: of the models that learned from 90 % of a labelled set, the one that R_sup on the others picks."""
    return pick_of(models.where(recipe=f"s2-{method}", label_seed=label_seed, labeller=labeller), test)


def pick_of(cohort: Models, test: str) -> Picked:
    """What R_sup on held-out labels picks of a cohort."""
    return pick(cohort.criterion("supervised"), cohort.test(test), larger_is_better=False)
