"""The smallest scale: three claims with experiments and rules of their own, rehearsals of the others."""

from dataclasses import replace

from metaprior.papers.claim import Experiment
from metaprior.papers.disentangle import measures, rules
from metaprior.papers.disentangle.scales import SMOKE
from metaprior.study import Study, study_of
from metaprior.study.grid import Grid, Point, product, values

SEEDS = (0, 1)
TRAINED: Point = {
    "data": SMOKE.worlds[0],
    "method.lr": 1e-3,
    "method.latent_dim": 6,
    "loop.steps": 300,
    "loop.threads": 1,
}
"""Thirty times as long as rehearsals: these three are judged."""
BETA_VAES = product(values("recipe", "beta-vae"), values("method.beta", 1.0, 2.0, 4.0, 8.0), values("labels", 100))
PAIRS = product(values("recipe", "s2-beta-vae", "beta-vae"), values("method.beta", 1.0), values("labels", 100))


def study(grid: Grid) -> Study:
    """The models of one of the three, of both seeds."""
    return study_of("smoke", {"all": product((TRAINED,), grid, values("loop.seed", *SEEDS))}, SMOKE.judging)


def rehearsal(experiment: Experiment) -> Experiment:
    """The experiment without a verdict."""
    return replace(experiment, rule=f"None at this size. {experiment.rule}", verdict=rules.decides_nothing)


LABELS_RANK = Experiment(
    "Spearman correlation of DCI on 100 labels with DCI on the world, over 8 beta-VAEs: at least 0.6 passes, at most 0 "
    "fails, between is inconclusive",
    lambda: study(BETA_VAES),
    measures.ranks_on_one_labelled_set,
    rules.ranks_agree,
    SEEDS,
)
GAIN = Experiment(
    "DCI disentanglement with 100 labels minus without: above 0 for each seed, mean at least 0.1",
    lambda: study(PAIRS),
    measures.gain_at_one_beta,
    rules.gain_is_clear,
    SEEDS,
)
ONLY_SAMPLES_DECORRELATE = Experiment(
    "Gaussian TC of sampled codes falls with beta (Spearman at most -0.8), that of mean codes at the largest beta is "
    "at least half of that at the smallest",
    lambda: study(BETA_VAES),
    measures.correlations_of,
    rules.only_samples_decorrelate,
    SEEDS,
)
