"""Unsupervised ranking: models of one recipe judged by each other, without labels."""

from collections.abc import Mapping

import torch

from metaprior.core import Infers, MetapriorError, generator
from metaprior.judge.features import Gathers, Progress, posteriors
from metaprior.judge.scores import Score, Scores, Table
from metaprior.metrics import Similarity, udr
from metaprior.objectives import kl_normal


def rank(
    models: Mapping[str, Infers],
    data: Gathers,
    *,
    n: int = 1000,
    similarity: Similarity = "lasso",
    seed: int = 0,
    data_name: str = "",
    batch: int = 512,
    progress: Progress | None = None,
) -> dict[str, Scores]:
    """The UDR score of each model by its name, from ``n`` images that all of them encode.

    Codes whose mean KL from the prior is at most 0.01 nats take no part. Models should be of one recipe with the same
    choices and differ in seed. Source: Duan et al. 2020, with the settings of Locatello et al.'s library.
    """
    if len(models) < 2:
        raise MetapriorError(f"UDR judges models by each other; give at least 2, not {len(models)}")
    rows = torch.randint(len(data), (n,), generator=generator(seed, "udr"))
    found = [posteriors(model, data, rows, batch, progress) for model in models.values()]
    divergence = [kl_normal(*map(torch.from_numpy, posterior)).mean(dim=0).numpy() for posterior in found]
    ranking = udr([mean for mean, _ in found], divergence, similarity)
    names = tuple(models)
    table = {"udr_pairs": Table(ranking.pairs, names, names, "likeness")}
    scores = ranking.scores or (None,) * len(models)
    return {
        name: Scores(
            protocol="udr",
            scores={
                "udr": Score(
                    value, n, seed, "images of the data", n, reason=ranking.reason,
                    details={"models": len(models), "similarity": similarity, "informative_codes": list(codes)},
                )
            },
            model=name,
            data=data_name or getattr(data, "name", "") or type(data).__name__,
            tables=table,
        )
        for name, value, codes in zip(names, scores, ranking.informative, strict=True)
    }  # fmt: skip
