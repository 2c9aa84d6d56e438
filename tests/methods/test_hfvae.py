"""HFVAE and the weights of beta-TCVAE: parts of one KL, and the methods that they become."""

import pytest
import torch

from metaprior.core import Counter, DataSpec, MetapriorError, Part, Step
from metaprior.methods import BetaTCVAERecipe, HFVAERecipe
from metaprior.nets import Posterior
from metaprior.objectives import aggregate, kl_normal, log_normal, mss_log_weights
from tests.conftest import random

DATA = DataSpec(value_shape=(5,), examples=100)
SMALL = {"nets": "linear", "latent_dim": 4, "batch": 12}
POSTERIOR = Posterior(random(0, 12, 4, dtype=torch.float64), random(1, 12, 4, dtype=torch.float64))
CODES = POSTERIOR.mean + (POSTERIOR.logvar / 2).exp() * random(2, 12, 4, dtype=torch.float64)


def regularisers(recipe, data=DATA, **step):
    method = recipe.build(data).double()
    hyper = {name: torch.tensor(value, dtype=torch.float64) for name, value in method.hyper.items()}
    return method.regularisers(POSTERIOR, CODES, Step(hyper=hyper, draws=Counter(0), **step))


def weighted(terms):
    return sum(term.value * term.weight for term in terms.values()).item()


def sampled_kl():
    nothing = torch.zeros_like(CODES)
    return (log_normal(CODES, *POSTERIOR) - log_normal(CODES, nothing, nothing)).sum(dim=1).mean().item()


KL = kl_normal(*POSTERIOR).sum(dim=1).mean().item()


@pytest.mark.parametrize("estimator", ["mws", "mss"])
@pytest.mark.parametrize("weight", [1.0, 4.0])
def test_equal_weights_are_the_beta_vae_with_a_sampled_kl_beyond_the_first(estimator, weight):
    recipe = BetaTCVAERecipe(**SMALL, estimator=estimator, alpha=weight, beta=weight, gamma=weight)
    assert weighted(regularisers(recipe)) == pytest.approx(KL + (weight - 1) * sampled_kl(), abs=1e-10)


def test_each_weight_is_of_its_own_part():
    exact = aggregate(CODES, *POSTERIOR, mss_log_weights(12, 100).double())
    terms = regularisers(BetaTCVAERecipe(**SMALL, estimator="mss", alpha=0.5, beta=3.0, gamma=2.0))
    for name, weight in (("mutual_information", -0.5), ("total_correlation", 2.0), ("dimension_wise_kl", 1.0)):
        assert terms[name].value.item() == pytest.approx(getattr(exact, name).item(), abs=1e-6)
        assert float(terms[name].weight) == weight
    assert terms["kl"].weight == 1


def test_weights_of_all_alike_differ_from_the_study_s_by_a_constant():
    """So the gradients are the same, and the study's estimator needs no number of examples."""
    gradients = []
    for estimator in ("study", "mws"):
        method = BetaTCVAERecipe(**SMALL, estimator=estimator).build(DATA).double()
        mean = POSTERIOR.mean.clone().requires_grad_()
        step = Step(hyper={name: torch.tensor(float(value)) for name, value in method.hyper.items()})
        weighted_terms = method.regularisers(Posterior(mean, POSTERIOR.logvar), CODES, step).values()
        sum(term.value * term.weight for term in weighted_terms).backward()
        gradients.append(mean.grad)
    assert torch.allclose(*gradients, atol=1e-10)


@pytest.mark.parametrize("estimator", ["mws", "mss"])
def test_groups_of_one_code_are_the_beta_tcvae(estimator):
    hfvae = regularisers(HFVAERecipe(**SMALL, groups=4, between=3.0, within=7.0, estimator=estimator))
    tcvae = regularisers(BetaTCVAERecipe(**SMALL, beta=4.0, estimator=estimator))
    assert weighted(hfvae) == pytest.approx(weighted(tcvae), abs=1e-10)
    assert hfvae["within_groups"].value.item() == pytest.approx(0, abs=1e-12)


def test_one_group_weighs_the_total_correlation_within_it():
    hfvae = regularisers(HFVAERecipe(**SMALL, groups=1, between=3.0, within=0.5))
    tcvae = regularisers(BetaTCVAERecipe(**SMALL, beta=1 + 1.5, estimator="mws"))
    assert weighted(hfvae) == pytest.approx(weighted(tcvae), abs=1e-10)


def test_weights_are_those_of_the_parts_and_the_information_is_taken_out():
    exact = aggregate(CODES, *POSTERIOR, group_sizes=(2, 2))
    terms = regularisers(
        HFVAERecipe(**SMALL, information=0.25, between=3.0, within=0.5), DataSpec(value_shape=(5,), examples=12)
    )
    constant = torch.tensor(12.0).log().item()  # weights are 1 / (12 12), exact ones 1 / 12
    parts = (
        ("mutual_information", exact.mutual_information + constant, -0.25),
        ("between_groups", exact.correlation_between_groups + constant, 3.0),
        ("within_groups", exact.correlation_within_groups + 2 * constant, 1.5),
    )
    for name, value, weight in parts:
        assert terms[name].value.item() == pytest.approx(value.item(), abs=1e-5)
        assert float(terms[name].weight) == weight


def test_a_part_of_the_batch_meets_the_whole_of_it():
    """Two parts' terms have the mean of the whole's."""
    recipe = HFVAERecipe(**SMALL, estimator="mss")
    whole = regularisers(recipe)
    method = recipe.build(DATA).double()
    hyper = {name: torch.tensor(value, dtype=torch.float64) for name, value in method.hyper.items()}
    halves = []
    for index in range(2):
        mine = slice(6 * index, 6 * index + 6)
        everyone = iter(POSTERIOR)
        part = Part(index, 2, lambda rows, everyone=everyone: next(everyone))
        own = Posterior(*(each[mine] for each in POSTERIOR))
        halves.append(method.regularisers(own, CODES[mine], Step(hyper=hyper, part=part)))
    for name, term in whole.items():
        mean = (halves[0][name].value + halves[1][name].value) / 2
        assert mean.item() == pytest.approx(term.value.item(), abs=1e-10), name


def test_of_a_world_there_are_as_many_examples_as_combinations():
    world = DataSpec(value_shape=(5,), factor_sizes=(10, 10))
    recipe = HFVAERecipe(**SMALL, estimator="mss")
    assert weighted(regularisers(recipe, world)) == weighted(regularisers(recipe))


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"groups": 3}, "4 codes cannot be parted into 3 groups"),
        ({"groups": 0}, "groups must be at least 1"),
        ({"batch": 1}, "batch must be at least 2"),
        ({"batch": 101}, "batch must be at most 100"),
        ({"information": -1.0}, "information must be at least 0"),
        ({"between": -1.0}, "between must be at least 0"),
        ({"within": -1.0}, "within must be at least 0"),
    ],
)
def test_bad_choices_are_refused(choices, said):
    with pytest.raises(MetapriorError, match=said):
        HFVAERecipe(**SMALL | choices).build(DATA)


@pytest.mark.parametrize("recipe", [HFVAERecipe, BetaTCVAERecipe])
def test_weights_of_a_batch_without_replacement_get_such_batches(recipe):
    method = recipe(latent_dim=4, batch=7, estimator="mss").build(DataSpec(image_shape=(1, 8, 8), examples=16))
    stream = method.streams()["unlabelled"]
    assert stream.batch == 7
    assert all(stream.indices(16, 0, "unlabelled", turn).unique().numel() == 7 for turn in range(50))
