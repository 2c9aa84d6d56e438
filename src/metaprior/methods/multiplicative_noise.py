"""Codes that are multiplied with log-normal noise, as much of it as the encoder says, and what they cost."""

import math
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from metaprior.core import MetapriorError
from metaprior.nets import Posterior
from metaprior.objectives import kl_between_normals, log_normal, sample_normal

_LEAST = 1e-3
"""Noise that is always there, as in the published code."""


class MultiplicativeNoise(nn.Module):
    """Codes f(x) * noise, log noise ~ N(0, alpha(x)²), whose prior is log-normal too; laws are those of log z.

    f is a softplus, and alpha a sigmoid times ``most``. The prior's two numbers are learned, from 0 and 1 on.
    """

    def __init__(self, most: float = 0.7) -> None:
        super().__init__()
        self.most = most
        self.mean = nn.Parameter(torch.zeros(()))
        self.logvar = nn.Parameter(torch.zeros(()))

    def extra_repr(self) -> str:
        """The greatest alpha."""
        return f"most={self.most}"

    def law(self, activations: Tensor, scales: Tensor) -> Posterior:
        """log z by the encoder's two heads: mean log f and log-variance 2 log alpha, B×Z each."""
        return Posterior(F.softplus(activations).clamp(min=1e-30).log(), log_square_of(scales, self.most))

    def draw(self, law: Posterior, noise: Tensor) -> Tensor:
        """Codes of that law, B×Z, by standard normal noise."""
        return sample_normal(*law, noise).exp()

    def expected(self, law: Posterior) -> Tensor:
        """Mean codes, f exp(alpha² / 2), B×Z."""
        return (law.mean + law.logvar.exp() / 2).exp()

    def prior(self, law: Posterior) -> Posterior:
        """The prior of log z, of a law's shape."""
        return Posterior(*(each.to(law.mean).expand_as(law.mean) for each in (self.mean, self.logvar)))

    def kl(self, law: Posterior) -> Tensor:
        """KL(q(z | x) || p(z)) of each code: that of the normal laws of log z, B×Z, in nats."""
        return kl_between_normals(*law, *self.prior(law))

    def log_ratio(self, law: Posterior, codes: Tensor) -> Tensor:
        """log q(z | x) - log p(z) of codes of that law, B, in nats: as of their logarithms."""
        return (log_normal(codes.log(), *law) - log_normal(codes.log(), *self.prior(law))).sum(dim=1)


Rectified: TypeAlias = tuple[Tensor, Tensor]
"""f, and the log-variance of the noise's logarithm, 2 log alpha: B×Z each."""


class RectifiedNoise(nn.Module):
    """Codes f(x) * noise of a ReLU f, whose prior is a mass at 0 and beside it log-uniform, c / z.

    Such a prior has no density that integrates to 1: a KL from it is -log alpha and a constant where a code is on, and
    another constant where it is off. The first is the published code's, by which the noisiest code costs nothing; the
    other is ours, and 0: an off code costs nothing either.
    """

    def __init__(self, most: float = 0.7) -> None:
        super().__init__()
        self.most = most

    def extra_repr(self) -> str:
        """The greatest alpha."""
        return f"most={self.most}"

    def law(self, activations: Tensor, scales: Tensor) -> Rectified:
        """f and 2 log alpha by the encoder's two heads, B×Z each."""
        return F.relu(activations), log_square_of(scales, self.most)

    def draw(self, law: Rectified, noise: Tensor) -> Tensor:
        """Codes of that law, B×Z, by standard normal noise; one that is off stays off."""
        codes, logvar = law
        return codes * ((logvar / 2).exp() * noise).exp()

    def expected(self, law: Rectified) -> Tensor:
        """Mean codes, f exp(alpha² / 2), B×Z."""
        codes, logvar = law
        return codes * (logvar.exp() / 2).exp()

    def kl(self, law: Rectified) -> Tensor:
        """-log(alpha / the greatest alpha) of each code that is on, 0 of one that is off, B×Z, in nats: no rate."""
        codes, logvar = law
        return (math.log(self.most + _LEAST) - logvar / 2).where(codes > 0, 0)

    def log_ratio(self, law: Rectified, codes: Tensor) -> Tensor:
        """An error, which says that there is no rate."""
        raise MetapriorError(
            "codes of a ReLU have a prior without a density, from which their rate is known up to a constant alone; "
            "judge the rate of codes that were trained with --code softplus"
        )


def log_square_of(scales: Tensor, most: float) -> Tensor:
    """2 log alpha, where alpha is a sigmoid times ``most``, and never quite 0.

    >>> alpha = (log_square_of(torch.tensor([-100.0, 0.0, 100.0]), most=0.7) / 2).exp()
    >>> torch.allclose(alpha, torch.tensor([0.001, 0.351, 0.701]))
    True
    """
    return 2 * (most * scales.sigmoid() + _LEAST).log()
