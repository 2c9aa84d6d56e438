"""Linear VAEs with weights by hand, and data whose moments are exact: closed forms hold to rounding."""

import torch
from torch import Tensor

from metaprior.core import DataSpec
from metaprior.methods import VAERecipe
from metaprior.methods.vae import VAE
from tests.conftest import Columns, random


def with_covariance(covariance: Tensor, count: int = 2000, seed: int = 0) -> Columns:
    """Vectors, float64, whose mean over the set is 0 and whose covariance is just this."""
    noise = random(seed, count, len(covariance), dtype=torch.float64)
    noise = noise - noise.mean(dim=0)
    white = noise @ torch.linalg.inv(torch.linalg.cholesky(noise.T @ noise / count)).T
    return Columns(values=white @ torch.linalg.cholesky(covariance).T)


def linear_vae(encoder: Tensor, variances: Tensor, decoder: Tensor, variance: float) -> VAE:
    """q(z | x) = N(encoder x, variances), p(x | z) = N(decoder z, variance)."""
    codes, values = encoder.shape
    recipe = VAERecipe(nets="linear", latent_dim=codes, likelihood="normal", variance=variance)
    model = recipe.build(DataSpec(value_shape=(values,))).double()
    assert isinstance(model, VAE)
    mean, logvar, outputs = model.nets.encoder.mean, model.nets.encoder.logvar, model.nets.decoder[0]
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        mean.weight.copy_(encoder)
        logvar.bias.copy_(variances.log())
        outputs.weight.copy_(decoder)
    return model


EIGENVALUES = torch.tensor([4, 2, 1, 0.5, 0.25, 0.1], dtype=torch.float64)


def probabilistic_pca() -> VAE:
    """The optimum for data of covariance diag(EIGENVALUES), two codes: q(z | x) is the posterior."""
    kept, noise = EIGENVALUES[:2], float(EIGENVALUES[2:].mean())
    weights = torch.zeros(6, 2, dtype=torch.float64)
    weights[:2] = torch.diag((kept - noise).sqrt())
    return linear_vae((weights / torch.cat([kept, EIGENVALUES[2:]])[:, None]).T, noise / kept, weights, noise)
