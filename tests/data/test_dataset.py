"""Data sets: columns of one length, gathered by index."""

import dataclasses

import pytest
import torch

from metaprior.core import DataSpec, MetapriorError
from metaprior.data import Dataset


def pictures() -> Dataset:
    return Dataset(
        "five",
        images=torch.arange(5 * 12).reshape(5, 1, 3, 4).to(torch.uint8) * 4,
        labels=torch.tensor([0, 1, 2, 1, 0]),
        factors=torch.tensor([[0, 3], [1, 2], [2, 1], [1, -1], [0, 0]]),
        factor_names=("kind", "turn"),
        factor_sizes=(3, 4),
        class_names=("a", "b", "c"),
    )


def test_gather_takes_indices_of_any_shape() -> None:
    data = pictures()
    batch = data.gather(torch.tensor([[4, 0], [1, 1]]))
    assert batch.images.shape == (2, 2, 1, 3, 4)
    assert batch.images.dtype == torch.float32
    assert batch.labels.tolist() == [[0, 0], [1, 1]]
    assert batch.factors.shape == (2, 2, 2)
    assert data.images is not None
    assert torch.equal((batch.images[0, 0] * 255).round().to(torch.uint8), data.images[4])


def test_white_is_one_and_black_is_zero() -> None:
    data = Dataset("two", images=torch.tensor([0, 255], dtype=torch.uint8).reshape(2, 1, 1, 1))
    assert data.gather(torch.tensor([0, 1])).images.flatten().tolist() == [0.0, 1.0]


def test_take_keeps_order_and_names() -> None:
    data = pictures().take(torch.tensor([3, 1]))
    assert len(data) == 2
    assert data.labels is not None
    assert data.labels.tolist() == [1, 1]
    assert data.factor_names == ("kind", "turn")


def test_text() -> None:
    text = Dataset("text", tokens=torch.arange(10))
    assert (len(text), text.spec.vocabulary) == (10, 256)
    assert text.gather(torch.tensor([[0, 1], [8, 9]])).tokens.tolist() == [[0, 1], [8, 9]]


def test_spec() -> None:
    assert pictures().spec == DataSpec(
        image_shape=(1, 3, 4),
        factor_sizes=(3, 4),
        factor_names=("kind", "turn"),
        classes=3,
        examples=len(pictures()),
        missing_factors=(0, 1),
    )


def test_digest_depends_on_every_value() -> None:
    data = pictures()
    assert data.images is not None
    changed = data.images.clone()
    changed[4, 0, 2, 3] += 1
    assert data.digest == pictures().digest
    assert len(data.digest) == 16
    assert data.digest != dataclasses.replace(data, images=changed).digest
    assert data.digest != data.take(torch.arange(4)).digest


def test_columns_of_two_lengths() -> None:
    with pytest.raises((MetapriorError, TypeError), match=r"columns of one length|'labels'"):  # or jaxtyping, if on
        Dataset("bad", images=torch.zeros(2, 1, 1, 1, dtype=torch.uint8), labels=torch.tensor([1]))
    with pytest.raises(MetapriorError, match="columns of one length"):
        Dataset("empty")


def test_factors_without_names() -> None:
    with pytest.raises(MetapriorError, match="2 factors, but 0 names"):
        Dataset("bad", factors=torch.zeros(3, 2, dtype=torch.int64))


def test_a_factor_without_values() -> None:
    with pytest.raises(MetapriorError, match="a factor without values, 'b'; leave it out"):
        Dataset("bad", factors=torch.tensor([[0, -1]]), factor_names=("a", "b"), factor_sizes=(1, 0))
