import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.linear_model import Lasso

from metaprior.core import MetapriorError
from metaprior.metrics import Similarity, udr
from tests.metrics import reference

ALPHA = 0.1


def independent(n: int = 2_000, codes: int = 5, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, size=(n, codes))


def mixed(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return independent() @ rng.normal(size=(5, 5)) + 0.1 * rng.normal(size=(2_000, 5))


def strength(similar: np.ndarray) -> float:
    columns, rows = ((similar.max(axis) ** 2 / similar.sum(axis)).mean() for axis in (0, 1))
    return (columns + rows) / 2


@pytest.mark.parametrize(("similarity", "greatest"), [("lasso", 1 - ALPHA), ("spearman", 1.0)])
def test_order_and_sign_of_codes_do_not_matter(similarity: Similarity, greatest: float) -> None:
    # |w| of uncorrelated codes is 1 − α, exactly; those of a sample are correlated a little
    codes = np.stack(np.meshgrid(*[[-1.0, 0.0, 1.0]] * 4), -1).reshape(-1, 4)
    copies = [codes, codes[:, [2, 0, 3, 1]] * [1, -1, -3, 0.5] + 7, -codes]
    assert udr(copies, None, similarity).scores == pytest.approx([greatest] * 3, abs=1e-6)
    sampled = independent()
    assert min(udr([sampled, -sampled[:, ::-1]], None, similarity).scores or ()) >= 0.8


@pytest.mark.parametrize("similarity", ["lasso", "spearman"])
def test_the_definition(similarity: Similarity) -> None:
    models = [mixed(0), mixed(1), independent(), mixed(2)]
    result = udr(models, None, similarity)
    standardised = [(z - z.mean(0)) / z.std(0) for z in models]
    for i, one in enumerate(standardised):
        for j, other in enumerate(standardised):
            if i != j and similarity == "lasso":
                similar = np.abs(Lasso(alpha=ALPHA, tol=1e-10, max_iter=100_000).fit(one, other).coef_.T)
                assert result.pairs[i, j] == pytest.approx(strength(similar), abs=1e-4)
            elif i != j:
                similar = np.abs([[spearmanr(a, b).statistic for b in other.T] for a in one.T])
                assert result.pairs[i, j] == pytest.approx(strength(similar))
    assert result.scores == pytest.approx(
        [np.median([result.pairs[i, j] for i in range(4) if i != j]) for j in range(4)]
    )


@reference.recorded
def test_ranks_like_representations_above_unlike_ones() -> None:
    names = ("A_dsprites", "A_dsprites", "B_dsprites", "C_dsprites", "E_dsprites")
    codes = [reference.sample(name, 1_000, seed=0)[0] for name in names]
    codes[1] = -codes[1][:, ::-1]
    dead = np.array([not z.std() > 0.2 for z in codes[0].T])
    kl = [np.where(dead, 0.0, 1.0), np.where(dead[::-1], 0.0, 1.0), *np.ones((3, 10))]
    result = udr(codes, kl)
    assert result.informative[1] == tuple(9 - k for k in reversed(result.informative[0]))
    assert result.pairs[0, 1] == pytest.approx(1 - ALPHA, abs=0.01)
    assert result.scores is not None
    axis_aligned, _, _, rotated, noise = result.scores
    assert axis_aligned > rotated > noise
    assert noise < 0.05


def test_codes_that_tell_nothing_take_no_part() -> None:
    codes = independent()
    rng = np.random.default_rng(1)
    noisy = [np.hstack([codes[:, :2], rng.normal(size=(2_000, 8))]) for _ in range(2)]
    kl = np.array([1.0, 0.0101] + [0.01] * 8)
    masked = udr(noisy, [kl, kl])
    assert masked.informative == ((0, 1),) * 2
    assert masked.scores == pytest.approx([1 - ALPHA] * 2, abs=0.01)
    assert max(udr(noisy, None).scores or ()) < 0.3


def test_a_collapsed_model_is_like_no_other() -> None:
    codes = independent()
    result = udr([codes, codes, codes], [np.ones(5), np.ones(5), np.zeros(5)])
    assert result.scores is not None
    assert result.scores[2] == 0.0
    assert udr([codes, codes], [np.zeros(5)] * 2).scores == (0.0, 0.0)


@pytest.mark.parametrize("similarity", ["lasso", "spearman"])
def test_a_constant_code_has_no_counterpart(similarity: Similarity) -> None:
    codes = independent(codes=4)
    constant = np.insert(codes, 0, 0.1, axis=1)
    alone, beside = udr([codes, codes], None, similarity), udr([constant, constant], None, similarity)
    assert beside.scores == pytest.approx(np.array(alone.scores) * 4 / 5, abs=1e-6)


def test_models_may_have_different_numbers_of_codes() -> None:
    codes = independent(codes=3)
    pairs = udr([codes, codes[:, :2]], None).pairs
    assert pairs[0, 1] == pytest.approx(((1 - ALPHA) + (1 - ALPHA) * 2 / 3) / 2, abs=0.05)


def test_a_single_model_has_no_ranking() -> None:
    result = udr([independent()], None)
    assert result.scores is None
    assert result.reason == "a ranking compares at least 2 models, and there is 1"


def test_bad_input_is_refused() -> None:
    codes = independent()
    with pytest.raises(MetapriorError, match="0 has 2000 rows and 1 10"):
        udr([codes, codes[:10]], None)
    with pytest.raises(MetapriorError, match="codes of 2 models and divergences of 1"):
        udr([codes, codes], [np.ones(5)])
    with pytest.raises(MetapriorError, match="kl of model 1 must be 5 numbers"):
        udr([codes, codes], [np.ones(5), np.ones(4)])
    with pytest.raises(MetapriorError, match="is not finite"):
        udr([codes, codes], [np.ones(5), np.full(5, np.nan)])
    with pytest.raises(MetapriorError, match="did you mean 'lasso'"):
        udr([codes, codes], None, "laso")  # type: ignore[arg-type]


def test_a_stray_model_does_not_lower_the_others() -> None:
    codes = independent()
    alike = [codes, -codes, codes[:, ::-1]]
    stray = np.random.default_rng(1).normal(size=codes.shape)
    alone, beside = udr(alike, None), udr([*alike, stray], None)
    assert beside.scores is not None
    assert beside.scores[:3] == pytest.approx(alone.scores, abs=1e-3)
    assert beside.scores[3] < 0.1
