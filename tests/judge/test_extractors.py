import numpy as np
import pytest
import torch
from torch import Tensor

from metaprior.core import MetapriorError
from metaprior.data import load
from metaprior.judge import EXTRACTORS, encoder, pixels, random_conv
from metaprior.metrics import frechet_distance
from tests.judge.worlds import Pixels


def digits(size: int = 8, split: str = "test") -> Tensor:
    return load(f"digits:size={size}", split).gather(torch.arange(100)).images


def test_names_stand_for_the_same_weights_on_every_machine() -> None:
    """Distances that carry these names compare across machines: with other weights it is another extractor."""
    assert [make().distance for make in EXTRACTORS.values()] == ["FD[pixels-3bf97439]", "FD[random-conv-7c6f3e11]"]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [8, 16, 28, 64])
def test_a_random_net_gives_as_many_features_of_any_image(channels: int, size: int) -> None:
    images = torch.rand(3, channels, size, size, generator=torch.Generator().manual_seed(0))
    found = random_conv().features(images)
    assert found.shape == (3, 448)
    assert np.isfinite(found).all()
    assert np.array_equal(found, random_conv().features(images, batch=3))


def test_grey_is_a_colour() -> None:
    images = digits()
    assert np.allclose(random_conv().features(images), random_conv().features(images.expand(-1, 3, -1, -1)), atol=1e-6)


def test_pixels_are_themselves() -> None:
    images = torch.randint(256, (5, 3, 4, 6), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    assert np.allclose(pixels().features(images), images.flatten(1) / 255)


@pytest.mark.parametrize("name", EXTRACTORS)
def test_the_more_images_are_spoilt_the_farther_they_are(name: str) -> None:
    extractor, images = EXTRACTORS[name](), digits(16)
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
    one = extractor.features(images)
    far = [frechet_distance(one, extractor.features((images + s * noise).clamp(0, 1))) for s in (0, 0.05, 0.2, 0.5)]
    assert far[0] < 1e-9
    assert far == sorted(far)
    assert far[3] > 10 * far[1]


def test_a_random_net_sees_where_things_are() -> None:
    images, extractor = digits(16), random_conv()
    first, second = images[:50], images[50:]
    halves = [
        frechet_distance(extractor.features(first), extractor.features(other))
        for other in (second, second.roll(8, dims=3))
    ]
    assert halves[1] > 2 * halves[0]


def test_an_encoder_is_known_by_its_weights() -> None:
    same, other = Pixels(4), Pixels(4, weight=torch.full((4, 4), 0.5))
    assert encoder(same, "mine").distance == encoder(Pixels(4), "mine").distance != encoder(other, "mine").distance
    images = torch.rand(3, 1, 2, 2)
    assert np.allclose(encoder(same, "mine").features(images), images.flatten(1))
    with pytest.raises(MetapriorError, match=r"needs a model with encode\(\)"):
        encoder(torch.nn.Identity(), "mine")  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("shape", [(1, 4, 16), (2, 16, 16)])
def test_images_that_a_random_net_cannot_take_are_named(shape: tuple[int, int, int]) -> None:
    with pytest.raises(MetapriorError, match=f"not {' x '.join(map(str, shape))}; take the extractor pixels"):
        random_conv().features(torch.rand(2, *shape))
