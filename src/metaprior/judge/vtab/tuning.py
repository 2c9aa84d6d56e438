"""Fine-tuning under a preset: what an encoder is shown in training, and in tests."""

from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from metaprior.data.vtab.examples import Examples
from metaprior.data.vtab.presets import Preset, Resized
from metaprior.data.vtab.presets import augmentation as augmented
from metaprior.data.vtab.task import TaskData
from metaprior.judge.features import Progress
from metaprior.judge.vtab.adapted import Adapted
from metaprior.judge.vtab.augment import augmentation
from metaprior.judge.vtab.encoder import Encoder
from metaprior.judge.vtab.fine_tune import fine_tune
from metaprior.judge.vtab.recipes import FineTuning
from metaprior.training import Loop


def tune(
    encoder: Encoder,
    data: TaskData,
    preset: Preset,
    recipe: FineTuning,
    loop: Loop,
    folder: Path | None,
    progress: Progress | None = None,
) -> Adapted:
    """Train all of an encoder, and a linear layer, on a task; of the ``loop``, seed, device and precision are taken."""
    side = encoder.side(preset)
    crop, mirror = augmented(data.name) if preset.enlarged else (False, False)
    large = preset.enlarged if crop else None
    return fine_tune(
        encoder.under(preset),
        encoder.width(preset),
        data,
        partial(images, side=side, preset=preset, channels=encoder.channels),
        recipe,
        loop.seed,
        loop.device,
        loop.precision,
        folder,
        progress,
        enlarged=partial(images, side=large, preset=preset, channels=encoder.channels) if large else None,
        augment=augmentation(side, crop, mirror),
    )


def images(examples: Examples, side: int, preset: Preset, channels: int) -> Tensor:
    """Pictures as the preset makes them, N×C×S×S in [0, 1]: an encoder's levels are the first thing behind them."""
    return Resized(examples.pictures, side, preset.kernel, channels).gather(torch.arange(len(examples))).images
