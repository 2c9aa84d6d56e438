"""Disentangling Factors of Variation Using Few Labels (Locatello et al. 2020): its claims.

It could not be checked against the paper's full text: directions of effects are from memory or from the abstracts,
thresholds are this project's own, and the paper's own correlation values are not known here.
"""

from metaprior.papers.claim import Claim, Experiment, Measured, Verdict
from metaprior.study import Judging, Study, study_of
from metaprior.study.analysis import rank_correlation
from metaprior.study.grid import Grid, product, values
from metaprior.study.models import Models

_SEEDS = (0, 1)
_BETAS = (1.0, 2.0, 4.0, 8.0)
_ALL_BETAS = product(values("recipe", "beta-vae"), values("method.beta", *_BETAS), values("labels", 100))
_PAIRS = product(values("recipe", "s2-beta-vae", "beta-vae"), values("method.beta", 1.0), values("labels", 100))


def smoke(grid: Grid) -> Study:
    """A study of the smoke experiments: dSprites at 16 px, 1,152 images, 300 steps, which was chosen by time alone."""
    common = {
        "data": "dsprites:size=16,scale=3,orientation=2,position_x=8,position_y=8",
        "method.lr": 1e-3,
        "method.latent_dim": 6,
        "loop.steps": 300,
        "loop.threads": 1,
    }
    judging = Judging(
        metrics=("dci", "unsupervised"),
        sampled=("unsupervised",),
        validation=("dci_disentanglement",),
        train=2000,
        test=1000,
    )
    return study_of("smoke", {"all": product((common,), grid, values("loop.seed", *_SEEDS))}, judging)


def few_labels_beat_none(models: Models) -> Measured:
    """DCI with 100 labels less that without, same beta, paired by seeds."""
    with_labels, without = (
        models.where(recipe=recipe, beta=1.0).test("dci_disentanglement") for recipe in ("s2-beta-vae", "beta-vae")
    )
    gains = with_labels - without
    return {"gain_mean": float(gains.mean()), "gain_min": float(gains.min()), "gain_max": float(gains.max())}


def gain_is_clear(measured: Measured) -> tuple[Verdict, str | None]:
    """The rule of ``few-labels-beat-none``."""
    return "pass" if measured["gain_min"] > 0 and measured["gain_mean"] >= 0.1 else "fail", None


def labels_suffice_for_selection(models: Models) -> Measured:
    """Does DCI on 100 labelled examples rank models as DCI on the world does?"""
    on_labels, on_world = models.validation("dci_disentanglement", 100), models.test("dci_disentanglement")
    return {"spearman_dci": rank_correlation(on_labels, on_world), "models": len(models)}


def ranks_agree(measured: Measured) -> tuple[Verdict, str | None]:
    """The rule of ``labels-suffice-for-selection``."""
    rho = measured["spearman_dci"]
    if rho >= 0.6:
        return "pass", None
    if rho <= 0:
        return "fail", None
    return "inconclusive", f"{measured['models']} models are too few to tell {rho:.2f} from 0.6"


def sampled_codes_decorrelate(models: Models) -> Measured:
    """Gaussian total correlation of mean and of sampled codes against beta, means over seeds."""
    by_beta = [models.where(beta=beta) for beta in _BETAS]
    of_means, of_samples = (
        [float(each.test("gaussian_total_correlation", codes).mean()) for each in by_beta]
        for codes in ("mean", "sampled")
    )
    return {
        "spearman_sampled": rank_correlation(_BETAS, of_samples),
        "mean_tc_last_over_first": of_means[-1] / of_means[0],
        "sampled_tc_first": of_samples[0],
        "sampled_tc_last": of_samples[-1],
    }


def only_samples_decorrelate(measured: Measured) -> tuple[Verdict, str | None]:
    """The rule of ``sampled-codes-decorrelate``."""
    held = measured["spearman_sampled"] <= -0.8 and measured["mean_tc_last_over_first"] >= 0.5
    return "pass" if held else "fail", None


CLAIMS: dict[str, Claim] = {
    claim.id: claim
    for claim in (
        Claim(
            "few-labels-beat-none",
            "A few labels in the loss give a more disentangled representation than none",
            None,
            "Locatello et al. 2020, abstract",
            {
                "smoke": Experiment(
                    "DCI disentanglement with 100 labels minus without: above 0 for each seed, mean at least 0.1",
                    smoke(_PAIRS),
                    few_labels_beat_none,
                    gain_is_clear,
                    _SEEDS,
                    minutes=0.4,
                )
            },
        ),
        Claim(
            "labels-suffice-for-selection",
            "100 labels suffice to tell good models from bad ones by DCI",
            None,
            "Locatello et al. 2020, abstract",
            {
                "smoke": Experiment(
                    "Spearman correlation of DCI on 100 labels with DCI on the world, over 8 beta-VAEs: "
                    "at least 0.6 passes, at most 0 fails, between is inconclusive",
                    smoke(_ALL_BETAS),
                    labels_suffice_for_selection,
                    ranks_agree,
                    _SEEDS,
                    minutes=0.5,
                )
            },
        ),
        Claim(
            "sampled-codes-decorrelate",
            "With more regularisation sampled codes decorrelate while mean codes stay correlated",
            None,
            "Locatello et al. 2019",
            {
                "smoke": Experiment(
                    "Gaussian TC of sampled codes falls with beta (Spearman at most -0.8), that of mean codes at the "
                    "largest beta is at least half of that at the smallest",
                    smoke(_ALL_BETAS),
                    sampled_codes_decorrelate,
                    only_samples_decorrelate,
                    _SEEDS,
                    minutes=0.5,
                )
            },
        ),
    )
}
