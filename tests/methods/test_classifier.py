"""A classifier is its net and a linear layer that begins at zero."""

import math

import pytest
import torch
from torch import nn

from metaprior.core import SGD, Adam, Classifies, DataSpec, Encodes, Epochs, MetapriorError, Optimizer, Step
from metaprior.methods.classifier import Classifier, ClassifierRecipe
from metaprior.training import Loop, fit
from metaprior.training.turns import parameter_groups, player_parameters
from tests.conftest import Columns, random


def classifier(optimizer: Optimizer | None = None, augment: object = None) -> Classifier:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(12, 8), nn.BatchNorm1d(8), nn.ReLU())
    return Classifier(net, 8, 3, optimizer or SGD(0.5), Epochs(20), augment)  # pyright: ignore[reportArgumentType]


def digits() -> Columns:
    """Classes that a line tells apart."""
    images = random(0, 60, 3, 2, 2)
    return Columns(images=images, labels=images.flatten(1)[:, :3].argmax(1))


def test_before_training_it_knows_nothing() -> None:
    method, data = classifier(), digits()
    [term] = method("classifier", {"train": data.gather(torch.arange(60))}, Step()).values()
    assert term.value.item() == pytest.approx(math.log(3))
    assert (method.classify(data.columns["images"]) == 0).all()


def test_it_learns_with_its_net() -> None:
    method, data = classifier(), digits()
    before = method.net[1].weight.clone()
    fit(method, {"train": data}, Loop(steps=200))
    told = method.classify(data.columns["images"]).argmax(1)
    assert (told == data.columns["labels"]).float().mean() > 0.95
    assert not torch.equal(method.net[1].weight, before)
    assert isinstance(method, Encodes)
    assert isinstance(method, Classifies)
    assert method.encode(data.columns["images"]).shape == (60, 8)


def test_batch_normalisation_sees_the_batch_and_remembers_it() -> None:
    method = classifier()
    fit(method, {"train": digits()}, Loop(steps=5))
    assert method.net[2].num_batches_tracked == 5
    assert not torch.equal(method.net[2].running_mean, torch.zeros(8))


def test_decay_spares_biases_and_norms() -> None:
    method = classifier(Adam(weight_decay=0.1, decoupled=True))
    [player] = method.players()
    groups = parameter_groups(player, player_parameters(method, player))
    decays = {name: decay for _, decay, names in groups for name in names}
    assert {name for name, decay in decays.items() if decay} == {"net.1.weight", "head.weight"}
    assert set(decays.values()) == {0.0, 0.1}
    assert len(decays) == 6


def test_images_may_be_changed_batch_by_batch() -> None:
    seen = []

    def augment(images: torch.Tensor, step: Step) -> torch.Tensor:
        seen.append(step.rand("shift", len(images)))
        return images + 1

    method, plain = classifier(augment=augment), classifier()
    fit(method, {"train": digits()}, Loop(steps=2, seed=4))
    shifted = Columns(images=digits().columns["images"] + 1, labels=digits().columns["labels"])
    fit(plain, {"train": shifted}, Loop(steps=2, seed=4))
    assert torch.allclose(method.head.weight, plain.head.weight, atol=1e-6)
    assert not torch.equal(*seen)
    assert torch.equal(method.classify(torch.ones(1, 3, 2, 2)), method.head(method.net(torch.ones(1, 3, 2, 2))))


def test_a_net_without_weights_leaves_the_layer() -> None:
    method = Classifier(nn.Flatten(), 12, 3, SGD(0.5), Epochs(20))
    fit(method, {"train": digits()}, Loop(steps=100))
    assert method.head.weight.abs().max() > 0


def test_the_recipe_learns_from_classes_that_all_examples_have():
    method = ClassifierRecipe(latent_dim=7).build(DataSpec(image_shape=(1, 16, 16), classes=3))
    images = torch.rand(4, 1, 16, 16)
    assert method.encode(images).shape == (4, 7)
    assert torch.equal(method.classify(images), torch.zeros(4, 3))  # the layer begins at zero
    for spec, said in (
        (DataSpec(image_shape=(1, 16, 16)), "neither classes nor factors"),
        (DataSpec(image_shape=(1, 16, 16), classes=3, missing_labels=2, examples=9), "'label' is missing in 2 of 9"),
    ):
        with pytest.raises(MetapriorError, match=said):
            ClassifierRecipe().build(spec)
