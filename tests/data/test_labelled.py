"""Labelled sets: the same for all models of a seed."""

import numpy as np
import pytest
import torch
from numpy.random import RandomState

from metaprior.core import MetapriorError
from metaprior.data import Dataset, DSpritesOptions, dsprites_world, few_labels, find_labeller, labelled_rows, load
from metaprior.data.labellers import Told

WORLD = dsprites_world(DSpritesOptions(size=16, scale=2, orientation=4, position_x=4, position_y=4))


def test_factors_are_drawn_as_the_study_draws_them() -> None:
    """One call of the legacy generator a factor, in their order."""
    data = few_labels(WORLD, 20, seed=3)
    random = RandomState(3)
    expected = np.stack([random.randint(size, size=20) for size in WORLD.factor_sizes], axis=1)
    assert data.factors is not None
    assert data.images is not None
    assert data.factors.tolist() == expected.tolist()
    assert torch.equal(data.images, WORLD.render(data.factors))
    assert data.factor_names == WORLD.factor_names


def test_a_seed_is_a_set() -> None:
    assert few_labels(WORLD, 50, seed=0).digest == few_labels(WORLD, 50, seed=0).digest
    assert few_labels(WORLD, 50, seed=0).digest != few_labels(WORLD, 50, seed=1).digest


def test_classes_of_a_labelled_set_are_what_its_labels_say() -> None:
    truth, told = (
        few_labels(load("digits"), 500, seed=0, labeller=find_labeller(name)) for name in ("perfect", "permuted")
    )
    assert told.labels is not None
    assert told.factors is not None
    assert truth.labels is not None
    assert torch.equal(told.labels, told.factors[:, 0])
    assert (told.labels != truth.labels).any()


def test_what_the_labeller_did_not_tell_is_not_in_a_labelled_set() -> None:
    """Where there are factors, they are what is told: classes beside them stay hidden."""
    both = Dataset(
        "both",
        images=torch.zeros(4, 1, 2, 2, dtype=torch.uint8),
        labels=torch.tensor([0, 1, 0, 1]),
        class_names=("cat", "dog"),
        factors=torch.tensor([[0], [1], [2], [3]]),
        factor_names=("size",),
        factor_sizes=(4,),
    )
    data = few_labels(both, 3, seed=0)
    assert data.factors is not None
    assert (data.labels, data.class_names) == (None, ())
    assert few_labels(WORLD, 3, seed=0).labels is None


def test_rows_of_a_data_set_are_drawn_once_each_and_classes_are_a_factor() -> None:
    digits = load("digits")
    data = few_labels(digits, len(digits), seed=0)
    assert data.factors is not None
    assert data.labels is not None
    assert digits.images is not None  # pyright: ignore[reportAttributeAccessIssue]
    assert data.images is not None
    assert data.factor_names == ("class",)
    assert data.factor_sizes == (10,)
    assert torch.equal(data.factors[:, 0], data.labels)
    order = torch.from_numpy(labelled_rows(digits, len(digits), seed=0))
    assert torch.equal(order, torch.from_numpy(RandomState(0).permutation(len(digits))))
    assert torch.equal(data.images, digits.images[order])  # pyright: ignore[reportAttributeAccessIssue]


def test_the_labeller_goes_on_with_the_same_generator() -> None:
    def coin(factors: np.ndarray, sizes: tuple[int, ...], random: RandomState) -> Told:
        return Told(random.randint(2, size=factors.shape), (2,) * len(sizes), tuple(range(len(sizes))))

    data = few_labels(WORLD, 8, seed=5, labeller=coin)
    random = RandomState(5)
    for size in WORLD.factor_sizes:
        random.randint(size, size=8)
    assert data.factors is not None
    assert data.factors.tolist() == random.randint(2, size=(8, 5)).tolist()
    assert data.factor_sizes == (2,) * 5
    assert data.images is not None
    truth = few_labels(WORLD, 8, seed=5)
    assert truth.images is not None
    assert torch.equal(data.images, truth.images)


@pytest.mark.parametrize("count", [0, -1])
def test_no_labels(count: int) -> None:
    with pytest.raises(MetapriorError, match=f"at least 1 example, not {count}"):
        few_labels(WORLD, count, seed=0)


def test_a_world_gives_more_labels_than_it_has_pictures_and_a_data_set_does_not() -> None:
    data = few_labels(WORLD, len(WORLD) + 1, seed=0)
    assert len(data) == len(WORLD) + 1
    with pytest.raises(MetapriorError, match=f"cannot label {len(data) + 1} examples of 'dsprites', which has"):
        few_labels(data, len(data) + 1, seed=0)


def test_what_nobody_knows_is_not_among_the_few_labels() -> None:
    labels = torch.arange(60) % 3 - (torch.arange(60) % 2 == 0).long() * 9
    data = Dataset("half", values=torch.randn(60, 2), labels=labels.clamp(min=-1), class_names=("a", "b", "c"))
    found = few_labels(data, 30, seed=0).labels
    assert found is not None
    assert (found >= 0).all()
    with pytest.raises(MetapriorError, match="cannot label 31 examples of 'half', which has 30 to tell of"):
        few_labels(data, 31, seed=0)


def test_nothing_to_label_with() -> None:
    with pytest.raises(MetapriorError, match="neither factors nor labels"):
        few_labels(Dataset("text", tokens=torch.arange(9)), 3, seed=0)
