"""The samples protocol: how far a model's own images are from the data's, by the Fréchet distance of their features."""

import torch
from torch import Tensor

from metaprior.core import MetapriorError, Samples, derived_seed, generator, require, require_at_least
from metaprior.judge.codes import WHOLE_WORLD
from metaprior.judge.extractors import Extractor, random_conv
from metaprior.judge.features import Gathers, Progress, evaluating
from metaprior.judge.scores import Score, Scores
from metaprior.metrics import frechet_distance

LEAST = 2
"""Images that have a covariance."""


def sample_quality(
    model: Samples | Tensor,
    data: Gathers,
    extractor: Extractor | None = None,
    *,
    count: int = 2_500,
    seed: int = 0,
    split: str = "",
    model_name: str = "",
    data_name: str = "",
    batch: int = 512,
    progress: Progress | None = None,
) -> Scores:
    """The distance of samples from as many images of the data: one score, ``FD[<extractor>-<hash>]``; less is better.

    ``model`` draws the samples, or is images N×C×H×W in [0, 1] that something else has drawn. Twice ``count`` images
    are drawn from the data, or all where they are fewer, and halved. The score is the distance of samples from the
    first half, and its ``floor`` that of the second half: samples and halves are of one number, so what a finite
    sample adds is in both, and the floor is what a perfect model may expect. The features are those of
    :func:`~metaprior.judge.extractors.random_conv` unless others are given; ``split`` says which part of the data
    this is.
    """
    extractor = extractor or random_conv()
    require_at_least(LEAST, count=count)
    n = min(count, len(data) // 2, len(model) if isinstance(model, Tensor) else count)
    if n < LEAST:
        raise MetapriorError(f"a Fréchet distance takes {LEAST} samples and twice as many images, and here are fewer")
    made = model[:n] if isinstance(model, Tensor) else drawn(model, n, seed, batch)
    rows = some_rows(len(data), 2 * n, seed)
    shown = data.gather(rows[:1]).images
    if made.shape[1:] != shown.shape[1:]:
        ours, theirs = (" x ".join(map(str, each.shape[1:])) for each in (made, shown))
        raise MetapriorError(f"the samples are {ours} (channels, height, width) and the data's images {theirs}")
    first, second = (extractor.features(data, part, batch, progress) for part in rows.split(n))
    found = extractor.features(made, batch=batch, progress=progress)
    protocol = f"samples against images of the data{split and f' (split {split})'}, features {extractor.name}"
    details = {"floor": frechet_distance(second, first), "features": first.shape[1]}
    try:
        value, reason = frechet_distance(found, first), None
    except MetapriorError as fault:  # a model that has diverged draws no numbers
        value, reason = None, f"of the samples: {fault}"
    return Scores(
        protocol="samples",
        scores={extractor.distance: Score(value, n, seed, protocol, n, reason=reason, details=details)},
        model=model_name or type(model).__name__,
        data=data_name or getattr(data, "name", "") or type(data).__name__,
    )


def some_rows(among: int, count: int, seed: int) -> Tensor:
    """Places of images drawn without replacement; in a world that is too large to be shuffled, with it."""
    source = generator(seed, "images")
    if among > WHOLE_WORLD:
        return torch.randint(among, (count,), generator=source)
    return torch.randperm(among, generator=source)[:count]


@torch.inference_mode()
def drawn(model: Samples, count: int, seed: int = 0, batch: int = 512) -> Tensor:
    """Images that a model draws, count×C×H×W on the CPU; each ``batch`` of them has a seed of its own."""
    require(model, Samples, "judging samples")
    with evaluating(model):
        parts = [
            model.sample(min(batch, count - begin), derived_seed(seed, "samples", begin)).float().cpu()
            for begin in range(0, count, batch)
        ]
    return torch.cat(parts)
