"""The autoencoder, and what all autoencoders have in common: nets, a likelihood, the one pass from input to loss."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal

from torch import Tensor

from metaprior.core import (
    Adam,
    Batch,
    DataSpec,
    Explanation,
    MetapriorError,
    Method,
    Player,
    Replacement,
    Scalar,
    Step,
    Stream,
    Term,
    require_above,
    require_at_least,
)
from metaprior.methods.inputs import require_inputs
from metaprior.methods.likelihoods import Bernoulli, Likelihood, Normal
from metaprior.nets import AUTOENCODERS, AutoencoderNets


class Autoencoder(Method):
    """-log p(x | z) of a deterministic code: the autoencoder, and the base of the others.

    A pass is :meth:`infer`, :meth:`reconstruction`, :meth:`regularisers`, and a method overrides what it changes:
    another posterior the first, a term on the codes the last; an encoder or a decoder that is told more than inputs or
    codes :meth:`seen` or :meth:`outputs`.
    """

    cohort = True
    player: ClassVar[str] = "autoencoder"
    """Name of the player that trains the nets."""

    def __init__(
        self,
        nets: AutoencoderNets,
        *,
        likelihood: Likelihood = Bernoulli(),  # noqa: B008 - frozen
        optimizer: Adam = Adam(lr=1e-4),  # noqa: B008 - frozen
        batch: int = 64,
    ) -> None:
        super().__init__()
        self.nets = nets
        self.likelihood = likelihood
        self.optimizer = optimizer
        self.batch = batch

    def extra_repr(self) -> str:
        """The likelihood, which decides the code that runs: members of a cohort have it in common."""
        return repr(self.likelihood)

    def players(self) -> tuple[Player, ...]:
        return (Player(self.player, modules=("nets",), optimizer=self.optimizer),)

    def streams(self) -> dict[str, Stream]:
        return {"unlabelled": Replacement(self.batch)}

    def forward(self, player: str, batches: Mapping[str, Batch], step: Step) -> dict[str, Term]:
        batch = batches["unlabelled"]
        posterior, codes = self.infer(batch, step)
        return self.reconstruction(batch, codes) | self.regularisers(posterior, codes, step)

    def infer(self, batch: Batch, step: Step) -> tuple[Any, Tensor]:
        """The posterior's parameters, which here are the codes themselves, and a sample of it, B×Z."""
        codes = self.encode(self.seen(batch))
        return codes, codes

    def reconstruction(self, batch: Batch, codes: Tensor) -> dict[str, Term]:
        """-log p(x | z), mean over the batch, in nats."""
        return {"reconstruction": Term(self.likelihood.nll(self.outputs(codes, batch), batch.inputs).mean())}

    def regularisers(self, posterior: Any, codes: Tensor, step: Step) -> dict[str, Term]:
        """The terms on the codes: here none."""
        return {}

    def seen(self, batch: Batch) -> Tensor:
        """What the encoder sees of a batch, which may be more than its inputs."""
        return batch.inputs

    def outputs(self, codes: Tensor, batch: Batch) -> Tensor:
        """What the decoder says of B codes, which may be told more of the batch."""
        return self.nets.decoder(codes)

    def heads(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """The encoder's outputs in the inputs' precision."""
        return tuple(head.to(inputs.dtype) for head in self.nets.encoder(inputs))

    def encode(self, images: Tensor) -> Tensor:
        """Codes of images or values, B×Z; of a stochastic encoder the posterior's means."""
        return self.heads(images)[0]

    def decode(self, codes: Tensor) -> Tensor:
        """What codes stand for: images in [0, 1], B×C×H×W, or values."""
        values = self.likelihood.mean(self.nets.decoder(codes))
        return values.clamp(0, 1) if values.dim() == 4 else values

    def explain(self, batch: Batch, step: Step, samples: int = 1) -> Explanation:
        """Each example's own code, as often as asked for, and -log p(x | z); its rate is infinite."""
        _, codes = self.infer(batch, step)
        distortion = self.likelihood.nll(self.outputs(codes, batch), batch.inputs)
        return Explanation(
            codes[:, None].expand(-1, samples, -1), distortion[:, None].expand(-1, samples), log_ratio=None, rate=None,
            standard=self.nets.latent_dim,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class NetsRecipe:
    """What the nets of a method with codes are, and how they are trained."""

    needs_labels: ClassVar[bool] = False

    latent_dim: int = 10
    """Number of codes."""
    nets: Literal["auto", "study", "small", "mlp", "linear"] = "auto"
    """study: the published conv nets, 64x64 only; small: conv nets for 8 to 64 px; mlp: fully connected, any shape;
    linear: one layer; auto: study at 64 px, mlp for other values, else small."""
    hidden: int | None = None
    """Units of each hidden layer of the nets mlp; none: 1,200, as published."""
    batch: int = 64
    """Unlabelled examples a step."""
    lr: Scalar = 1e-4
    """Adam's learning rate."""

    def build_nets(
        self, data: DataSpec, heads: Mapping[str, int] | None = None, seen: int = 0, told: int = 0
    ) -> AutoencoderNets:
        """The encoder and decoder this recipe names; :mod:`metaprior.nets.autoencoder` says what the rest means."""
        if not 1 <= self.latent_dim <= 2**20:
            raise MetapriorError(f"latent_dim must be at least 1 and at most {2**20}, not {self.latent_dim}")
        shape = require_inputs(data, self.nets)
        usual = "mlp" if data.image_shape is None else "study" if shape[1:] == (64, 64) else "small"
        kind = usual if self.nets == "auto" else self.nets
        options = {}
        if self.hidden is not None:
            if not 1 <= self.hidden <= 2**16:
                raise MetapriorError(f"hidden must be at least 1 and at most {2**16}, not {self.hidden}")
            if kind != "mlp":
                raise MetapriorError(
                    f"hidden is of the nets mlp, and these are {kind}; leave it out or choose nets=mlp"
                )
            options["hidden"] = self.hidden
        return AUTOENCODERS[kind](shape, self.latent_dim, heads, seen, told, **options)

    def shared(self, data: DataSpec) -> dict[str, Any]:
        """What every method of these is built with beside its nets and its own weights: optimiser and batch."""
        require_above(0, lr=self.lr)
        require_at_least(1, batch=self.batch)
        return {"optimizer": Adam(lr=self.lr), "batch": self.batch}


@dataclass(frozen=True, kw_only=True)
class AutoencoderRecipe(NetsRecipe):
    """An autoencoder: its nets, its likelihood, how it is trained."""

    likelihood: Literal["auto", "bernoulli", "normal"] = "auto"
    """What outputs say: bernoulli pixels, or normal values; auto: bernoulli for images, else normal."""
    variance: float = 1.0
    """Variance of the normal likelihood."""

    def build(self, data: DataSpec) -> Method:
        """An :class:`Autoencoder` for inputs of the data's shape."""
        return Autoencoder(self.build_nets(data, heads={"mean": self.latent_dim}), **self.shared(data))

    def shared(self, data: DataSpec) -> dict[str, Any]:
        """What every autoencoder is built with beside its nets and its own weights: with a likelihood."""
        require_above(0, variance=self.variance)
        return super().shared(data) | {"likelihood": self.build_likelihood(data)}

    def build_likelihood(self, data: DataSpec) -> Likelihood:
        """The likelihood this recipe names."""
        if self.likelihood == "normal" or (self.likelihood == "auto" and data.image_shape is None):
            return Normal(self.variance)
        if data.image_shape is None:
            raise MetapriorError(
                "a bernoulli likelihood is of values in [0, 1], and these are any numbers; choose normal"
            )
        usual = {field.name: field.default for field in fields(self)}["variance"]
        if self.variance != usual:
            raise MetapriorError(
                "variance is of a normal likelihood, and this one is bernoulli; add --likelihood normal"
            )
        return Bernoulli()
