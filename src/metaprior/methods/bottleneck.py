"""The information bottleneck: a noisy code that tells a label, and as little else of the input as may be."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from metaprior.core import (
    Adam,
    Batch,
    Explanation,
    Method,
    Player,
    Replacement,
    Scalar,
    Step,
    Stream,
    Term,
    generator,
)
from metaprior.methods.attributes import Attribute
from metaprior.nets import glorot_uniform
from metaprior.objectives import categorical_nll


class Bottleneck(Method):
    """E[-log p(y | z)] + beta * KL(q(z | x) || p(z)), p(y | z) linear in z; a subclass says what q(z | x) is.

    y is an attribute of every example; where one is missing, its likelihood adds nothing. Nothing is decoded.
    """

    cohort = True

    def __init__(
        self,
        encoder: nn.Module,
        latent_dim: int,
        attribute: Attribute,
        beta: Scalar = 1e-3,
        *,
        optimizer: Adam = Adam(lr=1e-4),  # noqa: B008 - frozen
        batch: int = 100,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.classifier = nn.Linear(latent_dim, attribute.size)
        glorot_uniform(self.classifier)
        self.attribute = attribute
        self.optimizer = optimizer
        self.batch = batch
        self.hyper["beta"] = beta

    def extra_repr(self) -> str:
        """The attribute, which members of a cohort have in common."""
        return repr(self.attribute)

    def players(self) -> tuple[Player, ...]:
        return (Player("bottleneck", modules=("encoder", "classifier"), optimizer=self.optimizer),)

    def streams(self) -> dict[str, Stream]:
        return {"unlabelled": Replacement(self.batch)}

    def forward(self, player: str, batches: Mapping[str, Batch], step: Step) -> dict[str, Term]:
        batch = batches["unlabelled"]
        law = self.law(batch.inputs)
        codes = self.draw(law, step.randn("posterior", *law[0].shape))
        label = categorical_nll(self.logits(codes), self.attribute.of(batch)).mean()
        return {"label": Term(label)} | self.regularisers(law, codes, step)

    def regularisers(self, law: Any, codes: Tensor, step: Step) -> dict[str, Term]:
        """The terms on the codes: beta * KL, mean over the batch, in nats."""
        return {"kl": Term(self.kl(law).sum(dim=1).mean(), step.hyper["beta"])}

    def law(self, inputs: Tensor) -> Any:
        """The parameters of q(z | x), B×Z each."""
        raise TypeError(f"{type(self).__name__} must say what law its codes have")

    def draw(self, law: Any, noise: Tensor) -> Tensor:
        """Codes of that law, B×Z, by standard normal noise."""
        raise TypeError(f"{type(self).__name__} must say how its codes are drawn")

    def kl(self, law: Any) -> Tensor:
        """KL(q(z | x) || p(z)) of each code, B×Z, in nats."""
        raise TypeError(f"{type(self).__name__} must say what its codes cost")

    def log_ratio(self, law: Any, codes: Tensor) -> Tensor:
        """log q(z | x) - log p(z) of codes of that law, B."""
        raise TypeError(f"{type(self).__name__} must say what density its codes have")

    def logits(self, codes: Tensor) -> Tensor:
        """log p(y | z), B×K, up to a constant; in the codes' precision."""
        return self.classifier(codes).to(codes.dtype)

    def classify(self, images: Tensor, samples: int = 12, seed: int = 0) -> Tensor:
        """log of the mean p(y | z) over samples of q(z | x), B×K; Alemi et al. take 12.

        The noise is the same for every example, so that no answer depends on what else is asked.
        """
        law = self.law(images)
        noise = torch.randn(samples, law[0].shape[1], generator=generator(seed, "classify")).to(law[0])
        each = [self.logits(self.draw(law, row.expand_as(law[0]))).log_softmax(dim=1) for row in noise]
        return torch.stack(each).logsumexp(dim=0) - math.log(samples)

    def explain(self, batch: Batch, step: Step, samples: int = 1) -> Explanation:
        """Samples of q(z | x) and what they cost; what they leave of the input open, nobody can say."""
        repeated = self.law(batch.inputs.repeat_interleave(samples, dim=0))
        codes = self.draw(repeated, step.randn("posterior", *repeated[0].shape))
        each = (batch.size, samples)
        return Explanation(
            codes.unflatten(0, each),
            distortion=None,
            log_ratio=self.log_ratio(repeated, codes).unflatten(0, each),
            rate=self.kl(self.law(batch.inputs)),
        )
