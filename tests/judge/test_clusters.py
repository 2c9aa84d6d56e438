"""The clusters protocol: clusters that are classes, codes that k-means finds them in, and what has none."""

import json
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from metaprior.core import MetapriorError
from metaprior.data import Dataset
from metaprior.judge import PROTOCOLS, clusters
from metaprior.judge.clusters import k_means
from metaprior.methods import find_recipe
from tests.judge.worlds import Pixels, world

NAMES = ("cluster_accuracy", "purity", "nmi", "ari")


def blobs(count: int = 90, classes: int = 3, seed: int = 0) -> Dataset:
    """Images of 4 pixels: the class as brightness of the first, and noise that is louder than it in the others."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    images = rng.integers(0, 256, (count, 1, 1, 4))
    images[:, 0, 0, 0] = 100 * labels // (classes - 1) + rng.integers(0, 3, count)
    return Dataset("blobs", torch.from_numpy(images).to(torch.uint8), labels=torch.from_numpy(labels))


class First(Pixels):
    """Codes are the first pixel."""

    def __init__(self) -> None:
        super().__init__(4, torch.eye(4)[:, :1])


class Own:
    """Clusters by the first pixel, ``split`` of them a class, under names of its own."""

    def __init__(self, split: int = 1) -> None:
        self.split = split

    def cluster(self, images: Tensor) -> Tensor:
        klass = (images[:, 0, 0, 0] * 255 / 50).round().long().clamp(0, 2)
        part = (images[:, 0, 0, 1] * 0.999 * self.split).long()
        return torch.nn.functional.one_hot(self.split * klass + part, 3 * self.split).float()


def test_codes_in_which_classes_lie_apart_are_clustered_where_pixels_are_not() -> None:
    scores = clusters(First(), blobs())
    assert [scores[name].value for name in NAMES] == [1, 1, 1, 1]
    assert tuple(scores.scores) == PROTOCOLS["clusters"].scores
    floor = scores["cluster_accuracy_pixels"].value
    assert floor is not None
    assert 1 / 3 <= floor < 0.8
    assert scores["nmi"].protocol == "k-means on codes, 3 clusters among 90 images"


def test_a_model_s_own_clusters_are_taken_as_they_are() -> None:
    one, two = clusters(Own(), blobs()), clusters(Own(2), blobs())
    assert [one[name].value for name in NAMES] == [1, 1, 1, 1]
    assert one["ari"].protocol == "3 clusters of the model's own, 3 classes"
    assert two["purity"].value == 1
    assert two["cluster_accuracy"].value == pytest.approx(0.5, abs=0.15)  # one of each class's two stands for it
    assert two["purity"].details == {"clusters_used": 6}
    assert one["cluster_accuracy_pixels"] == two["cluster_accuracy_pixels"]


def test_k_means_looks_at_the_images_to_train_on_where_they_are_given() -> None:
    """There the first pixel says the opposite: what is far apart in the judged images falls into one cluster."""
    train = blobs(60, classes=3, seed=1)
    assert train.images is not None
    train.images[:, 0, 0, 0] //= 4
    apart, same = clusters(First(), blobs(), train), clusters(First(), blobs(), blobs(60, seed=1))
    assert same["cluster_accuracy"].value == 1
    assert apart["cluster_accuracy"].value == pytest.approx(2 / 3)
    assert "among 60 training images" in apart["purity"].protocol


def test_examples_without_a_label_are_neither_judged_nor_counted() -> None:
    data = blobs()
    assert data.labels is not None
    labels = data.labels.clone()
    labels[45:] = -1
    scores = clusters(Own(), Dataset("some", data.images, labels=labels))
    assert scores["cluster_accuracy"].value == 1
    assert {score.n for score in scores.scores.values()} == {45}
    assert clusters(Own(), data, examples=30)["purity"].n == 30


def test_the_score_says_how_it_came_about() -> None:
    scores = clusters(First(), blobs(), seed=3, model_name="mine")
    told = scores.to_json()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert (told["protocol"], told["model"], told["data"]) == ("clusters", "mine", "blobs")
    assert {score.seed for score in scores.scores.values()} == {3}
    floor = scores["cluster_accuracy_pixels"]
    assert floor.value is not None
    assert floor.se == pytest.approx((floor.value * (1 - floor.value) / 90) ** 0.5)
    assert scores["nmi"].se is None
    assert clusters(First(), blobs(), seed=3, model_name="mine").scores == scores.scores


def test_a_collapsed_model_has_one_cluster_and_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = clusters(Pixels(4, torch.zeros(4, 2)), blobs())
    assert [scores[name].value for name in NAMES] == pytest.approx([1 / 3, 1 / 3, 0, 0])
    assert scores["purity"].details["clusters_used"] == 1


def test_a_model_that_has_diverged_has_no_scores_and_pixels_have_theirs() -> None:
    scores = clusters(Pixels(4, torch.full((4, 2), torch.nan)), blobs())
    assert all(scores[name].value is None and "NaN" in (scores[name].reason or "") for name in NAMES)
    assert scores["cluster_accuracy_pixels"].value is not None


def test_what_cannot_be_judged_is_named() -> None:
    with pytest.raises(MetapriorError, match=r"a model with cluster\(\) or encode\(\); object has none"):
        clusters(object(), blobs())  # pyright: ignore[reportArgumentType]
    with pytest.raises(MetapriorError, match="needs data with labels"):
        clusters(Pixels(), world())
    with pytest.raises(MetapriorError, match="at least 2 classes"):
        clusters(First(), blobs().take(torch.arange(0, 90, 3)))
    with pytest.raises(MetapriorError, match="3 clusters among as many examples at least, not 2"):
        k_means(np.zeros((2, 1)), np.zeros((5, 1)), 3)


@pytest.mark.parametrize(("name", "count"), [("aae-cluster", 16), ("joint-vae", 10)])
def test_clusters_of_a_model_are_what_its_codes_say(name: str, count: int) -> None:
    """The probabilities of its category stand last among the codes."""
    recipe: Any = find_recipe(name)
    method = replace(recipe, nets="mlp", hidden=16, latent_dim=3).build(blobs().spec).eval()
    images = torch.rand(7, 1, 1, 4)
    found = method.cluster(images)
    assert found.shape == (7, count)
    assert torch.allclose(found.softmax(dim=1), method.encode(images)[:, 3:], atol=1e-6)


def test_images_of_another_size_than_the_model_was_trained_on_are_refused() -> None:
    model = First()
    model.config = {"data_spec": {"image_shape": [1, 8, 8]}}  # type: ignore[assignment]
    with pytest.raises(MetapriorError, match="trained on images of 1 x 8 x 8"):
        clusters(model, blobs())
