"""Multi-layer perceptrons."""

from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from metaprior.nets.initialise import glorot_uniform


def mlp(inputs: int, hidden: Sequence[int], outputs: int, leak: float = 0.0) -> nn.Sequential:
    """Linear layers with (leaky) ReLU between them; the last one is linear.

    The FactorVAE critic of the study, six layers of 1000 with slope 0.2 (TensorFlow's default, not PyTorch's 0.01):

    >>> sum(p.numel() for p in mlp(10, [1000] * 6, 2, leak=0.2).parameters())
    5018002
    """
    widths = [inputs, *hidden]
    layers = [m for i, o in pairwise(widths) for m in (nn.Linear(i, o), nn.LeakyReLU(leak))]
    net = nn.Sequential(*layers, nn.Linear(widths[-1], outputs))
    glorot_uniform(net)
    return net
