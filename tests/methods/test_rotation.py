"""Rotation: which way up pictures are, and with labels what they show."""

import math

import pytest
import torch

from metaprior.core import Batch, Classifies, DataSpec, MetapriorError, Step
from metaprior.methods import LabelledRotation, LabelledRotationRecipe, Rotation, RotationRecipe
from metaprior.methods.rotation import turned
from tests.conftest import spec_of_squares, squares

CLASSES = DataSpec(image_shape=(1, 16, 16), classes=3)


def test_pictures_are_turned_and_stay_in_their_order():
    images = torch.rand(3, 2, 5, 5)
    ways = turned(images).unflatten(0, (4, 3))
    assert torch.equal(ways[0], images)
    for once, next_ in zip(ways, ways.roll(-1, dims=0), strict=True):
        assert torch.equal(once.rot90(1, dims=(2, 3)), next_)


@pytest.mark.parametrize("labelled", [False, True])
def test_a_net_that_knows_nothing_pays_the_entropy(labelled):
    recipe = LabelledRotationRecipe() if labelled else RotationRecipe()
    method = recipe.build(CLASSES)
    for parameter in method.parameters():
        torch.nn.init.zeros_(parameter)
    batch = Batch({"images": squares(6).columns["images"], "labels": torch.tensor([0, 1, 2, 0, 1, 2])})
    terms = method(method.players()[0].name, {"unlabelled": batch}, Step())
    assert terms["turn"].value.item() == pytest.approx(math.log(4))
    assert set(terms) == ({"turn", "label"} if labelled else {"turn"})
    if labelled:
        assert terms["label"].value.item() == pytest.approx(math.log(3))


def test_each_turn_is_told_of_its_own_pictures():
    """Codes that say their turn, and a head that reads them: the loss is 0, so no picture has another's turn."""

    class Says(torch.nn.Module):
        def forward(self, images):  # a mark in one corner of the four
            corners = images[:, 0, (0, 0, -1, -1), (0, -1, -1, 0)]
            return (100 * corners,)

    images = torch.zeros(5, 1, 4, 4)
    images[:, 0, 0, 0] = 1
    method = Rotation(Says(), 4)
    with torch.no_grad():
        method.turn.bias.zero_()
        where = [int(turned(images[:1])[turn, 0][(0, 0, -1, -1), (0, -1, -1, 0)].argmax()) for turn in range(4)]
        method.turn.weight.copy_(torch.eye(4)[where])
    loss = method("encoder", {"unlabelled": Batch({"images": images})}, Step())["turn"].value
    assert loss.item() == pytest.approx(0, abs=1e-6)
    assert sorted(where) == [0, 1, 2, 3]


def test_only_with_labels_it_classifies():
    assert not isinstance(RotationRecipe().build(CLASSES), Classifies)
    method = LabelledRotationRecipe().build(CLASSES)
    assert isinstance(method, Classifies)
    assert isinstance(method, LabelledRotation)
    assert method.classify(squares(2).columns["images"]).shape == (2, 3)
    assert LabelledRotationRecipe(attribute="column").build(spec_of_squares()).attribute.place == 1


def test_a_missing_label_adds_nothing():
    method = LabelledRotationRecipe().build(CLASSES)
    images = squares(4).columns["images"]
    some = Batch({"images": images, "labels": torch.tensor([1, -1, 2, -1])})
    known = Batch({"images": images[::2], "labels": torch.tensor([1, 2])})
    half, whole = (method("encoder", {"unlabelled": each}, Step())["label"].value for each in (some, known))
    assert half.item() == pytest.approx(whole.item() / 2, rel=1e-5)


def test_pictures_that_are_not_square_are_refused():
    with pytest.raises(MetapriorError, match="square"):
        RotationRecipe().build(DataSpec(image_shape=(1, 16, 8)))
