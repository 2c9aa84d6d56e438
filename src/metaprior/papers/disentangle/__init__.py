"""Disentangling Factors of Variation Using Few Labels (Locatello et al. 2020): its claims.

It could not be checked against the paper's full text: directions of effects are from memory or from the abstracts,
thresholds are this project's own, and the paper's own correlation values are not known here. What is trained is in
``studies``, what is measured in ``measures``, the rules in ``rules``.
"""

from metaprior.papers.claim import Claim, Experiment
from metaprior.papers.disentangle import measures, rules
from metaprior.papers.disentangle.studies import (
    DSPRITES,
    LABEL_SEEDS,
    METHODS,
    SEEDS,
    SHAPES3D,
    SMOKE_BETAS,
    SMOKE_SEEDS,
    desk,
    labels_alone,
    smoke,
    with_labels,
    without_labels,
)
from metaprior.study.grid import product, values

_BETA_VAES = product(values("recipe", "beta-vae"), values("method.beta", *SMOKE_BETAS), values("labels", 100))
_PAIRS = product(values("recipe", "s2-beta-vae", "beta-vae"), values("method.beta", 1.0), values("labels", 100))
_ONE_SEED = without_labels(*METHODS, seeds=(0,))
_PERFECT = with_labels(*METHODS)

CLAIMS: dict[str, Claim] = {
    claim.id: claim
    for claim in (
        Claim(
            "labels-suffice-for-selection",
            "100 labels suffice to tell good models from bad ones by DCI",
            None,
            "Locatello et al. 2020, abstract",
            {
                "smoke": Experiment(
                    "Spearman correlation of DCI on 100 labels with DCI on the world, over 8 beta-VAEs: "
                    "at least 0.6 passes, at most 0 fails, between is inconclusive",
                    smoke(_BETA_VAES), measures.ranks_on_one_labelled_set, rules.ranks_agree, SMOKE_SEEDS, 0.5,
                ),
                "desk": Experiment(
                    "Spearman correlation of a metric on 100 labels with the same on the world, over 36 beta-VAEs, "
                    "mean over 5 labelled sets: DCI at least 0.6, MIG at least 0.5; what DCI picks is of the best "
                    "fifth for at least 4 sets",
                    desk(without_labels("beta-vae")), measures.ranks_on_labels, rules.labels_rank_and_pick, SEEDS, 15,
                ),
            },
            1,
        ),
        Claim(
            "more-labels-select-better",
            "1,000 labels tell good models from bad ones better than 100",
            None,
            "Locatello et al. 2020",
            {
                "desk": Experiment(
                    "The correlations of claim 1 with 1,000 labels: DCI and MIG at least as high as with 100, DCI at "
                    "least 0.8",
                    desk(without_labels("beta-vae"), without_labels("beta-vae", labels=1000)),
                    measures.ranks_on_more_labels, rules.more_labels_rank_better, SEEDS, 20,
                )
            },
            2,
        ),
        Claim(
            "selection-carries-over-metrics",
            "What one metric on few labels selects is good by the other metrics too, but for modularity",
            None,
            "Locatello et al. 2020",
            {
                "desk": Experiment(
                    "Spearman correlation of DCI on 100 labels with test metrics, mean over 4 methods and 5 labelled "
                    "sets: median of 5 metrics at least 0.4, modularity below it",
                    desk(without_labels(*METHODS)), measures.ranks_across_metrics, rules.ranks_carry_over, SEEDS, 60,
                )
            },
            3,
        ),
        Claim(
            "selection-needs-labels",
            "Criteria that look at no labels do not tell good models from bad ones",
            None,
            "Locatello et al. 2019",
            {
                "desk": Experiment(
                    "Greatest absolute Spearman correlation of reconstruction, KL, ELBO or Gaussian TC with DCI or "
                    "MIG: at least 0.2 below that of DCI on 100 labels, means over 4 methods",
                    desk(without_labels(*METHODS)), measures.ranks_without_labels, rules.labels_are_needed, SEEDS, 60,
                )
            },
            4,
        ),
        Claim(
            "few-labels-beat-none",
            "A few labels in the loss give a more disentangled representation than none",
            None,
            "Locatello et al. 2020, abstract",
            {
                "smoke": Experiment(
                    "DCI disentanglement with 100 labels minus without: above 0 for each seed, mean at least 0.1",
                    smoke(_PAIRS), measures.gain_at_one_beta, rules.gain_is_clear, SMOKE_SEEDS, 0.4,
                ),
                "desk": Experiment(
                    "S2/S against U/S with the same 100 labels, 4 methods and 5 labelled sets, each picking one of 6 "
                    "models: DCI and MIG higher in at least 70 % of pairs, sign test p below 0.05",
                    desk(_ONE_SEED, _PERFECT), measures.pipelines, rules.supervision_wins, LABEL_SEEDS, 65,
                ),
            },
            5,
        ),
        Claim(
            "imprecise-labels-do",
            "Binned and noisy labels serve nearly as well as perfect ones",
            None,
            "Locatello et al. 2020, abstract",
            {
                "desk": Experiment(
                    "DCI of S2/S with 100 binned or noisy labels, 4 methods and 2 labelled sets: at least 80 % of that "
                    "with perfect ones, and at least the median of models without labels",
                    desk(
                        _ONE_SEED, with_labels(*METHODS, label_seeds=LABEL_SEEDS[:2]),
                        with_labels(*METHODS, labeller="binned", label_seeds=LABEL_SEEDS[:2]),
                        with_labels(*METHODS, labeller="noisy", label_seeds=LABEL_SEEDS[:2]),
                    ),
                    measures.imprecise_labels, rules.imprecise_labels_do, LABEL_SEEDS[:2], 75,
                )
            },
            6,
        ),
        Claim(
            "partial-labels-help-less",
            "Labels of two factors only help less than labels of all",
            None,
            "Locatello et al. 2020",
            {
                "desk": Experiment(
                    "MIG of S2/S with 100 labels of two factors, 4 methods and 2 labelled sets: below that with labels "
                    "of all",
                    desk(
                        with_labels(*METHODS, label_seeds=LABEL_SEEDS[:2]),
                        with_labels(*METHODS, labeller="partial", label_seeds=LABEL_SEEDS[:2]),
                    ),
                    measures.partial_labels, rules.partial_labels_help_less, LABEL_SEEDS[:2], 45,
                )
            },
            7,
        ),
        Claim(
            "order-is-the-bias",
            "What helps is the order of the labels' values: without it most of the gain is lost",
            None,
            "Locatello et al. 2020",
            {
                "desk": Experiment(
                    "MIG of S2/S with 100 permuted labels, 4 methods and 2 labelled sets: at most 80 % of that with "
                    "labels in their order",
                    desk(
                        with_labels(*METHODS, label_seeds=LABEL_SEEDS[:2]),
                        with_labels(*METHODS, labeller="permuted", label_seeds=LABEL_SEEDS[:2]),
                    ),
                    measures.order_of_labels, rules.order_matters, LABEL_SEEDS[:2], 45,
                )
            },
            8,
        ),
        Claim(
            "cross-entropy-does",
            "Sigmoid cross-entropy with soft targets is no worse a supervised loss than squared error",
            None,
            "Locatello et al. 2020",
            {
                "desk": Experiment(
                    "DCI of S2/S with 100 labels, 4 methods and 2 labelled sets: by xent at least that by l2-sigmoid "
                    "less 0.02",
                    desk(
                        with_labels(*METHODS, label_seeds=LABEL_SEEDS[:2]),
                        with_labels(*METHODS, label_seeds=LABEL_SEEDS[:2], loss="l2-sigmoid"),
                    ),
                    measures.losses, rules.cross_entropy_is_no_worse, LABEL_SEEDS[:2], 45,
                )
            },
            9,
        ),
        Claim(
            "labels-alone-are-worse",
            "Learning from the labels alone is worse than learning from images and labels",
            None,
            "Locatello et al. 2020",
            {
                "desk": Experiment(
                    "S2/S of beta-VAE against training by 100 labels alone, each picking one of 6 models: DCI and MIG "
                    "higher for at least 4 of 5 labelled sets",
                    desk(with_labels("beta-vae"), labels_alone()),
                    measures.labels_alone, rules.labels_alone_are_worse, LABEL_SEEDS, 25,
                )
            },
            10,
        ),
        Claim(
            "fewer-examples-downstream",
            "Models that learned from few labels need fewer examples downstream",
            None,
            "Locatello et al. 2020",
            {
                "desk": Experiment(
                    "Accuracy of trees after 100 examples, S2/S against U/S as in claim 5: at least as high in 70 % of "
                    "pairs",
                    desk(_ONE_SEED, _PERFECT), measures.after_few_examples, rules.fewer_examples_do, LABEL_SEEDS, 65,
                )
            },
            11,
        ),
        Claim(
            "sampled-codes-decorrelate",
            "With more regularisation sampled codes decorrelate while mean codes stay correlated",
            None,
            "Locatello et al. 2019",
            {
                scale: Experiment(
                    "Gaussian TC of sampled codes falls with beta (Spearman at most -0.8), that of mean codes at the "
                    "largest beta is at least half of that at the smallest",
                    study, measures.correlations_by_beta, rules.only_samples_decorrelate, seeds, minutes,
                )
                for scale, study, seeds, minutes in (
                    ("smoke", smoke(_BETA_VAES), SMOKE_SEEDS, 0.5),
                    ("desk", desk(without_labels("beta-vae")), SEEDS, 15),
                )
            },
            12,
        ),
        Claim(
            "seeds-and-strengths-matter-most",
            "The method explains less of a score than its strength and the seed do",
            "37 % of the variance of scores is the method's, 59 % with the strength (from memory)",
            "Locatello et al. 2019",
            {
                "desk": Experiment(
                    "Share of the variance of DCI over 4 methods, 6 strengths and 6 seeds: below 0.6 by the method, "
                    "below 0.8 by method and strength",
                    desk(without_labels(*METHODS)),
                    measures.variance_of_scores, rules.method_explains_little, SEEDS, 60,
                )
            },
            13,
        ),
        Claim(
            "settings-transfer-badly",
            "Hyper-parameters that are good on one data set are little better than random on another",
            "80.7 % for the same data and metric, 59.3 % and 54.9 % otherwise (from memory)",
            "Locatello et al. 2019",
            {
                "desk": Experiment(
                    "Probability that the setting that is best by DCI or MIG on dSprites or on 3D Shapes beats a "
                    "random model: on the same data and metric at least 0.1 above that on the other data",
                    desk(without_labels(*METHODS), worlds=(DSPRITES, SHAPES3D)),
                    measures.transfer_of_settings, rules.settings_transfer_badly, SEEDS, 120,
                )
            },
            14,
        ),
    )
}  # fmt: skip
