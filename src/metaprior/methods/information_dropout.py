"""Information dropout: codes that are multiplied with noise, as much of it as the task bears."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from torch import Tensor

from metaprior.core import (
    Batch,
    DataSpec,
    Explanation,
    MetapriorError,
    Method,
    Player,
    Scalar,
    Step,
    Term,
    require_above,
    require_at_least,
)
from metaprior.methods.attributes import find_attribute
from metaprior.methods.autoencoder import Autoencoder, AutoencoderRecipe
from metaprior.methods.bottleneck import Bottleneck
from metaprior.methods.multiplicative_noise import MultiplicativeNoise, RectifiedNoise
from metaprior.methods.prior import prior_codes
from metaprior.nets import AutoencoderNets
from metaprior.objectives import minibatch_total_correlation

Noise: TypeAlias = MultiplicativeNoise | RectifiedNoise


class InformationDropout(Bottleneck):
    """The bottleneck of codes with multiplicative noise (Achille & Soatto 2018, equation 6), + gamma * TC(q(z)).

    Nothing pulls the codes' scale to that of a fixed prior: the log-normal prior's own is learned, and the log-uniform
    one has none.
    """

    noise: Any  # a Noise, whose laws are its own

    def __init__(self, *arguments: Any, noise: Noise, gamma: Scalar = 0.0, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.noise = noise
        self.hyper |= weight_of_correlation(gamma)

    def players(self) -> tuple[Player, ...]:
        modules = ("encoder", "classifier", "noise")
        return (Player("bottleneck", modules=modules, optimizer=self.optimizer),)

    def regularisers(self, law: Any, codes: Tensor, step: Step) -> dict[str, Term]:
        return costs(self.noise, law, codes, step)

    def law(self, inputs: Tensor) -> Any:
        return self.noise.law(*(head.to(inputs.dtype) for head in self.encoder(inputs)))

    def draw(self, law: Any, noise: Tensor) -> Tensor:
        return self.noise.draw(law, noise)

    def kl(self, law: Any) -> Tensor:
        return self.noise.kl(law)

    def log_ratio(self, law: Any, codes: Tensor) -> Tensor:
        return self.noise.log_ratio(law, codes)

    def encode(self, images: Tensor) -> Tensor:
        """Mean codes, f exp(alpha² / 2), B×Z."""
        return self.noise.expected(self.law(images))


class MultiplicativeAutoencoder(Autoencoder):
    """-log p(x | z) + beta * KL(q(z | x) || p(z)) + gamma * TC(q(z)) of such codes (the same, section 5).

    It draws no samples, since a log-uniform prior has none.
    """

    player = "vae"
    noise: Any  # a Noise, whose laws are its own

    def __init__(
        self, nets: AutoencoderNets, noise: Noise, beta: Scalar = 1.0, gamma: Scalar = 0.0, **options: Any
    ) -> None:
        super().__init__(nets, **options)
        self.noise = noise
        self.hyper |= {"beta": beta} | weight_of_correlation(gamma)

    def players(self) -> tuple[Player, ...]:
        return (Player(self.player, modules=("nets", "noise"), optimizer=self.optimizer),)

    def infer(self, batch: Batch, step: Step) -> tuple[Any, Tensor]:
        """The law of z, as its noise has it, and one sample of z, B×Z."""
        law = self.noise.law(*self.heads(self.seen(batch)))
        return law, self.noise.draw(law, step.randn("posterior", *law[0].shape))

    def regularisers(self, posterior: Any, codes: Tensor, step: Step) -> dict[str, Term]:
        return costs(self.noise, posterior, codes, step)

    def encode(self, images: Tensor) -> Tensor:
        """Mean codes, f exp(alpha² / 2), B×Z."""
        return self.noise.expected(self.noise.law(*self.heads(images)))

    def explain(self, batch: Batch, step: Step, samples: int = 1) -> Explanation:
        """Samples of q(z | x), -log p(x | z), log q(z | x) / p(z) and the KL of each code."""
        repeated = batch.map(lambda column: column.repeat_interleave(samples, dim=0))
        law, codes = self.infer(repeated, step)
        ratio = self.noise.log_ratio(law, codes)
        distortion = self.likelihood.nll(self.outputs(codes, repeated), repeated.inputs)
        rate = self.noise.kl(law).unflatten(0, (batch.size, samples))[:, 0]
        each = (batch.size, samples)
        return Explanation(codes.unflatten(0, each), distortion.unflatten(0, each), ratio.unflatten(0, each), rate)


class InformationDropoutAutoencoder(MultiplicativeAutoencoder):
    """The same with a log-normal prior: for beta = 1 and gamma = 0 a variational autoencoder of positive codes."""

    noise: MultiplicativeNoise

    def sample(self, count: int, seed: int = 0) -> Tensor:
        """Decoded draws from the log-normal prior that was learned."""
        normal = prior_codes(self.nets, count, seed)
        return self.decode((self.noise.mean + (self.noise.logvar / 2).exp() * normal).exp())


def weight_of_correlation(gamma: Scalar) -> dict[str, Scalar]:
    """What a loss has of gamma among its scalars: nothing where it is 0, and no total correlation is computed."""
    return {} if gamma == 0 else {"gamma": gamma}


def costs(noise: Noise, law: Any, codes: Tensor, step: Step) -> dict[str, Term]:
    """beta * KL, and with a gamma, gamma * TC by the posteriors of the batch, up to a constant.

    The total correlation is that of log z, whose posterior is normal: no bijection of each code by itself changes it.
    """
    terms = {"kl": Term(noise.kl(law).sum(dim=1).mean(), step.hyper["beta"])}
    if "gamma" not in step.hyper:
        return terms
    correlation = minibatch_total_correlation(codes.log(), *map(step.gather, law))
    return terms | {"total_correlation": Term(correlation, step.hyper["gamma"])}


@dataclass(frozen=True, kw_only=True)
class InformationDropoutRecipe(AutoencoderRecipe):
    """Information dropout; the noise's bound is the published code's, beta and gamma are ours."""

    target: Literal["label", "input"] = "label"
    """What codes are to tell: label: an attribute; input: all of the input, as an autoencoder's."""
    attribute: str | None = None
    """Name of a factor, or label, of the target label; none: the label, or the first factor where there are no
    classes."""
    code: Literal["softplus", "relu"] = "softplus"
    """softplus: positive codes with a log-normal prior, which is learned; relu: codes that may be 0, with a log-uniform
    prior, from which the KL is known up to a constant: 0 of the noisiest code, and of one that is 0."""
    beta: Scalar = 1e-2
    """Weight of the KL; of the target input, 1 is the bound on the likelihood."""
    gamma: Scalar = 0.0
    """Weight of the total correlation of softplus codes, estimated from the batch up to a constant."""
    max_alpha: float = 0.7
    """The noise's standard deviation at its greatest, in the code's logarithm."""

    def build(self, data: DataSpec) -> Method:
        """An :class:`InformationDropout`, or a :class:`MultiplicativeAutoencoder`, for inputs of the data's shape."""
        require_at_least(0, beta=self.beta, gamma=self.gamma)
        require_above(0, max_alpha=self.max_alpha)
        if self.target == "input" and self.attribute is not None:
            raise MetapriorError("attribute is of the target label, and this one is the input; leave it out")
        rectified = self.code == "relu"
        if self.gamma != 0:
            require_at_least(2, "one example has no total correlation", batch=self.batch)
            if rectified:
                raise MetapriorError(
                    "gamma weighs the total correlation by densities of log z, and codes of a ReLU may be 0; leave it "
                    "out, or choose code=softplus"
                )
        nets = self.build_nets(data, heads={"activation": self.latent_dim, "scale": self.latent_dim})
        weights, options = (self.beta, self.gamma), self.shared(data)
        if self.target == "input" and rectified:
            return MultiplicativeAutoencoder(nets, RectifiedNoise(self.max_alpha), *weights, **options)
        if self.target == "input":
            return InformationDropoutAutoencoder(nets, MultiplicativeNoise(self.max_alpha), *weights, **options)
        noise = RectifiedNoise(self.max_alpha) if rectified else MultiplicativeNoise(self.max_alpha)
        attribute = find_attribute(data, self.attribute)
        del options["likelihood"]  # nothing is decoded
        return InformationDropout(
            nets.encoder, self.latent_dim, attribute, self.beta, noise=noise, gamma=self.gamma, **options
        )
