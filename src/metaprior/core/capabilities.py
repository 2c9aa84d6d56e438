"""What a model can do. A judge asks for the capability, never for the class."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Tensor

from metaprior.core.batch import Batch
from metaprior.core.errors import MetapriorError
from metaprior.core.step import Step


@runtime_checkable
class Encodes(Protocol):
    """Images float32 in [0, 1], B×C×H×W → features B×D; for a stochastic encoder the posterior's mean."""

    def encode(self, images: Tensor) -> Tensor: ...


@runtime_checkable
class Infers(Protocol):
    """Images → mean and log-variance, each B×D, of a normal posterior over codes; :class:`Encodes` gives the mean."""

    def posterior(self, images: Tensor) -> tuple[Tensor, Tensor]: ...


@runtime_checkable
class Decodes(Protocol):
    """Codes B×D → images float32 in [0, 1], B×C×H×W."""

    def decode(self, codes: Tensor) -> Tensor: ...


@runtime_checkable
class Samples(Protocol):
    """``count`` images of the model's own making, float32 in [0, 1]; the same seed gives the same ones."""

    def sample(self, count: int, seed: int = 0) -> Tensor: ...


@runtime_checkable
class Classifies(Protocol):
    """Images → class logits B×K."""

    def classify(self, images: Tensor) -> Tensor: ...


@runtime_checkable
class Clusters(Protocol):
    """Images → logits B×K of the clusters they fall into, which the model found without labels."""

    def cluster(self, images: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class Explanation:
    """S samples of the posterior of each of B examples, and what they make of the example, in nats."""

    codes: Tensor
    """B×S×Z"""
    distortion: Tensor | None
    """-log p(x | z), B×S, all normalising constants included; None: the model has no p(x | z)"""
    log_ratio: Tensor | None
    """log q(z | x) - log p(z), B×S; None: the code is deterministic, and the rate infinite"""
    rate: Tensor | None
    """KL(q(z | x) || p(z)) of each code, B×G, where it has a closed form; None: by ``log_ratio``"""
    standard: int = 0
    """So many of the codes, the first ones, have the prior N(0, 1)"""
    posterior: tuple[Tensor, Tensor] | None = None
    """Mean and log-variance of q(z | x), B×Z each, by all that the encoder was told of an example; None: it is not
    normal, or the prior is not N(0, 1)"""

    @property
    def log_weights(self) -> Tensor:
        """log p(x, z) - log q(z | x), B×S, whose mean is the ELBO; of codes with a density and a p(x | z)."""
        assert self.distortion is not None
        assert self.log_ratio is not None
        return -self.distortion - self.log_ratio


@runtime_checkable
class Explains(Protocol):
    """A batch → how well the model explains it: what rate, distortion and bounds on the likelihood are made of."""

    def explain(self, batch: Batch, step: Step, samples: int = 1) -> Explanation: ...


@runtime_checkable
class Compresses(Protocol):
    """Images → bytes, and back."""

    def compress(self, images: Tensor) -> list[bytes]: ...

    def decompress(self, files: list[bytes]) -> Tensor: ...


def require(model: object, capability: type, purpose: str) -> None:
    """Raise unless the model has the capability.

    >>> require(object(), Encodes, "judging codes")
    Traceback (most recent call last):
    metaprior.core.errors.MetapriorError: judging codes needs a model with encode(); object has none
    """
    if not isinstance(model, capability):
        verbs = " and ".join(f"{name}()" for name in sorted(vars(capability)) if not name.startswith("_"))
        raise MetapriorError(f"{purpose} needs a model with {verbs}; {type(model).__name__} has none")
