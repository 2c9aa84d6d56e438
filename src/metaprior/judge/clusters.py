"""The clusters protocol: do clusters that were found without labels agree with classes?"""

import warnings
from collections.abc import Callable, Mapping

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from metaprior.core import Clusters, Encodes, MetapriorError, generator, require_at_least
from metaprior.judge.extractors import Pixels
from metaprior.judge.features import Gathers, Progress, cluster_logits, features, refuse_other_shapes
from metaprior.judge.label_distortion import targets
from metaprior.judge.scores import Score, Scores
from metaprior.metrics import adjusted_rand_index, cluster_accuracy, normalised_mutual_information, purity
from metaprior.metrics.arrays import as_codes

MEASURES: Mapping[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "cluster_accuracy": cluster_accuracy,
    "purity": purity,
    "nmi": normalised_mutual_information,
    "ari": adjusted_rand_index,
}
SHARES = ("cluster_accuracy", "purity")
"""Scores that are means over examples."""
PIXELS = "cluster_accuracy_pixels"
STARTS = 10
"""Of k-means; the best by its own loss is taken."""


def clusters(
    model: Clusters | Encodes,
    data: Gathers,
    train: Gathers | None = None,
    *,
    examples: int = 10_000,
    seed: int = 0,
    model_name: str = "",
    data_name: str = "",
    batch: int = 512,
    progress: Progress | None = None,
) -> Scores:
    """How well a model's clusters of up to ``examples`` labelled images of ``data`` agree with their classes.

    The clusters are the model's own where it has ``cluster``. Otherwise they are those of k-means on its codes as they
    are, as many as there are classes, found among up to ``examples`` images of ``train`` or, where that is not given,
    among the judged ones. ``cluster_accuracy_pixels`` is what k-means finds in the same way on the pixels alone. Labels
    serve to count agreement, and for nothing else; an example of label -1 is left out.
    """
    require_at_least(1, examples=examples)
    if not isinstance(model, Clusters | Encodes):
        raise MetapriorError(
            f"judging clusters needs a model with cluster() or encode(); {type(model).__name__} has none"
        )
    rows, labels = _labelled(data, examples, seed)
    refuse_other_shapes(model, data.gather(rows[:1]).inputs)
    classes = len(np.unique(labels))
    among = rows if train is None else _some(torch.arange(len(train)), examples, generator(seed, "clusters train"))
    source = data if train is None else train
    n = len(labels)
    where = f"among {len(among):,} {'' if train is None else 'training '}images"

    def by_k_means(encoder: Encodes, shown: Progress | None = None) -> Int[np.ndarray, " n"]:
        codes = as_codes(features(encoder, data, rows, batch, shown))
        learnt = codes if train is None else as_codes(features(encoder, source, among, batch))
        return k_means(learnt, codes, classes, seed)

    def scored(name: str, found: Int[np.ndarray, " n"], protocol: str) -> Score:
        value = MEASURES[name](found, labels)
        se = (value * (1 - value) / n) ** 0.5 if name in SHARES else None
        return Score(value, n, seed, protocol, n, se=se, details={"clusters_used": len(np.unique(found))})

    try:
        if isinstance(model, Clusters):
            logits = as_codes(cluster_logits(model, data, rows, batch, progress), "logits of clusters")
            protocol = f"{logits.shape[1]} clusters of the model's own, {classes} classes"
            own = logits.argmax(axis=1)
        else:
            protocol = f"k-means on codes, {classes} clusters {where}"
            own = by_k_means(model, progress)
        scores = {name: scored(name, own, protocol) for name in MEASURES}
    except MetapriorError as fault:  # a model that has diverged finds no clusters
        scores = {name: Score(None, n, seed, "clusters", n, reason=str(fault)) for name in MEASURES}
    floor = by_k_means(Pixels())
    scores[PIXELS] = scored("cluster_accuracy", floor, f"k-means on pixels, {classes} clusters {where}")
    return Scores(
        protocol="clusters",
        scores=scores,
        model=model_name or type(model).__name__,
        data=data_name or getattr(data, "name", "") or type(data).__name__,
    )


def k_means(
    learnt: Float[np.ndarray, "m d"], codes: Float[np.ndarray, "n d"], count: int, seed: int = 0
) -> Int[np.ndarray, " n"]:
    """The nearest of ``count`` centres to each code, which Lloyd's algorithm finds among ``learnt`` from ten starts.

    >>> found = k_means(np.array([[0.0], [1.0], [8.0], [9.0]]), np.array([[8.6], [0.2], [7.0]]), 2)
    >>> bool(found[0] == found[2] != found[1])
    True
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    if len(learnt) < count:
        raise MetapriorError(f"k-means finds {count} clusters among as many examples at least, not {len(learnt)}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a collapsed model has fewer codes than clusters
        search = KMeans(count, n_init=STARTS, random_state=seed % 2**32)  # pyright: ignore[reportArgumentType]
        fitted = search.fit(learnt.astype(np.float64))
    return np.asarray(fitted.predict(codes.astype(np.float64)))


def _labelled(data: Gathers, most: int, seed: int) -> tuple[Tensor, Int[np.ndarray, " n"]]:
    """Rows that have a label, at most so many, and their labels."""
    rows = torch.arange(len(data))
    names, found = targets(data, rows)
    if found is None or names != ("label",):
        raise MetapriorError("judging clusters needs data with labels, and these have none")
    labels = found[:, 0]
    chosen = _some(rows[torch.from_numpy(labels >= 0)], most, generator(seed, "clusters"))
    labels = labels[chosen.numpy()]
    if len(np.unique(labels)) < 2:
        raise MetapriorError("judging clusters needs labels of at least 2 classes")
    return chosen, labels


def _some(rows: Tensor, most: int, source: torch.Generator) -> Tensor:
    """At most so many of the rows, in their order."""
    return rows[torch.randperm(len(rows), generator=source)[:most].sort().values]
