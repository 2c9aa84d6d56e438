"""Encoders: what they are shown, what tells them apart, what does not fit."""

import pytest
import torch
from torch import nn

from metaprior.core import MetapriorError
from metaprior.data.vtab.presets import PRESETS
from metaprior.judge.vtab.encoder import Encoder, of_callable, of_model
from tests.judge.vtab.pictures import mean_colour


class Conv(nn.Module):
    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.conv = nn.Conv2d(3, 5, 3)

    def forward(self, images):
        return self.conv(images).mean(dim=(2, 3))


def test_each_preset_shows_its_own_levels():
    encoder = of_callable(mean_colour, "mean", mean=(0.2, 0.2, 0.2), deviation=(0.1, 0.1, 0.1))
    white = torch.ones(1, 3, 4, 4)
    shown = {name: encoder.under(preset).encode(white)[0, 0].item() for name, preset in PRESETS.items()}
    assert shown["vtab-2019"] == shown["native"] == pytest.approx(8.0)
    assert shown["vit-g-2022"] == pytest.approx(1.0)
    assert shown["peft"] == pytest.approx((1 - 0.485) / 0.229)
    assert shown["peft-unnormalised"] == pytest.approx(1.0)


def test_the_size_is_the_presets_or_the_encoders_own():
    encoder = of_callable(mean_colour, "mean", size=48)
    assert [encoder.side(PRESETS[name]) for name in ("vtab-2019", "vit-g-2022", "native")] == [224, 384, 48]


def test_a_hash_tells_name_weights_feature_point_and_levels_apart():
    one = of_callable(Conv(), "conv")
    assert one.hash == of_callable(Conv(), "conv").hash
    others = [
        of_callable(Conv(), "another architecture"),
        of_callable(Conv(1), "conv"),
        of_callable(Conv(), "conv", feature="pooled"),
        of_callable(Conv(), "conv", mean=(0.5, 0.5, 0.5)),
    ]
    assert len({one.hash, *(other.hash for other in others)}) == 5


def test_a_hash_tells_buffers_that_are_not_saved_and_needs_no_state_dict():
    class Scaled(Conv):
        def __init__(self, scale: float) -> None:
            super().__init__()
            self.register_buffer("scale", torch.tensor(scale), persistent=False)

        def get_extra_state(self):
            return {"anything": 1}

        def set_extra_state(self, state):
            pass

    one, same, other = (of_callable(Scaled(scale), "scaled").hash for scale in (1.0, 1.0, 2.0))
    assert one == same != other


def test_a_hash_tells_parts_without_weights_apart():
    pools = [nn.AdaptiveAvgPool2d(1), nn.AdaptiveMaxPool2d(1)]
    means, maxima, again = (
        of_callable(nn.Sequential(Conv(), pool, nn.Flatten()), "pooled").hash for pool in (*pools, pools[0])
    )
    assert means != maxima
    assert means == again


def test_a_hash_does_not_depend_on_where_in_memory_a_net_is():
    class Printed(Conv):
        def __init__(self) -> None:
            super().__init__()
            self.held = object()

        def extra_repr(self) -> str:
            return f"act={self.held}"

    kept = [Printed(), Printed()]
    assert len({of_callable(net, "conv").hash for net in kept}) == 1


def test_finding_the_width_changes_nothing():
    net = Conv().train()
    encoder = of_callable(net, "conv", size=8)
    before = encoder.hash
    assert encoder.width(PRESETS["native"]) == 5
    assert net.training
    assert of_callable(net, "conv", size=8).hash == before


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda images: images, "row of features"),
        (lambda images: images.mean(), "row of features"),
        (nn.Linear(7, 2), "cannot be shown the pictures of 8 px"),
    ],
)
def test_what_gives_no_features_is_told_before_anything_is_read(function, said):
    with pytest.raises(MetapriorError, match=said):
        of_callable(function, "wrong", size=8).width(PRESETS["native"])


def test_levels_must_fit_the_channels():
    with pytest.raises(MetapriorError, match="a mean and a deviation each"):
        Encoder("grey", nn.Identity(), "output", 8, channels=1)
    with pytest.raises(MetapriorError, match="positive"):
        Encoder("flat", nn.Identity(), "output", 8, deviation=(1.0, 0.0, 1.0))


@pytest.mark.parametrize(
    ("shape", "said"), [(None, "not trained on images"), ([1, 8, 6], "squares"), ([2, 8, 8], "squares")]
)
def test_a_model_of_other_values_cannot_be_shown_pictures(shape, said):
    model = nn.Module()
    model.encode = lambda images: images
    model.config = {"data_spec": {"image_shape": shape}}
    with pytest.raises(MetapriorError, match=said):
        of_model(model, "runs/x")


def test_a_model_is_shown_pictures_of_its_own_size_and_channels():
    model = nn.Module()
    model.encode = lambda images: images.flatten(1)
    model.config = {"data_spec": {"image_shape": [1, 8, 8]}}
    encoder = of_model(model, "runs/x")
    assert (encoder.channels, encoder.size, encoder.width(PRESETS["native"])) == (1, 8, 64)


def test_grey_is_shown_the_means_of_the_colours_levels():
    encoder = of_callable(lambda images: images.flatten(1), "grey", size=4, channels=1)
    shown = encoder.under(PRESETS["peft"]).encode(torch.ones(1, 1, 4, 4))
    mean, deviation = (0.485 + 0.456 + 0.406) / 3, (0.229 + 0.224 + 0.225) / 3
    assert shown[0, 0].item() == pytest.approx((1 - mean) / deviation)


class Gives(nn.Module):
    def __init__(self, give) -> None:
        super().__init__()
        self.give = give

    def forward(self, images):
        return self.give(images)


@pytest.mark.parametrize(
    ("give", "said"),
    [
        (lambda images: (images, images), "must give a tensor, a row of features an image, and gave tuple"),
        (lambda images: None, "and gave NoneType"),
        (lambda images: images.mean((2, 3)).numpy(), "and gave ndarray"),
        (lambda images: images, r"gave the shape \(2, 3, 8, 8\); flatten it"),
        (lambda images: images.flatten(1)[:1], r"of 2 images gave the shape \(1, 192\)"),
        (lambda images: images.flatten(1)[:, :0], r"gave the shape \(2, 0\)"),
        (lambda images: images.flatten(1) + 1j, "must give real features, and gave complex"),
        (lambda images: {}["head"], r"cannot be shown the pictures of 8 px .*\('head'\)$"),
    ],
)
def test_what_is_no_row_of_features_is_refused(give, said: str):
    with pytest.raises(MetapriorError, match=said):
        of_callable(Gives(give), "net", size=8).width(PRESETS["native"])


def test_an_encoder_has_weights_and_a_size():
    with pytest.raises(MetapriorError, match="lost has no weights: they are on the device meta"):
        of_callable(nn.Linear(2, 2, device="meta"), "lost")
    with pytest.raises(MetapriorError, match="the side of an encoder's images must be at least 1, not -1"):
        of_callable(mean_colour, "mean", size=-1)
    with pytest.raises(MetapriorError, match="must be at least 1, not 16"):
        of_callable(mean_colour, "mean", size="16")  # type: ignore[arg-type]
