import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from sklearn.metrics import mutual_info_score

from metaprior.metrics import (
    discretise,
    gaussian_total_correlation,
    gaussian_wasserstein_correlation,
    unsupervised_scores,
)
from tests.judge.linear import with_covariance
from tests.metrics import reference

RECORDED = {
    "gaussian_total_correlation": "gaussian_total_correlation",
    "gaussian_wasserstein_correlation": "gaussian_wasserstein_correlation",
    "gaussian_wasserstein_correlation_normalised": "gaussian_wasserstein_correlation_norm",
    "mutual_info_score": "mutual_info_score",
}


def correlated(n: int = 500, codes: int = 4, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, codes)) @ rng.normal(size=(codes, codes))


def covariance() -> np.ndarray:
    return np.cov(correlated(), rowvar=False)


@reference.recorded
@pytest.mark.parametrize("case", reference.CASES)
def test_agrees_with_the_original(case: str) -> None:
    recorded = reference.scores(case, "unsupervised")
    results = [unsupervised_scores(reference.sample(case, 10_000, seed)[0]) for seed in range(5)]
    for ours, theirs in RECORDED.items():
        if theirs in recorded:  # the original's total correlation of dead codes is not a number
            mean = np.mean([getattr(result, ours) for result in results])
            assert mean == pytest.approx(recorded[theirs]["mean"], abs=reference.tolerance(recorded[theirs])), ours


def test_total_correlation_is_the_divergence_from_the_product_of_marginals() -> None:
    cov = covariance()
    marginals = np.diag(np.diag(cov))
    divergence = 0.5 * (
        np.trace(np.linalg.inv(marginals) @ cov) - len(cov) + np.log(np.linalg.det(marginals) / np.linalg.det(cov))
    )
    assert gaussian_total_correlation(cov) == pytest.approx(divergence)


def test_wasserstein_correlation_is_the_distance_between_the_gaussians() -> None:
    cov = covariance()
    root = sqrtm(np.diag(np.diag(cov)))
    distance = np.trace(cov) + np.trace(np.diag(np.diag(cov))) - 2 * np.trace(sqrtm(root @ cov @ root))
    assert gaussian_wasserstein_correlation(cov) == pytest.approx(distance.real)


def test_two_codes_in_closed_form() -> None:
    r = 0.8
    pair = np.array([[1.0, r], [r, 1.0]])
    assert gaussian_total_correlation(pair) == pytest.approx(-0.5 * np.log(1 - r**2))
    assert gaussian_wasserstein_correlation(pair) == pytest.approx(4 - 2 * (np.sqrt(1 + r) + np.sqrt(1 - r)))


def test_codes_of_which_any_two_are_correlated_by_a_half_in_closed_form() -> None:
    """−½ [(d − 1) ln(1 − ρ) + ln(1 + (d − 1) ρ)] of d codes."""
    codes = with_covariance((1 + torch.eye(3).double()) / 2, 500).columns["values"]
    assert unsupervised_scores(codes.numpy()).gaussian_total_correlation == pytest.approx(0.3465736, abs=1e-7)


def test_mutual_information_is_that_of_scikit_learn() -> None:
    codes = correlated()
    result, binned = unsupervised_scores(codes), discretise(codes)
    assert result.mutual_information[0, 1] == pytest.approx(mutual_info_score(binned[:, 0], binned[:, 1]))
    assert result.mutual_info_score == pytest.approx(result.mutual_information[~np.eye(4, dtype=bool)].mean())


def test_independent_codes_have_the_bias_of_the_sample() -> None:
    n, codes, bins = 20_000, 5, 20
    result = unsupervised_scores(np.random.default_rng(0).uniform(size=(n, codes)), bins)
    assert result.mutual_info_score == pytest.approx((bins - 1) ** 2 / (2 * n), rel=0.1)
    # −½ log det of a sample's correlations: about one half of χ² with one degree of freedom a pair, over n
    assert result.gaussian_total_correlation == pytest.approx(codes * (codes - 1) / 4 / n, rel=1.0)


def test_dead_codes_change_nothing_but_the_mean_over_pairs() -> None:
    codes = correlated()
    alone, with_dead = unsupervised_scores(codes), unsupervised_scores(np.insert(codes, [1, 3], 0.1, axis=1))
    assert with_dead.dead_codes == (1, 4)
    assert with_dead.gaussian_total_correlation == pytest.approx(alone.gaussian_total_correlation)
    assert with_dead.gaussian_wasserstein_correlation == pytest.approx(alone.gaussian_wasserstein_correlation)
    assert with_dead.mutual_info_score == pytest.approx(alone.mutual_info_score * (4 * 3) / (6 * 5))
    almost = np.insert(codes, 1, 1e-6 * np.random.default_rng(1).normal(size=len(codes)), axis=1)
    assert unsupervised_scores(almost).gaussian_total_correlation == pytest.approx(
        alone.gaussian_total_correlation, abs=0.02
    )


def test_what_cannot_be_computed_has_a_reason() -> None:
    codes = correlated()
    doubled = unsupervised_scores(np.hstack([codes, 2 * codes[:, :1]]))
    assert doubled.gaussian_total_correlation is None
    assert doubled.gaussian_wasserstein_correlation > 0
    assert doubled.reason is not None
    assert "infinite" in doubled.reason
    few = unsupervised_scores(codes[:3])  # three examples lie in a plane
    assert few.gaussian_total_correlation is None
    single = unsupervised_scores(codes[:, :1])
    assert single.gaussian_total_correlation == pytest.approx(0.0, abs=1e-12)
    assert single.mutual_info_score is None
    assert single.reason == "a single code has no pairs"
    nothing = unsupervised_scores(np.ones((10, 3)))
    assert nothing.reason == "no code varies in this sample"
    assert nothing.mutual_info_score is None
    assert unsupervised_scores(codes[:1]).reason == nothing.reason


def test_units_do_not_matter_where_they_should_not() -> None:
    codes = correlated()
    scaled = unsupervised_scores(codes * [1.0, -3.0, 100.0, 1e-4])
    plain = unsupervised_scores(codes)
    assert scaled.gaussian_total_correlation == pytest.approx(plain.gaussian_total_correlation)
    larger = unsupervised_scores(3 * codes)
    assert larger.gaussian_wasserstein_correlation == pytest.approx(9 * plain.gaussian_wasserstein_correlation)
    assert larger.gaussian_wasserstein_correlation_normalised == pytest.approx(
        plain.gaussian_wasserstein_correlation_normalised
    )
