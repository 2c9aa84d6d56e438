"""What choosing a strength costs: ours over a path of 40 against scikit-learn's LogisticRegression fitted 40 times.

Run as ``python -m benchmarks.vtab_probes [--json]``. Features of real pictures: 768 pooled responses to 192 whitened
patches that k-means finds (Coates & Ng 2012) in 990 training pictures of 99 classes of Caltech-101, standardised; the
strength is chosen by 198 others, and 990 more are tested once. Without that pack, clusters of normal features, which
are easier for everyone. Contenders take turns in one process, one thread each; ratios are of times within a repeat. The
bar is scikit-learn in float32, its faster one, at the tolerance that both stop at. Some 2 minutes.
"""

import argparse
import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import sklearn
import torch
from sklearn.cluster import MiniBatchKMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits
from torch.nn.functional import one_hot

from metaprior.core import MetapriorError
from metaprior.data.packs import Pack, PackOptions
from metaprior.judge.probes import logistic_path, ridge_path

Split = tuple[np.ndarray, np.ndarray]
INVERSE_STRENGTHS = [float(c) for c in 10 ** np.linspace(-6, 5, 40)]
STRENGTHS = [float(c) for c in 10 ** np.linspace(-2, 6, 40)]
TOLERANCE = 1e-4
"""scikit-learn's default: the gradient's greatest entry."""
PATCH = 6


@dataclass(frozen=True, eq=False)
class Task:
    """Features N×D, float32, standardised, and labels, of what trains, selects and tests."""

    name: str
    train: Split
    val: Split
    test: Split

    @classmethod
    def of(cls, name: str, train: Split, val: Split, test: Split) -> "Task":
        mean, deviation = train[0].mean(axis=0), train[0].std(axis=0) + 1e-5
        scaled = [(((x - mean) / deviation).astype(np.float32), y) for x, y in (train, val, test)]
        return cls(name, *scaled)


