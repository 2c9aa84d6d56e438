"""Unsupervised ranking: models of one recipe judged by each other, without labels."""

from collections.abc import Mapping

import numpy as np
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
    found = {name: posteriors(model, data, rows, batch, progress) for name, model in models.items()}
    divergence = {name: kl_normal(*map(torch.from_numpy, each)).mean(dim=0).numpy() for name, each in found.items()}
    sound = [name for name, (mean, _) in found.items() if np.isfinite(mean.sum() + divergence[name].sum())]
    ranking = udr([found[name][0] for name in sound], [divergence[name] for name in sound], similarity)
    table = {"udr_pairs": Table(ranking.pairs, tuple(sound), tuple(sound), "likeness")}
    values = dict(zip(sound, ranking.scores or (), strict=False))
    codes = dict(zip(sound, ranking.informative, strict=True))

    def score(name: str) -> Score:
        about = {"models": len(sound), "similarity": similarity, "informative_codes": list(codes.get(name, ()))}
        reason = ranking.reason if name in sound else "its codes or their divergences from the prior are not all finite"
        return Score(
            values.get(name), n, seed, "images of the data", min(n, len(data)),
            reason=None if name in values else reason, details=about,
        )  # fmt: skip

    data_name = data_name or getattr(data, "name", "") or type(data).__name__
    return {name: Scores("udr", {"udr": score(name)}, model=name, data=data_name, tables=table) for name in models}
