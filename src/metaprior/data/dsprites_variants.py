"""Color-, Noisy- and Scream-dSprites: the sprites of dSprites with a nuisance that is not among the factors.

The nuisance is drawn anew with every draw of an example. Here it is a hidden digit of the example's index, one of
:data:`STATES`, from which a hash makes the colour, the noise, or the colour and the place; so a picture is a function
of its index, and a training that is resumed goes on exactly.

Source: Locatello et al. 2019, "Challenging Common Assumptions in the Unsupervised Learning of Disentangled
Representations"; their ``data/ground_truth/dsprites.py``.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from PIL import Image
from torch import Tensor

from metaprior.core import MetapriorError
from metaprior.data.dsprites import RASTER, DSpritesOptions, dsprites_world, shrink
from metaprior.data.dsprites_official import official_dsprites
from metaprior.data.official import OfficialOptions
from metaprior.data.pictures import decode
from metaprior.data.splitmix import splitmix64, uniform
from metaprior.data.store import find, missing
from metaprior.data.world import Renderer, World

STATES = 2**24
"""How many nuisances there are: in the 19 million draws of a study's training, each comes once or so."""
SCREAM = "scream.jpg"
FETCH = (
    "The Scream (Munch 1893), public domain, upload.wikimedia.org/wikipedia/commons/f/f4/The_Scream.jpg saved under "
    "that name; or take any other picture, as in scream-dsprites:picture=PATH"
)


@dataclass(frozen=True)
class VariantOptions(DSpritesOptions):
    """Side of the picture in pixels, 64, 32 or 16; and how many values each factor keeps, as of ``dsprites``.

    ``official``: the sprites of the published file, all of them, in place of rendered ones. Pictures below 64 px are
    those of 64 px, nuisance and all, averaged over squares of pixels.
    """

    official: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.official and self.factor_sizes != DSpritesOptions().factor_sizes:
            raise MetapriorError("official=true takes all values of all factors; leave the other options but size out")


@dataclass(frozen=True)
class ScreamOptions(VariantOptions):
    """Side of the picture in pixels, 64, 32 or 16; and how many values each factor keeps, as of ``dsprites``.

    ``official``: the sprites of the published file, all of them, in place of rendered ones. ``picture``: the file to
    cut backgrounds from, by default ``scream.jpg`` under $METAPRIOR_DATA. Pictures below 64 px are those of 64 px,
    nuisance and all, averaged over squares of pixels.
    """

    picture: Path | None = None


def color_dsprites(options: VariantOptions) -> World:
    """dSprites in colours, each channel uniform in [1/2, 1], on black.

    >>> color_dsprites(VariantOptions(size=16, orientation=4)).image_shape
    (3, 16, 16)
    """
    return _variant("color-dsprites", options, coloured)


def noisy_dsprites(options: VariantOptions) -> World:
    """White dSprites on noise that is uniform in [0, 1] for each pixel and channel."""
    return _variant("noisy-dsprites", options, on_noise)


def scream_dsprites(options: ScreamOptions) -> World:
    """dSprites as negatives in random patches of The Scream, each mixed half and half with a random colour."""
    path = options.picture.expanduser() if options.picture else find(SCREAM)
    if path is None:
        raise missing("scream-dsprites", SCREAM, FETCH)
    world = _variant("scream-dsprites", options, on_patches, shrunk_picture(path))
    other = f"backgrounds from {path.name}, not from The Scream" if options.picture else ""
    return dataclasses.replace(world, caveat="; ".join(filter(None, (world.caveat, other))))


@dataclass(frozen=True, eq=False)
class Disturbed:
    """The renderer: sprites at 64 pixels, disturbed as their hidden digit says, then shrunk.

    ``nuisance`` takes sprites n×1×64×64 of 0 and 255, states n, and what is in ``given``; it gives n×3×64×64.
    """

    sprites: Renderer
    nuisance: Callable[..., Tensor]
    size: int
    given: tuple[Tensor, ...] = ()

    def __call__(self, factors: Int64[Tensor, "n 6"]) -> UInt8[Tensor, "n 3 size size"]:
        """The pictures of these factor vectors, the state being the last digit."""
        sprites = self.sprites(factors[:, :-1])
        pictures = self.nuisance(sprites, factors[:, -1].to(sprites.device), *self.given)
        return pictures if self.size == RASTER else shrink(pictures, self.size)

    def to(self, device: torch.device | str) -> "Disturbed":
        """The same renderer with what it renders from on ``device``."""
        given = tuple(tensor.to(device) for tensor in self.given)
        return Disturbed(self.sprites.to(device), self.nuisance, self.size, given)


def coloured(sprites: UInt8[Tensor, "n 1 h w"], states: Int64[Tensor, " n"]) -> UInt8[Tensor, "n 3 h w"]:
    """Sprite × colour, a channel's colour being (1 + u)/2."""
    colours = (127.5 + 127.5 * uniform(_words(states, 3))).round_().to(torch.uint8)
    return sprites & colours[:, :, None, None]


def on_noise(sprites: UInt8[Tensor, "n 1 h w"], states: Int64[Tensor, " n"]) -> UInt8[Tensor, "n 3 h w"]:
    """min(sprite + u, 1), u a byte of its own for each pixel and channel."""
    n, _, height, width = sprites.shape
    noise = _words(states, 3 * height * width // 8).view(torch.uint8)
    return sprites | noise.reshape(n, 3, height, width)


def on_patches(
    sprites: UInt8[Tensor, "n 1 h w"], states: Int64[Tensor, " n"], picture: UInt8[Tensor, "3 y x"]
) -> UInt8[Tensor, "n 3 h w"]:
    """(patch + colour)/2, and 1 minus that where the sprite is; the patch anywhere, the colour uniform in [0, 1].

    The last row and column of places are left out, as in the original.
    """
    height, width = sprites.shape[2:]
    random = uniform(_words(states, 5))
    y = (random[:, 0] * (picture.shape[1] - height)).long()
    x = (random[:, 1] * (picture.shape[2] - width)).long()
    patches = picture.unfold(1, height, 1).unfold(2, width, 1).permute(1, 2, 0, 3, 4)[y, x]
    colours = (255 * random[:, 2:, None, None]).round_().to(torch.uint8)
    return ((patches & colours) + ((patches ^ colours) >> 1)) ^ sprites  # the mean of two bytes, without a wider type


def shrunk_picture(path: Path) -> UInt8[Tensor, "3 y x"]:
    """A picture in colour, shrunk to fit 350×274."""
    decode(path, str(path))  # which says what is wrong with a file that is no picture
    with Image.open(path) as picture:
        picture.thumbnail((350, 274))
        pixels = torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1)
    if min(pixels.shape[1:]) <= RASTER:
        raise MetapriorError(
            f"{path} is {pixels.shape[2]}×{pixels.shape[1]} pixels when shrunk to fit 350×274; take a picture both "
            f"sides of which are then longer than {RASTER}"
        )
    return pixels


def _variant(name: str, options: VariantOptions, nuisance: Callable[..., Tensor], *given: Tensor) -> World:
    plain = dataclasses.replace(options, size=RASTER)
    base = official_dsprites(OfficialOptions()) if options.official else dsprites_world(plain)
    return dataclasses.replace(
        base,
        name=name,
        image_shape=(3, options.size, options.size),
        renderer=Disturbed(base.renderer, nuisance, options.size, given),
        hidden_sizes=(STATES,),
    )


def _words(states: Int64[Tensor, " n"], count: int) -> Int64[Tensor, "n count"]:
    """``count`` words of random bits for each state."""
    return splitmix64(states[:, None] * count + torch.arange(count, device=states.device))
