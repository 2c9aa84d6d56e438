"""Features do not depend on how images are kept, nor on how many are encoded at a time."""

import numpy as np
import pytest
import torch
from torch import nn

from metaprior.core import MetapriorError
from metaprior.data import Dataset
from metaprior.judge import features
from metaprior.judge.features import evaluating
from tests.judge.worlds import Pixels, rows, world


def test_bytes_floats_and_sources_are_the_same_images() -> None:
    images = rows().images
    assert images is not None
    expected = images.flatten(1).numpy() / np.float32(255)
    for kept in (images, images.float() / 255, rows(), Dataset("bare", images=images)):
        assert np.array_equal(features(Pixels(), kept), expected)


@pytest.mark.parametrize("batch", [1, 7, 60, 512])
def test_batches_change_nothing(batch: int) -> None:
    assert np.array_equal(features(Pixels(), world(), batch=batch), features(Pixels(), world()))


def test_indices_choose_and_order_the_rows() -> None:
    index = torch.tensor([5, 0, 5, 59])
    whole = features(Pixels(), world())
    assert np.array_equal(features(Pixels(), world(), index), whole[index])
    images = rows().images
    assert images is not None
    assert np.array_equal(features(Pixels(), images, index), features(Pixels(), images[index]))


@pytest.mark.parametrize("training", [True, False])
def test_a_model_is_asked_in_evaluation_mode_and_given_back_as_it_was(training: bool) -> None:
    model = Pixels().train(training)
    features(model, world())
    assert model.seen == [False]
    assert model.training is training


def test_a_part_in_evaluation_mode_stays_in_it_where_the_whole_trains() -> None:
    model = Pixels().train()
    model.frozen = nn.BatchNorm1d(3).eval()
    features(model, world())
    assert (model.training, model.frozen.training) == (True, False)


def test_training_mode_comes_back_after_an_error_too() -> None:
    model = Pixels(pixels=7).train()
    with pytest.raises(RuntimeError):
        features(model, world())
    assert model.training


def test_a_model_without_weights_is_where_its_buffers_are() -> None:
    levels = nn.BatchNorm2d(3, affine=False, device="meta")
    with evaluating(levels) as device:
        assert device == torch.device("meta")


def test_no_gradients_are_kept() -> None:
    model = Pixels()
    features(model, world())
    assert model.weight.grad is None
    assert torch.is_grad_enabled()


def test_half_precision_comes_back_as_float32() -> None:
    class Half(Pixels):
        def encode(self, images: torch.Tensor) -> torch.Tensor:
            return super().encode(images).bfloat16()

    found = features(Half(), world())
    assert found.dtype == np.float32
    assert np.allclose(found, features(Pixels(), world()), atol=2**-8)


def test_progress_ends_with_everything() -> None:
    told: list[tuple[int, int]] = []
    features(Pixels(), world(), batch=25, progress=lambda done, of: told.append((done, of)))
    assert told == [(25, 60), (50, 60), (60, 60)]


@pytest.mark.parametrize("shape", [(5,), (5, 2, 2), (4, 3), ()])
def test_codes_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    class Odd:
        def encode(self, images: torch.Tensor) -> torch.Tensor:
            return torch.zeros(shape)

    with pytest.raises(MetapriorError, match="one row of features an image; 5 images gave shape"):
        features(Odd(), torch.zeros(5, 1, 2, 2))


def test_a_model_that_does_not_encode_is_refused() -> None:
    with pytest.raises(MetapriorError, match=r"encode\(\); object has none"):
        features(object(), world())  # type: ignore[arg-type]


def test_no_images_are_an_error() -> None:
    with pytest.raises(MetapriorError, match="no images"):
        features(Pixels(), torch.zeros(0, 1, 1, 3))


def test_images_of_another_shape_than_the_run_s_are_refused() -> None:
    model = Pixels()
    model.config = {"data_spec": {"image_shape": [3, 64, 64]}}  # type: ignore[assignment]
    with pytest.raises(MetapriorError, match=r"trained on images of 3 x 64 x 64 .* and these are 1 x 1 x 3"):
        features(model, world())
    model.config = {"data_spec": {"image_shape": [1, 1, 3]}}  # type: ignore[assignment]
    features(model, world())
