"""HSIC-VAE: a VAE whose groups of codes are kept independent of each other, or all codes of an attribute."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from metaprior.core import DataSpec, MetapriorError, Method, Scalar, Step, Term, require_at_least
from metaprior.methods.attributes import find_known_attribute
from metaprior.methods.invariant_vae import HSICOfGroups, InvariantVAE
from metaprior.methods.vae import VAE, VAERecipe
from metaprior.nets import AutoencoderNets, Posterior
from metaprior.objectives import hsic, normal_width, rbf, squared_distances


class HSICVAE(VAE):
    """Reconstruction + KL + strength * HSIC(z_1, ..., z_G) (Lopez et al. 2018), dHSIC where there are more than two.

    Groups are consecutive codes, equally many. Kernels are Gaussian, as wide as two draws of the prior lie apart. The
    published code takes the root of HSIC, whose gradient is endless at 0; this one does not.
    """

    def __init__(self, nets: AutoencoderNets, strength: Scalar = 1000.0, groups: int = 2, **options: Any) -> None:
        super().__init__(nets, **options)
        self.hyper["strength"] = strength
        self.group = nets.latent_dim // groups

    def regularisers(self, posterior: Posterior, codes: Tensor, step: Step) -> dict[str, Term]:
        width = normal_width(self.group)
        groups = step.gather(codes).split(self.group, dim=1)
        dependence = hsic(*(rbf(squared_distances(group, group), width) for group in groups))
        return super().regularisers(posterior, codes, step) | {"hsic": Term(dependence, step.hyper["strength"])}


@dataclass(frozen=True, kw_only=True)
class HSICVAERecipe(VAERecipe):
    """HSIC-VAE, of groups of codes or of codes and an attribute; the strength is ours: no published one is known."""

    strength: Scalar = 1000.0
    """Weight of the dependence between groups."""
    groups: int = 2
    """How many groups the codes are parted into, of equally many each."""
    attribute: str | None = None
    """Name of a factor, or label, of which all codes are kept independent, while nets are told it; none: groups of
    codes are kept independent of each other."""

    def build(self, data: DataSpec) -> Method:
        """An :class:`HSICVAE`, or of an attribute an :class:`InvariantVAE`, for inputs of the data's shape."""
        require_at_least(0, strength=self.strength)
        require_at_least(2, groups=self.groups)
        require_at_least(2, "one example has no dependence", batch=self.batch)
        if self.attribute is not None:
            attribute = find_known_attribute(data, self.attribute)
            nets = self.build_nets(data, seen=attribute.size, told=attribute.size)
            return InvariantVAE(nets, attribute, HSICOfGroups(), self.strength, **self.shared(data))
        nets = self.build_nets(data)
        if self.latent_dim % self.groups:
            raise MetapriorError(f"{self.latent_dim} codes cannot be parted into {self.groups} groups of equally many")
        return HSICVAE(nets, self.strength, self.groups, **self.shared(data))
