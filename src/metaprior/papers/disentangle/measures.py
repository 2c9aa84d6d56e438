"""What the claims measure: numbers from the models of a study. Cohorts and pairs are those of the paper's pipelines."""

from collections.abc import Iterable

import numpy as np

from metaprior.papers.claim import Measured
from metaprior.papers.disentangle.studies import LABEL_SEEDS, METHODS, STRENGTHS
from metaprior.study.analysis import (
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


def correlations_by_beta(models: Models) -> Measured:
    """Gaussian total correlation of mean and of sampled codes against beta, means over seeds."""
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


def ranks_on_labels(models: Models, labels: int = 100) -> Measured:
    """Over labelled sets: how validation on labels ranks models, and how often it picks one of the best fifth."""
    cohort = models.where(recipe="beta-vae")
    rho = {
        name: [rank_correlation(cohort.validation(name, labels, seed), cohort.test(name)) for seed in LABEL_SEEDS]
        for name in (DCI, MIG)
    }
    shares = [pick(cohort.validation(DCI, labels, seed), cohort.test(DCI)).top_share for seed in LABEL_SEEDS]
    return {
        f"spearman_dci_{labels}": float(np.mean(rho[DCI])),
        f"spearman_mig_{labels}": float(np.mean(rho[MIG])),
        f"picks_in_top_fifth_{labels}": sum(share <= 0.2 for share in shares),
    }


def ranks_on_more_labels(models: Models) -> Measured:
    """The same for 100 and for 1,000 labels."""
    return {**ranks_on_labels(models, 100), **ranks_on_labels(models, 1000)}


def ranks_across_metrics(models: Models) -> Measured:
    """How DCI on 100 labels ranks models by other test metrics, mean over labelled sets and methods."""
    tests = (*TESTS, "modularity")
    rho = np.array(
        [
            rank_correlations(
                cohort.validation(DCI, 100, seed)[:, None], np.stack([cohort.test(name) for name in tests], axis=1)
            )[0]
            for cohort in each_method(models)
            for seed in LABEL_SEEDS
        ]
    ).mean(axis=0)
    return {"median_spearman": float(np.median(rho[:-1])), "spearman_modularity": float(rho[-1])}


def ranks_without_labels(models: Models) -> Measured:
    """The criterion without labels that ranks models best, beside DCI on 100 labels, mean over methods."""
    found = []
    for cohort in each_method(models):
        criteria = [*map(cohort.criterion, WITHOUT_FACTORS), cohort.test("gaussian_total_correlation")]
        tests = np.stack([cohort.test(DCI), cohort.test(MIG)], axis=1)
        labelled = np.mean([rank_correlation(cohort.validation(DCI, 100, s), tests[:, 0]) for s in LABEL_SEEDS])
        found.append((np.abs(rank_correlations(np.stack(criteria, axis=1), tests)).max(), labelled))
    without, with_labels = np.mean(found, axis=0)
    return {"best_without_labels": float(without), "dci_on_labels": float(with_labels)}


def pipelines(models: Models) -> Measured:
    """S2/S against U/S, paired by method and labelled set: each picks of a cohort of 6."""
    measured: dict[str, float] = {}
    for name in (DCI, MIG):
        pairs = [
            (supervised_pick(models, method, seed, name).score, unsupervised_pick(models, method, seed, name).score)
            for method in METHODS
            for seed in LABEL_SEEDS
        ]
        found = paired_comparison(*zip(*pairs, strict=True))
        short = name.partition("_")[0]
        measured |= {f"wins_{short}": found.wins_share, f"gain_{short}": found.mean_gain, f"p_{short}": found.p}
    return measured


def imprecise_labels(models: Models) -> Measured:
    """S2/S by DCI with binned and with noisy labels, over that with perfect ones; and the median without labels."""
    seeds = LABEL_SEEDS[:2]
    score = {
        labeller: np.mean([supervised_pick(models, m, s, DCI, labeller).score for m in METHODS for s in seeds])
        for labeller in ("perfect", "binned", "noisy")
    }
    median = np.mean([unsupervised_pick(models, method, seeds[0], DCI).median for method in METHODS])
    return {
        "binned_over_perfect": float(score["binned"] / score["perfect"]),
        "noisy_over_perfect": float(score["noisy"] / score["perfect"]),
        "least_imprecise": float(min(score["binned"], score["noisy"])),
        "median_without_labels": float(median),
    }


def partial_labels(models: Models) -> Measured:
    """MIG of S2/S where labels are of two factors only, and where they are of all."""
    partial, perfect = (
        np.mean([supervised_pick(models, m, s, MIG, labeller).score for m in METHODS for s in LABEL_SEEDS[:2]])
        for labeller in ("partial", "perfect")
    )
    return {"mig_partial": float(partial), "mig_perfect": float(perfect)}


def losses(models: Models) -> Measured:
    """DCI of S2/S by sigmoid cross-entropy less that by squared error, pairs of methods and labelled sets."""
    xent, squared = (
        [supervised_pick(models.where(loss=loss), m, s, DCI).score for m in METHODS for s in LABEL_SEEDS[:2]]
        for loss in ("xent", "l2-sigmoid")
    )
    found = paired_comparison(xent, squared)
    return {"gain_dci": found.mean_gain, "dci_xent": found.first_mean, "dci_l2": found.second_mean}


def after_few_examples(models: Models) -> Measured:
    """S2/S against U/S by what trees tell after 100 examples, pairs of methods and labelled sets."""
    name = "downstream_accuracy_100"
    pairs = [
        (supervised_pick(models, method, seed, name).score, unsupervised_pick(models, method, seed, name).score)
        for method in METHODS
        for seed in LABEL_SEEDS
    ]
    found = paired_comparison(*zip(*pairs, strict=True))
    return {"not_worse": found.not_worse_share, "gain": found.mean_gain}


def transfer_of_settings(models: Models) -> Measured:
    """The probability that a setting that is best on one world, by DCI or MIG, beats a random model elsewhere."""
    columns = [
        (value, each["data"], name, (each["recipe"], each[STRENGTHS[each["recipe"]][0]]), each["seed"])
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


def order_of_labels(models: Models) -> Measured:
    """MIG of S2/S where the labels' order is lost, over that where it is not."""
    lost, kept = (
        np.mean([supervised_pick(models, m, s, MIG, labeller).score for m in METHODS for s in LABEL_SEEDS[:2]])
        for labeller in ("permuted", "perfect")
    )
    return {"permuted_over_perfect": float(lost / kept), "mig_permuted": float(lost), "mig_perfect": float(kept)}


def labels_alone(models: Models) -> Measured:
    """S2/S of beta-VAE against training by labels alone, in how many labelled sets it is better."""
    measured: dict[str, float] = {}
    for name in (DCI, MIG):
        alone = [pick_of(models.where(recipe="supervised", label_seed=s), name).score for s in LABEL_SEEDS]
        both = [supervised_pick(models, "beta-vae", s, name).score for s in LABEL_SEEDS]
        found = paired_comparison(both, alone)
        measured |= {f"wins_{name.partition('_')[0]}": found.wins, f"gain_{name.partition('_')[0]}": found.mean_gain}
    return measured


def variance_of_scores(models: Models) -> Measured:
    """The share of the variance of DCI that the method explains, and the method with its strength."""
    methods = models.field("recipe")
    names = [STRENGTHS[method][0] for method in methods]
    strengths = [each[name] for each, name in zip(models.fields, names, strict=True)]
    return {
        "method_r2": explained_variance(models.test(DCI), methods).r2,
        "method_strength_r2": explained_variance(models.test(DCI), methods, strengths).r2,
    }


def each_method(models: Models) -> Iterable[Models]:
    """The cohorts without labels."""
    return (models.where(recipe=method) for method in METHODS)


def unsupervised_pick(models: Models, method: str, label_seed: int, test: str) -> Picked:
    """U/S: of the models of one seed without labels, the one that DCI on 100 labels picks."""
    cohort = models.where(recipe=method, seed=0)
    return pick(cohort.validation(DCI, 100, label_seed), cohort.test(test))


def supervised_pick(models: Models, method: str, label_seed: int, test: str, labeller: str = "perfect") -> Picked:
    """S2/S: of the models that learned from 90 % of a labelled set, the one that R_sup on the others picks."""
    return pick_of(models.where(recipe=f"s2-{method}", label_seed=label_seed, labeller=labeller), test)


def pick_of(cohort: Models, test: str) -> Picked:
    """What R_sup on held-out labels picks of a cohort."""
    return pick(cohort.criterion("supervised"), cohort.test(test), larger_is_better=False)
