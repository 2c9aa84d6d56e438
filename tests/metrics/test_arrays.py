import numpy as np
import pytest
import torch

from metaprior.core import MetapriorError
from metaprior.metrics import (
    dci,
    downstream_accuracy,
    explicitness,
    factor_vae_score,
    factor_vae_score_finite,
    irs,
    mig,
    modularity,
    reduced_downstream_accuracy,
    sap,
    strong_generalisation_gap_finite,
    unfairness_finite,
)
from metaprior.metrics.arrays import as_factors

GOOD = np.zeros((4, 2)), np.zeros((4, 2), dtype=int)


def spoiled(place: tuple[int, int], value: float) -> np.ndarray:
    codes = np.zeros((20, 3))
    codes[place] = value
    return codes


@pytest.mark.parametrize(
    ("codes", "factors", "message"),
    [
        (spoiled((17, 1), np.nan), np.zeros((20, 1)), "codes hold 1 NaN value, the first in row 17"),
        (spoiled((3, 0), -np.inf), np.zeros((20, 1)), "codes hold 1 infinite value, the first in row 3"),
        (np.zeros(4), GOOD[1], "codes must be a matrix, one row an example; these have shape (4,)"),
        (np.zeros((0, 3)), GOOD[1], "codes are empty: shape (0, 3)"),
        (GOOD[0], np.zeros((3, 2)), "codes have 4 rows and factors have 3; they must be of the same examples"),
        (GOOD[0], GOOD[1] + 0.5, "factors must be whole numbers; column 0 holds 0.5 in row 0: discretise it"),
        (GOOD[0], np.full((4, 1), "a"), "factors must be whole numbers; these are <U1"),
        (
            GOOD[0],
            np.array([[0], [3e19], [1e19], [0]]),
            "factors must fit 64-bit integers; column 0 holds 3e+19 in row 1: number its values anew",
        ),
        (
            GOOD[0],
            np.array([[0], [0], [0], [2**63]], dtype=np.uint64),
            "factors must fit 64-bit integers; column 0 holds 9.22337e+18 in row 3: number its values anew",
        ),
    ],
)
def test_bad_input_is_named_in_one_line(codes: np.ndarray, factors: np.ndarray, message: str) -> None:
    with pytest.raises(MetapriorError) as error:
        mig(codes, factors)
    assert str(error.value) == message


def test_a_world_whose_size_does_not_fit_its_codes_is_refused() -> None:
    with pytest.raises(MetapriorError, match=r"\(3, 2\) make 6 examples, and codes have 4 rows"):
        factor_vae_score(np.zeros((4, 2)), (3, 2))


def test_training_and_test_must_have_the_same_codes() -> None:
    with pytest.raises(MetapriorError, match="training codes have 2 columns and test codes 3"):
        dci(*GOOD, np.zeros((4, 3)), GOOD[1])


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_tensors_give_what_their_arrays_give(dtype: torch.dtype) -> None:
    codes = torch.randn(200, 3, generator=torch.Generator().manual_seed(0)).to(dtype).requires_grad_()
    factors = torch.randint(3, (200, 2), generator=torch.Generator().manual_seed(1))
    assert mig(codes, factors).value == pytest.approx(mig(codes.detach().double().numpy(), factors.numpy()).value)


@pytest.mark.parametrize("values", [[-(2.0**63), 2.0**63 - 1024], [-(2**63), 2**63 - 1]])
def test_the_ends_of_64_bit_integers_are_factors(values: list[float]) -> None:
    assert as_factors(np.array([values])).tolist() == [[int(value) for value in values]]


def test_names_of_values_may_lie_further_apart_than_an_integer_reaches() -> None:
    names = np.array([-(2**62) - 1, 0, 2**62 + 1])  # the greatest less the least is negative in 64 bits
    values = np.random.default_rng(0).integers(3, size=(240, 2))
    codes = values + np.random.default_rng(1).normal(scale=0.4, size=values.shape)

    def split(factors: np.ndarray) -> tuple[np.ndarray, ...]:
        return codes[:120], factors[:120], codes[120:], factors[120:]

    def scores(factors: np.ndarray) -> dict[str, float | None]:
        parts = split(factors)
        trees, reduced = dci(*parts), reduced_downstream_accuracy(*parts)
        return {
            "mig": mig(codes, factors).value,
            "modularity": modularity(codes, factors).value,
            "explicitness": explicitness(*parts).value,
            "sap": sap(*parts).value,
            "irs": irs(codes, factors).value,
            "dci": trees.disentanglement,
            "constant": len(trees.constant_factors),
            "factor_vae": factor_vae_score_finite(codes, factors).value,
            "downstream": downstream_accuracy(*parts, sizes=(120,)).mean.item(),
            "reduced": reduced.reduced,
            "others": reduced.others,
            "strong": strong_generalisation_gap_finite(*parts).value,
            "fairness": unfairness_finite(*parts).value,
        }

    assert scores(names[values]) == pytest.approx(scores(values))


def test_two_values_whose_difference_overflows_to_nothing_vary() -> None:
    factors = np.array([[-(2**62), -(2**63)], [2**62, 0]] * 20)  # 2**63 apart, which is -2**63 in 64 bits
    assert mig(factors > 0, factors).constant_factors == ()
    assert unfairness_finite(factors > 0, factors, factors > 0, factors).value is not None
