import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image

from metaprior.core import MetapriorError
from metaprior.report import address, grid, reconstructions, samples, traversals
from tests.report.views import Linear


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_lies_where_reading_order_puts_it_and_gaps_are_clear(channels: int) -> None:
    images = torch.rand(5, channels, 4, 6)
    sheet = grid(images, columns=3, gap=2)
    assert sheet.shape == (2 * 4 + 2, 3 * 6 + 2 * 2, 4)
    expected = (images * 255).round().byte().expand(-1, 3, -1, -1).permute(0, 2, 3, 1).numpy()
    for i in range(5):
        top, left = i // 3 * 6, i % 3 * 8
        tile = sheet[top : top + 4, left : left + 6]
        assert (tile[..., :3] == expected[i]).all()
        assert (tile[..., 3] == 255).all()
    assert sheet[..., 3].astype(bool).sum() == 5 * 4 * 6


def test_intensities_outside_the_unit_interval_are_clamped() -> None:
    assert grid(torch.tensor([-1.0, 2.0]).view(2, 1, 1, 1), columns=2, gap=0)[0, :, 0].tolist() == [0, 255]


@pytest.mark.parametrize(("shape", "kind"), [((7, 5, 4), "webp"), ((2, 16_384, 3), "png")])
def test_an_address_keeps_every_pixel(shape: tuple[int, ...], kind: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    kept = address(pixels)
    back = Image.open(io.BytesIO(base64.b64decode(kept.removeprefix(f"data:image/{kind};base64,"))))
    assert (np.asarray(back) == pixels).all()


class Echo:
    """Draws its codes: one pixel a code."""

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        return codes[:, None, None, :]


def test_a_traversal_changes_one_code_and_keeps_the_others() -> None:
    code = torch.tensor([5.0, 6.0, 7.0])
    drawn = traversals(Echo(), code, torch.tensor([-1.0, 0.0, 1.0]))
    assert drawn.shape == (3, 3, 1, 1, 3)
    for d in range(3):
        for v, value in enumerate((-1.0, 0.0, 1.0)):
            expected = code.clone()
            expected[d] = value
            assert drawn[d, v, 0, 0].tolist() == expected.tolist()


def test_each_code_may_have_values_of_its_own() -> None:
    values = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    drawn = traversals(Echo(), torch.zeros(2), values)
    assert torch.stack([drawn[d, :, 0, 0, d] for d in range(2)]).tolist() == values.tolist()


def test_pictures_leave_no_gradient_and_the_mode_as_it_was() -> None:
    model = Linear().train()
    images = torch.rand(2, 1, 16, 16)
    drawn = (samples(model, 2), reconstructions(model, images), traversals(model, torch.zeros(3), torch.zeros(2)))
    assert model.training
    assert not any(each.requires_grad for each in drawn)


def test_a_model_that_cannot_draw_is_named() -> None:
    with pytest.raises(MetapriorError, match="needs a model with decode"):
        traversals(object(), torch.zeros(2), torch.zeros(2))
