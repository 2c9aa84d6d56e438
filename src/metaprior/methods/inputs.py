"""What methods ask of the data before they build their nets."""

from metaprior.core import DataSpec, MetapriorError


def require_inputs(data: DataSpec, nets: str) -> tuple[int, ...]:
    """The shape of an image C×H×W, or of other values, that the nets can take, or an error that says what to do.

    >>> require_inputs(DataSpec(image_shape=(1, 28, 28)), "auto")
    Traceback (most recent call last):
    metaprior.core.errors.MetapriorError: images of 28x28 do not fit these nets (a square of 8, 16, 32, 64... pixels); \
resize the data (size=32) or choose nets=mlp
    """
    if data.input_shape is None:
        raise MetapriorError("this method learns from images or other values, and the data set has neither")
    if nets in ("mlp", "linear"):
        return data.input_shape
    if data.image_shape is None:
        if nets != "auto":
            raise MetapriorError(f"the nets '{nets}' take images, and this data are none; choose nets=mlp")
        return data.input_shape
    _, height, width = data.image_shape
    if nets == "study" and (height, width) != (64, 64):
        raise MetapriorError(f"the study's nets take 64x64 images, not {height}x{width}; choose nets=small")
    if height != width or height < 8 or height & (height - 1):
        raise MetapriorError(
            f"images of {height}x{width} do not fit these nets (a square of 8, 16, 32, 64... pixels); "
            "resize the data (size=32) or choose nets=mlp"
        )
    return data.image_shape


def require_codes(factors: int, latent_dim: int) -> None:
    """Raise unless each factor can be tied to a code of its own.

    >>> require_codes(factors=5, latent_dim=4)
    Traceback (most recent call last):
    metaprior.core.errors.MetapriorError: 5 factors cannot be tied to 4 codes; raise latent_dim to at least 5
    """
    if factors > latent_dim:
        raise MetapriorError(
            f"{factors} factors cannot be tied to {latent_dim} codes; raise latent_dim to at least {factors}"
        )
