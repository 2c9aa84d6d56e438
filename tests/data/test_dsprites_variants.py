"""Color-, Noisy- and Scream-dSprites: what their definitions say of their pixels."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from PIL import Image

from metaprior.core import MetapriorError
from metaprior.data import DSpritesOptions, World, dsprites_world, few_labels, load, render_to_disk
from metaprior.data.dsprites import shrink

KEPT = "scale=2,orientation=2,position_x=2,position_y=3"
PLAIN = dsprites_world(DSpritesOptions(scale=2, orientation=2, position_x=2, position_y=3))
NAMES = ("color-dsprites", "noisy-dsprites", "scream-dsprites")


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for data with a made-up Scream in it: red grows by 1 a pixel downwards, green to the right."""
    monkeypatch.setenv("METAPRIOR_DATA", str(tmp_path))
    pixels = np.zeros((200, 150, 3), dtype=np.uint8)
    pixels[..., 0] = np.arange(200)[:, None]
    pixels[..., 1] = np.arange(150)
    Image.fromarray(pixels).save(tmp_path / "scream.jpg", format="PNG")
    return tmp_path


def world(name: str, options: str = KEPT) -> World:
    found = load(f"{name}:{options}")
    assert isinstance(found, World)
    return found


def drawn(variant: World, count: int = 512) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures of uniform indices, as levels from 0 to 255, and where their sprites are."""
    index = torch.randint(len(variant), (count,), generator=torch.Generator().manual_seed(0))
    batch = variant.gather(index)
    return batch.images * 255, PLAIN.render(batch.factors) > 0


@pytest.mark.parametrize("name", NAMES)
def test_the_nuisance_is_hidden_and_a_picture_is_a_function_of_its_index(name: str) -> None:
    variant = world(name)
    index = torch.randint(len(variant), (64,), generator=torch.Generator().manual_seed(1))
    assert variant.factor_sizes == PLAIN.factor_sizes
    assert variant.factor_values == PLAIN.factor_values
    assert variant.hidden_sizes == (2**24,)
    assert variant.gather(index).images.shape == (64, 3, 64, 64)
    assert torch.equal(variant.gather(index).images, world(name).gather(index).images)
    assert torch.equal(variant.gather(index).images[5], variant.gather(index[5]).images)
    assert variant.digest == world(name).digest
    assert torch.equal(variant.gather(index).factors, PLAIN.factors_of(index // 2**24))


def test_colours_are_uniform_from_half_to_one_and_the_background_is_black() -> None:
    pictures, sprites = drawn(world("color-dsprites"))
    assert float(pictures[~sprites.expand_as(pictures)].max()) == 0
    colours = pictures.flatten(2).amax(2)
    assert torch.equal(pictures, sprites * colours[:, :, None, None])  # one colour a picture
    assert 127 < float(colours.min()) < 130
    assert 253 < float(colours.max()) <= 255
    assert (colours.mean(0) - 0.75 * 255).abs().max() < 5 * (127.5 / 12**0.5) / 512**0.5
    assert torch.corrcoef(colours.T).fill_diagonal_(0).abs().max() < 0.2  # channels are independent


def test_noise_is_around_the_sprite_which_is_white() -> None:
    pictures, sprites = drawn(world("noisy-dsprites"), 64)
    noise = pictures[~sprites.expand_as(pictures)]
    assert float(pictures[sprites.expand_as(pictures)].min()) == 255
    counts = torch.histc(noise, bins=256, min=0, max=256)
    assert (counts - len(noise) / 256).abs().max() < 6 * (len(noise) / 256) ** 0.5  # every byte as often
    first, other = pictures[0].flatten(), pictures[1].flatten()
    assert abs(float(torch.corrcoef(torch.stack([first[:4000], other[:4000]]))[0, 1])) < 0.1


def test_patches_are_mixed_half_and_half_with_a_colour_and_inverted_at_the_sprite() -> None:
    pictures, sprites = drawn(world("scream-dsprites"))
    background = torch.where(sprites, 255 - pictures, pictures)
    red, green, blue = background.unbind(1)
    ramp = torch.arange(64) / 2  # half of what grows by 1 a pixel
    assert ((red - red[:, :1, :1]) - ramp[:, None]).abs().max() <= 1
    assert ((green - green[:, :1, :1]) - ramp).abs().max() <= 1
    assert torch.equal(blue, blue[:, :1, :1].expand_as(blue))
    colour = 2 * blue[:, 0, 0]  # blue is 0 in the picture, so this is the colour
    assert abs(float(colour.mean()) - 127.5) < 5 * (255 / 12**0.5) / 512**0.5
    assert 2 * red[:, 0, 0].max() <= 135 + 255 + 1  # a place from 0 to 135, as 200 - 64 - 1


def test_all_places_of_the_picture_are_used() -> None:
    pictures, sprites = drawn(world("scream-dsprites"), 2000)
    background = torch.where(sprites, 255 - pictures, pictures)
    red = background[:, 0, 0, 0]  # (row + colour) / 2, row from 0 to 135
    assert abs(float(red.mean()) - (135 / 2 + 255 / 2) / 2) < 3


@pytest.mark.parametrize("name", NAMES)
def test_small_pictures_are_large_ones_averaged(name: str) -> None:
    index = torch.randint(len(PLAIN), (8,), generator=torch.Generator().manual_seed(2)) * 2**24 + torch.arange(8)
    large = (world(name).gather(index).images * 255).round().to(torch.uint8)
    small = (world(name, f"size=16,{KEPT}").gather(index).images * 255).round().to(torch.uint8)
    assert torch.equal(small, shrink(large, 16))


def test_hidden_digits_choose_the_nuisance_and_nothing_else() -> None:
    variant = world("color-dsprites")
    factors = PLAIN.factors_of(torch.tensor([3, 40]))
    same = variant.render(factors, torch.tensor([[7], [7]])).flatten(2).amax(2)
    other = variant.render(factors, torch.tensor([[7], [8]])).flatten(2).amax(2)
    assert torch.equal(same[0], same[1])
    assert not torch.equal(other[0], other[1])


def test_labelled_sets_have_nuisances_of_their_own() -> None:
    data = few_labels(world("color-dsprites"), 100, seed=0)
    assert data.images is not None
    assert len(data.images.flatten(2).amax(2).unique(dim=0)) == 100


def test_the_official_sprites(own_home: Path) -> None:
    """The published file in place of rendered sprites; here a small one of its layout."""
    index = torch.arange(len(PLAIN))
    factors = PLAIN.factors_of(index)
    with h5py.File(own_home / "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.hdf5", "w") as file:
        file["imgs"] = PLAIN.render(factors)[:, 0].numpy() // 255
        file["latents/classes"] = np.concatenate([np.zeros((len(PLAIN), 1), dtype=np.int64), factors.numpy()], axis=1)
    for size in (64, 32):
        official, rendered = (world("noisy-dsprites", f"size={size},{rest}") for rest in ("official=true", KEPT))
        assert torch.equal(official.gather(index * 2**24 + 5).images, rendered.gather(index * 2**24 + 5).images)
    with pytest.raises(MetapriorError, match="leave the other options but size out"):
        load("noisy-dsprites:official=true,scale=2")


def test_the_picture_is_missing_or_another_or_none(own_home: Path) -> None:
    other = own_home / "other.png"
    Image.new("RGB", (700, 100)).save(other)
    with pytest.raises(MetapriorError, match="350×50 pixels when shrunk to fit 350×274"):
        load(f"scream-dsprites:picture={other}")
    other.write_bytes(b"no picture")
    with pytest.raises(MetapriorError, match=r"other\.png is not a readable picture"):
        load(f"scream-dsprites:picture={other}")
    Image.new("L", (400, 400), 200).save(other)
    grey = world("scream-dsprites", f"{KEPT},picture={other}")
    assert "backgrounds from other.png" in grey.caveat
    assert float(grey.gather(torch.arange(64)).images.max()) <= (200 + 255) / 2 / 255 + 0.01
    (own_home / "scream.jpg").unlink()
    with pytest.raises(MetapriorError, match=r"'scream-dsprites' is not on this machine; put scream\.jpg under"):
        load("scream-dsprites")


def test_the_original_shrinks_the_picture_to_fit(own_home: Path) -> None:
    Image.new("RGB", (1000, 500), (10, 20, 30)).save(own_home / "large.png")
    variant = world("scream-dsprites", f"{KEPT},picture={own_home / 'large.png'}")
    assert variant.renderer.given[0].shape == (3, 175, 350)  # pyright: ignore[reportAttributeAccessIssue]


def test_a_world_with_16_million_nuisances_is_not_rendered_to_disk() -> None:
    with pytest.raises(MetapriorError, match=r"\(16,777,216 a combination\) take .* GB"):
        render_to_disk(load("color-dsprites"))
