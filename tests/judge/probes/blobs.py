"""Features of overlapping classes: a normal cloud around each class's own centre."""

import numpy as np


def blobs(seed: int, n: int, d: int, classes: int = 3, noise: float = 1.5) -> tuple[np.ndarray, np.ndarray]:
    """Features n×d and labels n, each class as often as the others; the centres are those of ``d`` and ``classes``."""
    centres = np.random.default_rng([d, classes]).normal(size=(classes, d))
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % classes)
    return centres[labels] + noise * rng.normal(size=(n, d)), labels
