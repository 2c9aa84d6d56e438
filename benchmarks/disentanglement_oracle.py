"""The disentanglement metrics as one would write them down from their definitions, with NumPy and scikit-learn.

An oracle for tests, and what ``benchmarks.metric_suite`` times ours against. The configurations are those of Locatello
et al. 2019. ``table`` holds the codes of every combination of factor values, ∏K×D, the last factor varying fastest;
``codes`` N×D and ``factors`` N×F are a sample of it. Each function returns its scores by name. There are no checks:
where a definition divides by zero, so does this.
"""

from collections.abc import Sequence

import numpy as np
from scipy.linalg import sqrtm
from scipy.stats import entropy
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import mutual_info_score, roc_auc_score
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

Scores = dict[str, float]


def sample(table: np.ndarray, sizes: Sequence[int], n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes and factors of ``n`` examples drawn uniformly with replacement."""
    factors = np.random.default_rng(seed).integers(sizes, size=(n, len(sizes)))
    return look_up(table, sizes, factors), factors


def look_up(table: np.ndarray, sizes: Sequence[int], factors: np.ndarray) -> np.ndarray:
    return table[np.ravel_multi_index(tuple(np.moveaxis(factors, -1, 0)), tuple(sizes))]


def beta_vae_score(
    table: np.ndarray, sizes: Sequence[int], seed: int, train: int = 10_000, test: int = 5_000, batch: int = 64
) -> Scores:
    """Two batches share one factor, pair by pair; a linear classifier names it from the mean difference of codes."""
    rng = np.random.default_rng(seed)

    def points(n: int) -> tuple[np.ndarray, np.ndarray]:
        shared = rng.integers(len(sizes), size=n)
        first, second = rng.integers(sizes, size=(2, n, batch, len(sizes)))
        point = np.arange(n)
        second[point, :, shared] = first[point, :, shared]
        difference = look_up(table, sizes, first) - look_up(table, sizes, second)
        return np.abs(difference).mean(axis=1), shared

    x, y = points(train)
    model = LogisticRegression(random_state=0).fit(x, y)
    return {"train": model.score(x, y), "test": model.score(*points(test))}


def factor_vae_score(
    table: np.ndarray,
    sizes: Sequence[int],
    seed: int,
    train: int = 10_000,
    test: int = 5_000,
    batch: int = 64,
    threshold: float = 0.05,
) -> Scores:
    """A batch shares one factor; the code of least relative variance must name it, by the majority of many votes."""
    rng = np.random.default_rng(seed)
    variance = look_up(table, sizes, rng.integers(sizes, size=(10_000, len(sizes)))).var(axis=0, ddof=1)
    active = np.sqrt(variance) >= threshold
    if not active.any():
        return {"train": 0.0, "test": 0.0}

    def votes(n: int) -> np.ndarray:
        shared = rng.integers(len(sizes), size=n)
        factors = rng.integers(sizes, size=(n, batch, len(sizes)))
        point = np.arange(n)
        factors[point, :, shared] = factors[point, :1, shared]
        codes = look_up(table, sizes, factors)[:, :, active]
        winner = (codes.var(axis=1, ddof=1) / variance[active]).argmin(axis=1)
        count = np.zeros((len(sizes), active.sum()))
        np.add.at(count, (shared, winner), 1)
        return count

    learned, fresh = votes(train), votes(test)
    named = learned.argmax(axis=0), np.arange(active.sum())
    return {"train": learned[named].sum() / train, "test": fresh[named].sum() / test}


def histogram(values: np.ndarray, bins: int = 20) -> np.ndarray:
    """Each column in bins of equal width between its least and its greatest value, by the bins' left edges."""
    return np.stack([np.digitize(column, np.histogram(column, bins)[1][:-1]) for column in values.T], axis=1)


def information(binned: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Mutual information of every code and every factor, D×F, in nats."""
    return np.array([[mutual_info_score(factor, code) for factor in factors.T] for code in binned.T])


def mig(codes: np.ndarray, factors: np.ndarray) -> Scores:
    """How far the most informative code is ahead of the second, over the factor's entropy."""
    second, first = np.sort(information(histogram(codes), factors), axis=0)[-2:]
    entropies = np.array([mutual_info_score(factor, factor) for factor in factors.T])
    return {"mig": np.mean((first - second) / entropies)}


def dci(
    codes: np.ndarray, factors: np.ndarray, test_codes: np.ndarray, test_factors: np.ndarray, seed: int = 0
) -> Scores:
    """Boosted trees predict each factor: how concentrated are their importances, and how often are they right?"""
    models = [GradientBoostingClassifier(random_state=seed).fit(codes, factor) for factor in factors.T]
    importance = np.abs(np.stack([model.feature_importances_ for model in models], axis=1))

    def concentration(rows: np.ndarray) -> float:
        """1 - the normalised entropy of each row, weighted by the row's share of the whole."""
        weight = rows.sum(axis=1) / rows.sum() if rows.any() else np.full(len(rows), 1 / len(rows))
        return weight @ (1 - entropy(rows + 1e-11, base=rows.shape[1], axis=1))

    def accuracy(x: np.ndarray, y: np.ndarray) -> float:
        return np.mean([model.score(x, factor) for model, factor in zip(models, y.T, strict=True)])

    return {
        "disentanglement": concentration(importance),
        "completeness": concentration(importance.T),
        "informativeness_train": accuracy(codes, factors),
        "informativeness_test": accuracy(test_codes, test_factors),
    }


def modularity(codes: np.ndarray, factors: np.ndarray) -> Scores:
    """Does each code tell one factor only: 1 - the squared information about the others over the best one's."""
    squared = information(histogram(codes), factors) ** 2
    best = squared.max(axis=1)
    others = squared.sum(axis=1) - best
    alive = best > 1e-24  # a constant code tells nothing, but for rounding, and scores 0
    score = 1 - np.divide(others, best * (factors.shape[1] - 1), out=np.ones_like(best), where=alive)
    return {"modularity": score.mean()}


def explicitness(codes: np.ndarray, factors: np.ndarray, test_codes: np.ndarray, test_factors: np.ndarray) -> Scores:
    """Area under the ROC curve of (multinomial) logistic regression, over the values of each factor."""
    scaler = StandardScaler().fit(codes)
    x, test_x = scaler.transform(codes), scaler.transform(test_codes)
    areas = []
    for y, test_y in zip(factors.T, test_factors.T, strict=True):
        model = LogisticRegression(random_state=0).fit(x, y)
        areas.append([
            roc_auc_score(truth[:, None] == model.classes_, model.predict_proba(inputs), average="macro")
            for inputs, truth in ((x, y), (test_x, test_y))
        ])  # fmt: skip
    train, test = np.mean(areas, axis=0)
    return {"train": train, "test": test}


def sap(
    codes: np.ndarray,
    factors: np.ndarray,
    test_codes: np.ndarray,
    test_factors: np.ndarray,
    tolerance: float = 1e-4,
) -> Scores:
    """A linear classifier on one code alone: how far the most predictive code is ahead of the second."""

    def accuracy(code: int, factor: int) -> float:
        model = LinearSVC(C=0.01, class_weight="balanced", random_state=0, tol=tolerance)
        model.fit(codes[:, [code]], factors[:, factor])
        return model.score(test_codes[:, [code]], test_factors[:, factor])

    predictive = [[accuracy(i, k) for k in range(factors.shape[1])] for i in range(codes.shape[1])]
    second, first = np.sort(predictive, axis=0)[-2:]
    return {"sap": np.mean(first - second)}


def irs(codes: np.ndarray, factors: np.ndarray, quantile: float = 0.99) -> Scores:
    """How little a code moves while the factor that it follows best is held and all others vary."""
    codes = codes[:, np.ptp(codes, axis=0) > 0]
    greatest = np.abs(codes - codes.mean(axis=0)).max(axis=0)

    def moves(factor: np.ndarray) -> np.ndarray:
        groups = (codes[factor == value] for value in np.unique(factor))
        return np.mean([np.quantile(np.abs(z - z.mean(axis=0)), quantile, axis=0) for z in groups], axis=0)

    robust = np.stack([1 - moves(factor) / greatest for factor in histogram(factors).T], axis=1)
    return {"irs": np.average(robust.max(axis=1), weights=greatest)}


def unsupervised_scores(codes: np.ndarray) -> Scores:
    """How much codes depend on each other: as Gaussians (total correlation, Wasserstein distance), and pairwise."""
    covariance = np.cov(codes, rowvar=False)
    variance = np.diag(covariance)
    wasserstein = 2 * np.trace(covariance) - 2 * np.trace(sqrtm(variance[:, None] * covariance)).real
    binned = histogram(codes)
    pairs = information(binned, binned)[~np.eye(len(variance), dtype=bool)]
    return {
        "total_correlation": (np.log(variance).sum() - np.linalg.slogdet(covariance)[1]) / 2,
        "wasserstein": wasserstein,
        "wasserstein_normalised": wasserstein / np.trace(covariance),
        "mutual_information": pairs.mean(),
    }
