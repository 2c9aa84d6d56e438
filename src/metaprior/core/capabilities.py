"""What a model can do. A judge asks for the capability, never for the class."""

from typing import Protocol, runtime_checkable

from torch import Tensor

from metaprior.core.errors import MetapriorError


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
