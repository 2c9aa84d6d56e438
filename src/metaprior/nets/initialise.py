"""Starting weights."""

from torch import nn


def glorot_uniform(module: nn.Module) -> None:
    """Glorot-uniform weights and zero biases in every linear and convolutional layer: TensorFlow's defaults.

    The published models of the few-labels study were trained from these, not from PyTorch's defaults.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
