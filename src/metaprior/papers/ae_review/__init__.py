"""Recent Advances in Autoencoder-Based Representation Learning (Tschannen et al. 2018): its map and its claims.

Claims are of the methods that are here; their wording is from memory, figures and rules are this project's.
"""

from collections.abc import Mapping

from metaprior.papers.ae_review import experiments
from metaprior.papers.ae_review.experiments import Sized
from metaprior.papers.ae_review.scales import DESK, GPU, SMOKE, Bench
from metaprior.papers.ae_review.tables import (
    META_PRIORS,
    NEIGHBOURS,
    REVIEW,
    Work,
    meta_priors_of,
    to_come,
    works_of,
)
from metaprior.papers.claim import Claim, Experiment, Scale, at_scales

SOURCE = "Tschannen et al. 2018"


def at_every_scale(sized: Sized) -> Mapping[str, Experiment]:
    """An experiment at three scales, the smallest without a verdict."""
    benches: dict[Scale, Bench] = {"smoke": SMOKE, "desk": DESK, "gpu": GPU}
    return at_scales(sized, benches, "a rehearsal: models trained so shortly decide nothing")


CLAIMS: dict[str, Claim] = {
    claim.id: claim
    for claim in (
        Claim(
            "elbo-best-is-not-probe-best",
            "Rate and distortion say nothing of what is in a code: the model of the best ELBO is not the most useful",
            None,
            SOURCE,
            at_every_scale(experiments.sweep),
            1,
        ),
        Claim(
            "inputs-teach-classifiers",
            "A semi-supervised VAE learns to classify from unlabelled examples too",
            "MNIST, 100 labels: error 11.97 % with M2 (from memory)",
            "Kingma et al. 2014",
            at_every_scale(experiments.labels_and_inputs),
            3,
        ),
        Claim(
            "discrepancy-in-place-of-kl",
            "Drawing the codes as a whole to the prior, not each example's, reconstructs better and fits it as well",
            None,
            "Tolstikhin et al. 2018",
            at_every_scale(experiments.discrepancy_in_place_of_kl),
            4,
        ),
        Claim(
            "total-correlation-falls",
            "A penalty on the total correlation lowers it at the same distortion, and disentangles",
            None,
            "Kim & Mnih 2018; Chen et al. 2018",
            at_every_scale(experiments.total_correlation_falls),
            5,
        ),
        Claim(
            "covariances-vanish",
            "DIP-VAE decorrelates codes",
            None,
            "Kumar et al. 2018",
            at_every_scale(experiments.codes_decorrelate),
            6,
        ),
        Claim(
            "information-stays",
            "MMD in the place of the KL keeps codes informative where a strong KL empties them",
            None,
            "Zhao et al. 2017",
            at_every_scale(experiments.information_stays),
            7,
        ),
        Claim(
            "attributes-are-forgotten",
            "An attribute can be kept out of the codes at a small cost to what else they tell",
            None,
            "Louizos et al. 2016; Lopez et al. 2018; Lample et al. 2017",
            at_every_scale(experiments.attributes_are_forgotten),
            10,
        ),
        Claim(
            "clusters-without-labels",
            "Discrete codes find classes without labels, and better than k-means on pixels",
            "MNIST: error 9.55 % with 16 clusters of AAE (from memory; many clusters a class)",
            "Makhzani et al. 2016; Dupont 2018",
            at_every_scale(experiments.clusters_are_classes),
            11,
        ),
        Claim(
            "bottleneck-forgets-training-labels",
            "A stronger bottleneck memorises less of the labels it is trained on; accuracy keeps a plateau",
            None,
            "Alemi et al. 2017",
            at_every_scale(experiments.bottleneck_forgets),
            13,
        ),
    )
}

__all__ = ["CLAIMS", "META_PRIORS", "NEIGHBOURS", "REVIEW", "Work", "meta_priors_of", "to_come", "works_of"]