def blobs(n: int = 1000, features: int = 768, classes: int = 100) -> Task:
    """Classes about normal centres, so far apart that some two thirds can be told."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(classes, features)) * 0.2

    def split(count: int) -> Split:
        labels = np.arange(count) % classes
        return centres[labels] + rng.normal(size=(count, features)), labels

    return Task.of("clusters", split(n), split(n // 5), split(n))


def caltech() -> Task:
    """Pooled patch responses of the Caltech-101 pack; an error where it is not there."""
    pack = Pack("caltech101", "caltech101_64.parquet", "see the page 'Data'")
    data = {split: pack.load(PackOptions(), split) for split in ("train", "val", "test")}
    whiten, centroids = patches_of(data["train"].images)
    splits = [(pooled(each.images, whiten, centroids), each.labels.numpy()) for each in data.values()]
    return Task.of("Caltech-101, 99 classes", *splits)


def normalised(patches: torch.Tensor) -> torch.Tensor:
    """Each patch about its mean, in units of its deviation."""
    centred = patches - patches.mean(dim=-1, keepdim=True)
    return centred / (centred.square().mean(dim=-1, keepdim=True) + 0.01).sqrt()


def every_patch(images: torch.Tensor) -> torch.Tensor:
    return normalised(torch.nn.functional.unfold(images.float() / 255, PATCH).transpose(1, 2))


def patches_of(images: torch.Tensor, count: int = 40, classes: int = 192) -> tuple[torch.Tensor, torch.Tensor]:
    """A matrix that whitens patches, and the centroids of ``count`` whitened patches a picture."""
    rng = torch.Generator().manual_seed(0)
    drawn = torch.cat([every_patch(each[None])[0][torch.randint(3481, (count,), generator=rng)] for each in images])
    values, vectors = torch.linalg.eigh(drawn.T.cov())
    whiten = vectors @ (1 / (values + 0.1).sqrt()).diag() @ vectors.T
    means = MiniBatchKMeans(classes, n_init=1, batch_size=2000, random_state=0).fit((drawn @ whiten).numpy())
    return whiten, torch.from_numpy(means.cluster_centers_).float()


def pooled(images: torch.Tensor, whiten: torch.Tensor, centroids: torch.Tensor) -> np.ndarray:
    """By how much each centroid is nearer than the mean one, averaged over the quarters of a picture: N×4K."""
    rows = []
    for some in images.split(32):
        distance = torch.cdist(every_patch(some) @ whiten, centroids[None])
        near = (distance.mean(dim=-1, keepdim=True) - distance).relu().transpose(1, 2)
        side = int(near.shape[2] ** 0.5)
        rows.append(torch.nn.functional.adaptive_avg_pool2d(near.unflatten(2, (side, side)), 2).flatten(1))
    return torch.cat(rows).numpy()


Choice = tuple[float, float]
"""The best accuracy of validation, and what the test gives there."""


def scikit_learn(task: Task, dtype: Any) -> Choice:
    x, y = task.train[0].astype(dtype), task.train[1]
    fits = [LogisticRegression(C=c, tol=TOLERANCE, max_iter=1000).fit(x, y) for c in INVERSE_STRENGTHS]
    val = [fit.score(*task.val) for fit in fits]
    best = int(np.argmax(val))
    return val[best], fits[best].score(*task.test)


def logistic(task: Task, dtype: torch.dtype) -> Choice:
    x, y, v, w, z, u = tensors(task, dtype)
    path = logistic_path(x, y, INVERSE_STRENGTHS, tolerance=TOLERANCE)
    val = (path.logits(v).argmax(-1) == w).double().mean(-1)
    best = int(val.argmax())
    told = (z @ path.weights[best] + path.bias[best]).argmax(1)
    return float(val[best]), float((told == u).double().mean())


def ridge(task: Task, dtype: torch.dtype) -> Choice:
    x, y, v, w, z, u = tensors(task, dtype)
    path = ridge_path(x, one_hot(y).to(dtype) * 2 - 1)
    val = (path.classes(v, STRENGTHS) == w).double().mean(-1)
    best = int(val.argmax())
    return float(val[best]), float((path.predict(z, STRENGTHS[best]).argmax(1) == u).double().mean())


def tensors(task: Task, dtype: torch.dtype) -> list[torch.Tensor]:
    """Features and labels of what trains, selects and tests."""
    splits = (task.train, task.val, task.test)
    return [each for x, y in splits for each in (torch.from_numpy(x).to(dtype), torch.from_numpy(y))]


CONTENDERS: dict[str, Callable[[Task], Choice]] = {
    "scikit-learn LogisticRegression, float32": lambda task: scikit_learn(task, np.float32),
    "scikit-learn LogisticRegression, float64": lambda task: scikit_learn(task, np.float64),
    "logistic_path, float32": lambda task: logistic(task, torch.float32),
    "logistic_path, float64": lambda task: logistic(task, torch.float64),
    "ridge_path, float32": lambda task: ridge(task, torch.float32),
    "ridge_path, float64": lambda task: ridge(task, torch.float64),
}
BAR = next(iter(CONTENDERS))


def measure(task: Task, repeats: int) -> list[dict[str, Any]]:
    """A row for each contender: median seconds of all 40 fits and their choice, and by how much faster than the bar."""
    seconds: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    found: dict[str, Choice] = {}
    for repeat in range(repeats):
        for name in list(CONTENDERS)[:: (-1) ** repeat]:
            began = time.perf_counter()
            found[name] = CONTENDERS[name](task)
            seconds[name].append(time.perf_counter() - began)
            print(f"{task.name}, {name}: {seconds[name][-1]:.2f} s", file=sys.stderr)
    return [
        {
            "task": task.name,
            "probe": name,
            "seconds": round(statistics.median(seconds[name]), 3),
            "ratio": round(statistics.median(a / b for a, b in zip(seconds[BAR], seconds[name], strict=True)), 1),
            "val": round(found[name][0], 4),
            "test": round(found[name][1], 4),
        }
        for name in CONTENDERS
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    torch.set_num_threads(options.threads)
    with threadpool_limits(options.threads):
        measure(blobs(60, 5, 3), 1)  # what is imported at the first call is not timed
        try:
            tasks = [caltech(), blobs()]
        except MetapriorError as missing:
            print(f"clusters alone: {missing}", file=sys.stderr)
            tasks = [blobs()]
        rows = [row for task in tasks for row in measure(task, options.repeats)]
    if options.json:
        print(json.dumps({"sklearn": sklearn.__version__, "torch": torch.__version__, "rows": rows}))
        return
    print("| " + " | ".join(rows[0]) + " |\n" + "|---" * len(rows[0]) + "|")
    for each in rows:
        print("| " + " | ".join(map(str, each.values())) + " |")


if __name__ == "__main__":
    main()
