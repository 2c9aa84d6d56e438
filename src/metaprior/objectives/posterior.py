"""Terms of a variational posterior."""

from jaxtyping import Float
from torch import Tensor


def kl_normal(mean: Float[Tensor, "b z"], logvar: Float[Tensor, "b z"]) -> Float[Tensor, "b z"]:
    r"""KL(N(mean, exp(logvar)) || N(0, 1)) per code, in nats.

    .. math:: \tfrac12 (\mu^2 + \sigma^2 - \log \sigma^2 - 1)

    Source: Kingma & Welling 2014, appendix B.

    >>> import torch
    >>> kl_normal(torch.zeros(1, 2), torch.zeros(1, 2)).sum().item()
    0.0
    """
    return 0.5 * (mean.square() + logvar.exp() - logvar - 1)


def sample_normal(
    mean: Float[Tensor, "b z"], logvar: Float[Tensor, "b z"], noise: Float[Tensor, "b z"]
) -> Float[Tensor, "b z"]:
    """mean + sigma * noise: a reparameterised sample (Kingma & Welling 2014, section 2.4)."""
    return mean + (0.5 * logvar).exp() * noise
