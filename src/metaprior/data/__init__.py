"""Images in: data sets, and worlds whose factors are known."""

from metaprior.data.catalogue import CATALOGUE, Entry, available, load
from metaprior.data.dataset import Dataset
from metaprior.data.dsprites import DSpritesOptions, dsprites
from metaprior.data.labelled import Labeller, few_labels, perfect
from metaprior.data.world import Held, Renderer, World

__all__ = [
    "CATALOGUE", "DSpritesOptions", "Dataset", "Entry", "Held", "Labeller", "Renderer", "World",
    "available", "dsprites", "few_labels", "load", "perfect",
]  # fmt: skip
