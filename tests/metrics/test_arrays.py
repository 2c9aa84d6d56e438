import numpy as np
import pytest
import torch

from metaprior.core import MetapriorError
from metaprior.metrics import dci, factor_vae_score, mig

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
