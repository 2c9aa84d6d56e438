"""AAE with a category beside its codes: clusters where nothing is labelled, classes where a little is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from metaprior.core import Batch, Cycle, DataSpec, Method, Player, Step, Stream, Term, generator, require_at_least
from metaprior.methods.aae import AAE, AAERecipe
from metaprior.methods.attributes import Attribute, find_labelled_attribute
from metaprior.methods.prior import prior_codes
from metaprior.nets import AutoencoderNets, Standardise
from metaprior.objectives import discrimination_loss, non_saturating_loss


class CategoricalAAE(AAE):
    """AAE whose decoder is told codes and the probabilities of K categories, a critic each (Makhzani et al. 2016).

    The second critic draws probabilities to uniform one-hot draws, so that each example comes to be of one category.
    """

    def __init__(
        self, nets: AutoencoderNets, critic: nn.Module, category_critic: nn.Module, categories: int, **options: Any
    ) -> None:
        super().__init__(nets, critic, **options)
        self.category_critic = category_critic
        self.categories = categories

    def players(self) -> tuple[Player, ...]:
        autoencoder, _ = super().players()
        return autoencoder, Player("critic", ("critic", "category_critic"), optimizer=self.critic_optimizer)

    def regularisers(self, posterior: Any, codes: Tensor, step: Step) -> dict[str, Term]:
        codes, categories = codes.split([self.nets.latent_dim, self.categories], dim=1)
        step.shared["categories"] = categories.detach()
        return super().regularisers(posterior, codes, step) | {
            "category_adversarial": Term(non_saturating_loss(self.category_critic(categories)), step.hyper["strength"])
        }

    def discrimination(self, step: Step) -> dict[str, Term]:
        categories = step.shared["categories"]
        drawn = (step.rand("category", len(categories)) * self.categories).long()
        prior = F.one_hot(drawn, self.categories).to(categories.dtype)
        loss = discrimination_loss(self.category_critic(categories), self.category_critic(prior))
        return super().discrimination(step) | {"category_discrimination": Term(loss)}

    def encode(self, images: Tensor) -> Tensor:
        """Codes and probabilities of categories, B×(Z + K): what the decoder is told."""
        return self.categorised(*self.heads(images))

    def categorised(self, codes: Tensor, logits: Tensor) -> Tensor:
        """Codes with the probabilities beside them."""
        return torch.cat([codes, logits.softmax(dim=1)], dim=1)

    def sample(self, count: int, seed: int = 0) -> Tensor:
        """Decoded draws from the prior: N(0, 1) codes, uniform categories."""
        codes = prior_codes(self.nets, count, seed)
        drawn = torch.randint(self.categories, (count,), generator=generator(seed, "categories")).to(codes.device)
        return self.decode(torch.cat([codes, F.one_hot(drawn, self.categories).to(codes.dtype)], dim=1))


class ClusteringAAE(CategoricalAAE):
    """CategoricalAAE without labels: categories come to be clusters (Makhzani et al. 2016, section 5).

    Logits are standardised over the batch, since all examples else fall into one category, where softmax has no
    gradient left; the paper normalises there too, from memory. The deviation they are given is ours.
    """

    deviation: ClassVar[float] = 3.0

    def __init__(self, *args: Any, categories: int, **options: Any) -> None:
        super().__init__(*args, categories=categories, **options)
        self.standardise = Standardise(categories)

    def infer(self, batch: Batch, step: Step) -> tuple[Tensor, Tensor]:
        codes, logits = self.heads(self.seen(batch))
        codes = self.categorised(codes, self.deviation * self.standardise(logits, step.gather))
        return codes, codes

    def encode(self, images: Tensor) -> Tensor:
        """Codes and probabilities of clusters, B×(Z + K): what the decoder is told."""
        codes, logits = self.heads(images)
        return self.categorised(codes, self.deviation * self.standardise(logits))

    def cluster(self, images: Tensor) -> Tensor:
        """Logits of the clusters, B×K, standardised."""
        return self.deviation * self.standardise(self.heads(images)[1])


class SemiSupervisedAAE(CategoricalAAE):
    """CategoricalAAE - E log q(y | x) on a few labelled examples, whose categories are the labels' (Makhzani et al.
    2016).

    The paper updates the encoder for each term in turn; here a step is one update of their sum.
    """

    def __init__(self, *args: Any, attribute: Attribute, labelled_batch: int = 64, **options: Any) -> None:
        super().__init__(*args, categories=attribute.size, **options)
        self.attribute = attribute
        self.labelled_batch = labelled_batch

    def streams(self) -> dict[str, Stream]:
        return super().streams() | {"labelled": Cycle(self.labelled_batch, source="labelled")}

    def forward(self, player: str, batches: Mapping[str, Batch], step: Step) -> dict[str, Term]:
        terms = super().forward(player, batches, step)
        if player == "critic":
            return terms
        labelled = batches["labelled"]
        surprise = F.cross_entropy(
            self.classify(labelled.inputs), self.attribute.of(labelled), ignore_index=-1, reduction="none"
        )
        return terms | {"supervised": Term(surprise.mean())}

    def classify(self, images: Tensor) -> Tensor:
        """Logits of the attribute's values, B×K."""
        return self.heads(images)[1]


@dataclass(frozen=True, kw_only=True)
class ClusteringAAERecipe(AAERecipe):
    """Adversarial autoencoder that finds clusters."""

    categories: int = 16
    """Number of clusters."""

    def build(self, data: DataSpec) -> Method:
        """A :class:`ClusteringAAE` for inputs of the data's shape."""
        require_at_least(2, categories=self.categories)
        require_at_least(2, "one example has no variance", batch=self.batch)
        count = self.categories
        nets = self.build_nets(data, heads={"mean": self.latent_dim, "logits": count}, told=count)
        nets.encoder.get_submodule("logits").register_parameter("bias", None)  # standardising takes it out again
        critics = (self.build_critic(size) for size in (self.latent_dim, count))
        return ClusteringAAE(nets, *critics, categories=count, **self.shared(data))


@dataclass(frozen=True, kw_only=True)
class SemiSupervisedAAERecipe(AAERecipe):
    """Adversarial autoencoder that learns from a few labels and classifies; 15 codes as for MNIST in the paper."""

    needs_labels: ClassVar[bool] = True
    usual_labels: ClassVar[int] = 100

    latent_dim: int = 15
    """Number of codes beside the category."""
    attribute: str | None = None
    """Name of a labelled factor, or label; none: the label, or the first factor where there are no classes."""
    labelled_batch: int = 64
    """Labelled examples a step."""

    def build(self, data: DataSpec) -> Method:
        """A :class:`SemiSupervisedAAE` for inputs of the data's shape."""
        require_at_least(1, labelled_batch=self.labelled_batch)
        attribute = find_labelled_attribute(data, self.attribute)
        nets = self.build_nets(data, heads={"mean": self.latent_dim, "logits": attribute.size}, told=attribute.size)
        critics = (self.build_critic(size) for size in (self.latent_dim, attribute.size))
        return SemiSupervisedAAE(
            nets, *critics, attribute=attribute, labelled_batch=self.labelled_batch, **self.shared(data)
        )
