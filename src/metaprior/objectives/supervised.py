"""Terms that tie codes to labelled factors: the R_sup of the few-labels study, on encoder means.

Factor k is tied to code k; the codes beyond the number of factors stay free. Each is a sum over the batch, as in the
study, so that its effective weight per example grows with the labelled batch.
"""

import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor


def normalised_factors(factors: Int[Tensor, "b f"], sizes: Int[Tensor, " f"]) -> Float[Tensor, "b f"]:
    """Class index / number of values: in [0, (K - 1) / K], never 1, as in disentanglement_lib; negative where missing.

    >>> import torch
    >>> normalised_factors(torch.tensor([[0, 3]]), torch.tensor([2, 4])).tolist()
    [[0.0, 0.75]]
    """
    return factors / sizes


def supervised_xent(means: Float[Tensor, "b z"], targets: Float[Tensor, "b f"]) -> Float[Tensor, " b"]:
    """Sigmoid cross-entropy with soft targets, the first F means as logits, summed over factors, in nats.

    A negative target is one that is missing: it adds nothing.

    Source: Locatello et al. 2020; known values of disentanglement_lib's semi_supervised_vae_test.py.

    >>> import torch
    >>> round(supervised_xent(torch.zeros(64, 10), torch.zeros(64, 5)).sum().item(), 3)  # 64 * 5 * ln 2
    221.807
    """
    logits, known = means[:, : targets.shape[1]], targets >= 0
    loss = F.binary_cross_entropy_with_logits(logits, targets.clamp(min=0).to(means.dtype), reduction="none")
    return (loss * known).sum(dim=1)
