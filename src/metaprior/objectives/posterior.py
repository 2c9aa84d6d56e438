"""Terms of a variational posterior."""

import math

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


def log_normal(
    codes: Float[Tensor, "*#b z"], mean: Float[Tensor, "*#b z"], logvar: Float[Tensor, "*#b z"]
) -> Float[Tensor, "*#b z"]:
    """log N(codes; mean, exp(logvar)) per code, in nats; the three broadcast.

    >>> import torch
    >>> round(log_normal(torch.ones(1), torch.zeros(1), torch.zeros(1)).item(), 4)  # -(1 + ln 2 pi) / 2
    -1.4189
    """
    return -0.5 * ((codes - mean).square() * (-logvar).exp() + logvar + math.log(2 * math.pi))


def sample_normal(
    mean: Float[Tensor, "b z"], logvar: Float[Tensor, "b z"], noise: Float[Tensor, "b z"]
) -> Float[Tensor, "b z"]:
    """mean + sigma * noise: a reparameterised sample (Kingma & Welling 2014, section 2.4)."""
    return mean + (0.5 * logvar).exp() * noise


def kl_between_normals(
    mean: Float[Tensor, "*b z"],
    logvar: Float[Tensor, "*b z"],
    other_mean: Float[Tensor, "*b z"],
    other_logvar: Float[Tensor, "*b z"],
) -> Float[Tensor, "*b z"]:
    r"""KL(N(mean, exp(logvar)) || N(other_mean, exp(other_logvar))) per code, in nats.

    .. math:: \tfrac12 \big((\sigma_1^2 + (\mu_1 - \mu_2)^2) / \sigma_2^2 - \log(\sigma_1^2 / \sigma_2^2) - 1\big)

    >>> import torch
    >>> zero, one = torch.zeros(1, 1), torch.ones(1, 1)
    >>> kl_between_normals(one, zero, zero, zero).item() == kl_normal(one, zero).item() == 0.5
    True
    """
    ratio = logvar - other_logvar
    return 0.5 * (ratio.exp() + (mean - other_mean).square() * (-other_logvar).exp() - ratio - 1)


def importance_weighted_bound(log_weights: Float[Tensor, "b k"]) -> Float[Tensor, " b"]:
    r"""log (1/K) sum_k w_k, a bound on log p(x) from K samples of the posterior, in nats; K = 1 is the ELBO.

    .. math:: w_k = p(x | z_k) p(z_k) / q(z_k | x)

    Source: Burda et al. 2016, equation 8.

    >>> import torch
    >>> importance_weighted_bound(torch.tensor([[0.0, math.log(3.0)]])).exp()
    tensor([2.])
    """
    return log_weights.logsumexp(dim=1) - math.log(log_weights.shape[1])
