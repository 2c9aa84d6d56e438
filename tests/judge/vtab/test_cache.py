"""Features on the disk: taken once, for the same encoder, preset and pictures alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from metaprior.core import MetapriorError
from metaprior.data.vtab.kept import write_array
from metaprior.data.vtab.presets import PRESETS
from metaprior.judge.vtab import cache
from metaprior.judge.vtab.cache import cached_features
from metaprior.judge.vtab.encoder import of_callable
from tests.judge.vtab.pictures import coloured, mean_colour

NATIVE = PRESETS["native"]


class Counted(nn.Module):
    """Mean colours by a layer, and how many pictures were shown."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 4)
        self.shown = 0
        self.fails_after = 10**9

    def forward(self, images):
        self.shown += len(images)
        if self.shown > self.fails_after:
            raise KeyboardInterrupt
        return self.layer(mean_colour(images))


def test_they_are_taken_once(tmp_path):
    net, pictures = Counted(), coloured("a", 12, 0).pictures
    encoder = of_callable(net, "counted", size=8)
    first = cached_features(encoder, NATIVE, pictures, tmp_path, batch=5)
    again = cached_features(encoder, NATIVE, pictures, tmp_path, batch=7)
    assert net.shown == 12
    assert np.array_equal(first, again)
    assert first.shape == (12, 4)
    assert np.allclose(first, cached_features(encoder, NATIVE, pictures, None))


@pytest.mark.parametrize("what", ["weights", "preset", "pictures", "precision"])
def test_what_would_change_them_makes_them_be_taken_again(tmp_path, what):
    net, pictures = Counted(), coloured("a", 6, 0).pictures
    cached_features(of_callable(net, "counted", size=8), NATIVE, pictures, tmp_path)
    if what == "weights":
        nn.init.constant_(net.layer.bias, 7.0)
    preset = PRESETS["peft"] if what == "preset" else NATIVE
    other = coloured("a", 6, 1).pictures if what == "pictures" else pictures
    cached_features(of_callable(net, "counted", size=8), preset, other, tmp_path, bf16=what == "precision")
    assert net.shown == 12


@pytest.mark.parametrize("other", [{"kernel": "bicubic"}, {"size": 9}, {"levels": "signed"}], ids=str)
def test_each_part_of_a_preset_makes_them_be_taken_again(tmp_path, other):
    net, pictures = Counted(), coloured("a", 6, 0).pictures
    encoder = of_callable(net, "counted", size=8)
    for preset in (NATIVE, replace(NATIVE, **other), NATIVE):
        cached_features(encoder, preset, pictures, tmp_path)
    assert net.shown == 12


def test_encoders_of_other_size_or_levels_do_not_share_them(tmp_path):
    net, pictures = Counted(), coloured("a", 6, 0).pictures
    for own in ({"size": 8}, {"size": 9}, {"size": 8, "deviation": (0.5, 0.5, 0.5)}, {"size": 8, "mean": (0.1,) * 3}):
        cached_features(of_callable(net, "counted", **own), NATIVE, pictures, tmp_path)
    assert net.shown == 24


def test_an_interrupted_taking_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "BLOCK", 4)
    net, pictures = Counted(), coloured("a", 12, 0).pictures
    encoder = of_callable(net, "counted", size=8)
    net.fails_after = 9
    with pytest.raises(KeyboardInterrupt):
        cached_features(encoder, NATIVE, pictures, tmp_path, batch=2)
    net.fails_after, net.shown = 10**9, 0
    found = cached_features(encoder, NATIVE, pictures, tmp_path)
    assert net.shown == 4
    assert np.allclose(found, cached_features(encoder, NATIVE, pictures, None))


def flipped(place: int):
    def damage(content: bytes) -> bytes:
        return content[:place] + bytes([content[place] ^ 2]) + content[place + 1 :]

    return damage


DAMAGE = {"emptied": lambda content: b"", "cut": lambda content: content[:-8], "other": lambda content: b"text"}


@pytest.mark.parametrize("damage", [*DAMAGE.values(), *map(flipped, (0, 20, 60, 86, 150))])
def test_a_damaged_file_is_made_anew(tmp_path, damage):
    net, pictures = Counted(), coloured("a", 6, 0).pictures
    encoder = of_callable(net, "counted", size=8)
    first = cached_features(encoder, NATIVE, pictures, tmp_path)
    (file,) = tmp_path.rglob("*.npy")
    file.write_bytes(damage(file.read_bytes()))
    assert np.array_equal(cached_features(encoder, NATIVE, pictures, tmp_path), first)
    assert net.shown == 12


def test_plain_functions_are_not_kept(tmp_path):
    encoder = of_callable(mean_colour, "mean", size=8)
    cached_features(encoder, NATIVE, coloured("a", 6, 0).pictures, tmp_path)
    assert not list(tmp_path.rglob("*.npy"))


def test_features_of_another_number_of_pictures_are_no_part_of_these(tmp_path):
    encoder, pictures = of_callable(Counted(), "counted", size=8), coloured("a", 6, 0).pictures
    first = cached_features(encoder, NATIVE, pictures, tmp_path)
    (file,) = tmp_path.rglob("*.npy")
    write_array(file, first[:5])
    assert np.array_equal(cached_features(encoder, NATIVE, pictures, tmp_path), first)


def test_a_net_that_was_trained_since_gives_its_new_features(tmp_path):
    net, pictures = Counted(), coloured("a", 6, 0).pictures
    encoder = of_callable(net, "net", size=8)
    first = cached_features(encoder, NATIVE, pictures, tmp_path)
    with torch.no_grad():
        net.layer.weight.zero_()
    assert not np.allclose(cached_features(encoder, NATIVE, pictures, tmp_path), first)


def test_features_that_are_no_numbers_are_told():
    encoder = of_callable(lambda images: mean_colour(images) / 0, "broken", size=8)
    with pytest.raises(MetapriorError, match=r"0-0.png \(a\) by broken are not finite"):
        cached_features(encoder, NATIVE, coloured("a", 6, 0).pictures, None)


def test_grey_encoders_see_grey():
    encoder = of_callable(lambda images: images.flatten(1), "pixels", size=8, channels=1)
    assert cached_features(encoder, NATIVE, coloured("a", 2, 0).pictures, None).shape == (2, 64)


def test_bf16_is_near():
    encoder = of_callable(Counted(), "counted", size=8)
    pictures = coloured("a", 12, 0).pictures
    exact, rough = (cached_features(encoder, NATIVE, pictures, None, bf16=bf16) for bf16 in (False, True))
    assert not np.array_equal(exact, rough)
    assert np.abs(exact - rough).max() < 0.02 * np.abs(exact).max()
    assert rough.dtype == np.float32
