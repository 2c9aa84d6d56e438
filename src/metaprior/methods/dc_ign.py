"""DC-IGN: a VAE whose codes are tied to factors by batches in which all else is held."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from metaprior.core import (
    Batch,
    Clamped,
    DataSpec,
    MetapriorError,
    Method,
    Scalar,
    Step,
    Stream,
    Term,
    require_at_least,
    unknown,
)
from metaprior.methods.attributes import Attribute, find_known_attribute
from metaprior.methods.inputs import require_codes
from metaprior.methods.vae import VAE, VAERecipe
from metaprior.nets import AutoencoderNets


class DCIGN(VAE):
    """The VAE, whose decoder is given means of held codes, which learn to agree (Kulkarni et al. 2015, section 3).

    Where a code stands for something that is held among some examples, it is replaced by its mean over these, and
    instead of the decoder's gradient it takes ``invariance`` times its distance from that mean. The KL is left as it
    is, which is ours.
    """

    def __init__(self, nets: AutoencoderNets, invariance: Scalar = 0.01, **options: Any) -> None:
        super().__init__(nets, **options)
        self.hyper["invariance"] = invariance

    def forward(self, player: str, batches: Mapping[str, Batch], step: Step) -> dict[str, Term]:
        batch = batches["unlabelled"]
        posterior, codes = self.infer(batch, step)
        held, mean = self.held(codes.detach(), batch, step)
        distance = 0.5 * (codes - mean).where(held, 0).square().sum(dim=1).mean()
        terms = self.reconstruction(batch, torch.where(held, mean, codes))
        terms |= self.regularisers(posterior, codes, step)
        return terms | {"invariance": Term(distance, step.hyper["invariance"])} | self.supervised(batches, step)

    def held(self, codes: Tensor, batch: Batch, step: Step) -> tuple[Tensor, Tensor]:
        """Which codes stand for what is held, Z, and their means over the examples among which it is, B×Z or 1×Z."""
        raise TypeError(f"{type(self).__name__} must say which codes are held")


class FactorDCIGN(DCIGN):
    """DC-IGN on a world: in each batch one known factor varies, or all that is not known; means are over the batch.

    Code k stands for known factor k, the others for all else.
    """

    def __init__(self, nets: AutoencoderNets, stream: Clamped, invariance: Scalar = 0.01, **options: Any) -> None:
        super().__init__(nets, invariance, **options)
        self.stream = stream

    def extra_repr(self) -> str:
        """What members of a cohort have in common."""
        return f"{super().extra_repr()}, groups={self.stream.groups}"

    def streams(self) -> dict[str, Stream]:
        return super().streams() | {"unlabelled": self.stream}

    def held(self, codes: Tensor, batch: Batch, step: Step) -> tuple[Tensor, Tensor]:
        factors, everyone = step.gather(batch.factors.to(codes.dtype)), step.gather(codes)
        varies = (factors != factors[:1]).any(dim=0)
        known = len(self.stream.groups) - 1
        of_groups = torch.stack([varies[list(group)].any() for group in self.stream.groups])
        of_codes = torch.cat([of_groups[:known], of_groups[known:].expand(codes.shape[1] - known)])
        return ~of_codes, everyone.mean(dim=0, keepdim=True)


class AttributeDCIGN(DCIGN):
    """DC-IGN on data in no order: the first code stands for an attribute, and is held where its value is the same.

    This is ours: the paper has batches that hold what it knows.
    """

    def __init__(self, nets: AutoencoderNets, attribute: Attribute, invariance: Scalar = 0.01, **options: Any) -> None:
        super().__init__(nets, invariance, **options)
        self.attribute = attribute

    def extra_repr(self) -> str:
        """What members of a cohort have in common."""
        return f"{super().extra_repr()}, {self.attribute}"

    def held(self, codes: Tensor, batch: Batch, step: Step) -> tuple[Tensor, Tensor]:
        own = self.attribute.one_hot(batch)
        groups, first = step.gather(own), step.gather(codes[:, :1])
        means = (groups * first).sum(dim=0) / groups.sum(dim=0).clamp(min=1)
        held = torch.arange(codes.shape[1], device=codes.device) == 0
        return held, torch.where(held, (own * means).sum(dim=1, keepdim=True), codes)


@dataclass(frozen=True, kw_only=True)
class DCIGNRecipe(VAERecipe):
    """DC-IGN; ratio and invariance are the paper's, from memory."""

    known: tuple[str, ...] = ()
    """Of a world, names of the factors that are each tied to a code, in order; none: all that vary but the first."""
    ratio: float = 10.0
    """How often all else varies, against once for each known factor."""
    attribute: str | None = None
    """Of other data, name of the factor, or label, that the first code is tied to; none: the label, or the first factor
    where there are no classes."""
    invariance: Scalar = 0.01
    """How much held codes are drawn to their mean."""

    def build(self, data: DataSpec) -> Method:
        """A :class:`FactorDCIGN` of a world, an :class:`AttributeDCIGN` of other data, for inputs of its shape."""
        require_at_least(0, invariance=self.invariance, ratio=self.ratio)
        require_at_least(2, "one example is its own mean", batch=self.batch)
        if data.examples is None and data.factor_sizes:
            if self.attribute is not None:
                raise MetapriorError("an attribute is of data in no order, and this is a world; name its known factors")
            varying = [name for name, size in zip(data.factor_names, data.factor_sizes, strict=False) if size > 1]
            known = self.known or tuple(varying[1:])
            if len(set(known)) < len(known):
                raise MetapriorError(f"each known factor is named once, and here are {', '.join(known)}")
            require_codes(len(known) + 1, self.latent_dim)
            stream = self.clamped(data, known)
            return FactorDCIGN(self.build_nets(data), stream, self.invariance, **self.shared(data))
        if self.known:
            raise MetapriorError("known factors are those of a world, and this is a set of examples; name an attribute")
        attribute = find_known_attribute(data, self.attribute)
        require_at_least(2, "the first is tied to the attribute", latent_dim=self.latent_dim)
        return AttributeDCIGN(self.build_nets(data), attribute, self.invariance, **self.shared(data))

    def clamped(self, data: DataSpec, known: tuple[str, ...]) -> Clamped:
        """The stream in which each known factor varies by itself, and all else together."""
        places = {name: place for place, name in enumerate(data.factor_names)}
        for name in known:
            if name not in places:
                raise unknown("factor", name, places)
        rest = tuple(place for name, place in places.items() if name not in known)
        if not rest or not known:
            raise MetapriorError("a factor must be known, and another be left to vary as all else; take other factors")
        groups = (*((places[name],) for name in known), rest)
        ratio = (*(1.0 for _ in known), self.ratio)
        return Clamped(self.batch, factor_sizes=data.factor_sizes, groups=groups, ratio=ratio)
