"""Recipe, data and loop joined into runs."""

from metaprior.study.experiment import Experiment, build_method, carry_out, load, train
from metaprior.study.pretrained import from_pretrained, push_to_hub, save_pretrained

__all__ = [
    "Experiment", "build_method", "carry_out", "from_pretrained", "load", "push_to_hub", "save_pretrained", "train",
]  # fmt: skip
