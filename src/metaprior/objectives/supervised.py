"""Terms that tie codes to labelled factors: the R_sup of the few-labels study, on encoder means.

Factor k is tied to code k; the codes beyond the number of factors stay free. A missing factor (-1) adds nothing.
Source of all: Locatello et al. 2020, by way of disentanglement_lib's semi_supervised_vae.py.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor


def normalised_factors(factors: Int[Tensor, "b f"], sizes: Int[Tensor, " f"]) -> Float[Tensor, "b f"]:
    """Class index / number of values: in [0, (K - 1) / K], never 1, as in disentanglement_lib; negative where missing.

    >>> normalised_factors(torch.tensor([[0, 3]]), torch.tensor([2, 4])).tolist()
    [[0.0, 0.75]]
    """
    return factors / sizes


def supervised_xent(means: Float[Tensor, "b z"], targets: Float[Tensor, "b f"]) -> Float[Tensor, " b"]:
    """Sigmoid cross-entropy with soft targets, the first F means as logits, summed over factors, in nats.

    Known values: disentanglement_lib's semi_supervised_vae_test.py.

    >>> round(supervised_xent(torch.zeros(64, 10), torch.zeros(64, 5)).sum().item(), 3)  # 64 * 5 * ln 2
    221.807
    """
    logits, known = means[:, : targets.shape[1]], targets >= 0
    loss = F.binary_cross_entropy_with_logits(logits, targets.clamp(min=0).to(means.dtype), reduction="none")
    return (loss * known).sum(dim=1)


def supervised_l2(predictions: Float[Tensor, "b f"], targets: Float[Tensor, "b f"]) -> Float[Tensor, " b"]:
    """Squared error summed over factors: of scaled means and raw labels, or of their sigmoids and normalised labels.

    >>> supervised_l2(torch.tensor([[1.0, 2.0]]), torch.tensor([[0.0, -1.0]])).tolist()  # the second is missing
    [1.0]
    """
    return ((predictions - targets).square() * (targets >= 0)).sum(dim=1)


def supervised_l2_every_pair(predictions: Float[Tensor, "b f"], targets: Float[Tensor, "n f"]) -> Float[Tensor, " b"]:
    """Squared error of each prediction and the labels of *every* example, summed over these and over factors.

    This is what disentanglement_lib's ``l2`` computes without a learned scale: its shapes broadcast to B×B×F. It pulls
    all codes towards the mean label. Here to repeat its results; :func:`supervised_l2` compares like with like.

    >>> supervised_l2_every_pair(torch.zeros(2, 1), torch.ones(2, 1)).tolist()
    [2.0, 2.0]
    """
    return ((predictions[:, None] - targets).square() * (targets >= 0)).sum(dim=(1, 2))


def supervised_covariance(means: Float[Tensor, "b z"], factors: Float[Tensor, "b f"]) -> Float[Tensor, ""]:
    """Sum of squared covariances (divided by B) of every code with every raw label, but for code k with factor k.

    A missing label takes part in no covariance.

    >>> supervised_covariance(torch.eye(2), torch.eye(2).flip(0)).item()
    0.125
    """
    known = (factors >= 0).to(means.dtype)
    count = known.sum(dim=0).clamp(min=1)  # f
    centred = (factors - (factors * known).sum(dim=0) / count) * known
    with torch.autocast(means.device.type, enabled=False):  # as in objectives/covariance.py
        covariance = means.T @ centred / count  # the means need no centring against centred labels
    return covariance.square().sum() - covariance.diagonal().square().sum()


def embedding_xent(
    code: Float[Tensor, " b"], embedding: Float[Tensor, " k"], sigma: Float[Tensor, ""], values: Int[Tensor, " b"]
) -> Float[Tensor, " b"]:
    r"""Cross-entropy of one factor's values when each value has a place on the code's axis, in nats.

    .. math:: -\log \frac{e^{-((\mu - e_v) \sigma)^2}}{\sum_i e^{-((\mu - e_i) \sigma)^2}}

    >>> loss = embedding_xent(torch.zeros(1), torch.zeros(4), torch.tensor(1.0), torch.tensor([2]))
    >>> round(loss.item(), 4)  # ln 4
    1.3863
    """
    logits = -((code[:, None] - embedding) * sigma).square()
    return F.cross_entropy(logits, values.clamp(min=0), reduction="none") * (values >= 0)
