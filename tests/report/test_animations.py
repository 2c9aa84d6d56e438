import io

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import norm

from metaprior.report import CYCLES, Extent, animation, cycle_interval, cycle_normal, gif
from metaprior.report.animations import FRAMES, QUANTILES, wave
from metaprior.report.sheets import GAP, TEXT

SEEN = Extent(
    mean=np.array([0.5, -1.0, 0.0]),
    sd=np.array([0.8, 2.0, 1e-3]),
    low=np.array([-1.0, -4.0, 0.0]),
    high=np.array([2.0, 3.0, 0.0]),  # the last code is constant
)


def test_a_cycle_begins_at_the_code_returns_to_it_and_turns_only_at_the_ends() -> None:
    way = wave(np.array([0.0, 0.35, 1.0]), 20)
    assert np.allclose(way[:, 0], [0, 0.35, 1])
    assert np.allclose(np.abs(np.diff(way[0])), 0.1)
    assert way.min() == 0
    assert way.max() == 1
    steps = np.abs(np.diff(np.hstack([way, way[:, :1]])))  # the last step leads back to the first frame
    assert (steps <= 0.1 + 1e-12).all()


def test_an_interval_is_walked_at_constant_speed_from_end_to_end() -> None:
    values = cycle_interval(np.array([-2.0]), -2.0, 2.0)[0]
    assert np.allclose(values[:11], np.linspace(-2, 2, 11))
    assert np.allclose(values[11:], np.linspace(2, -2, 11)[1:-1])


def test_a_start_beyond_the_interval_begins_at_its_nearer_end() -> None:
    assert cycle_interval(np.array([-7.0, 7.0]), -2.0, 2.0)[:, 0].tolist() == [-2, 2]


def test_quantiles_are_walked_at_constant_speed_in_probability() -> None:
    values = cycle_normal(np.array([norm.ppf(0.25)]))[0]
    expected = [0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95, 0.95, 0.85]
    assert np.allclose(norm.cdf(values[:10]), expected)
    centred = cycle_normal(np.array([0.0]))[0]
    assert np.allclose([centred.min(), centred.max()], norm.ppf(QUANTILES))


def test_the_fitted_cycle_is_the_standard_one_moved_and_stretched() -> None:
    start = np.array([-1.2, 0.3])
    moved = cycle_normal(3 + 2 * start, mean=np.array([3.0, 3.0]), sd=np.array([2.0, 2.0]))
    assert np.allclose(moved, 3 + 2 * cycle_normal(start))


def test_the_five_kinds_of_the_studies_begin_at_the_code_and_keep_to_their_ends() -> None:
    start = np.array([0.4, -0.7, 0.0])
    ends = {
        "standard-normal": (norm.ppf(0.001), norm.ppf(0.999)),
        "fitted-normal": (SEEN.mean + SEEN.sd * norm.ppf(0.001), SEEN.mean + SEEN.sd * norm.ppf(0.999)),
        "two": (-2, 2),
        "two-sd": (SEEN.mean - 2 * SEEN.sd, SEEN.mean + 2 * SEEN.sd),
        "min-max": (SEEN.low, SEEN.high),
    }
    assert list(CYCLES) == list(ends)
    for name, (low, high) in ends.items():
        values = CYCLES[name].values(start, SEEN, FRAMES)
        assert values.shape == (3, 20)
        assert np.allclose(values[:, 0], start)
        assert np.isfinite(values).all()
        assert (values >= np.broadcast_to(low, 3)[:, None] - 1e-9).all()
        assert (values <= np.broadcast_to(high, 3)[:, None] + 1e-9).all()


class Shades:
    """One grey pixel an image, as bright as the code that is not a half."""

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        far = (codes - 0.5).abs().argmax(dim=1, keepdim=True)
        return codes.gather(1, far)[:, :, None, None]


def test_each_code_moves_in_its_own_picture_in_the_order_asked_for() -> None:
    values = np.array([[0.0, 0.2], [1.0, 0.8], [0.4, 0.6]])
    frames = animation(Shades(), torch.full((3,), 0.5), values, [2, 0, 1], ["z2", "z0", "z1"])
    assert len(frames) == 2
    for k, frame in enumerate(frames):
        row = np.asarray(frame)[GAP * 2 + TEXT + 5]
        shades = [row[GAP + i * (128 + GAP) + 60] for i in range(3)]
        assert shades == [round(255 * values[code, k]) for code in (2, 0, 1)]


def read(content: bytes) -> tuple[list[np.ndarray], int, Image.Image]:
    image = Image.open(io.BytesIO(content))
    frames, shown = [], 0
    for k in range(getattr(image, "n_frames", 1)):
        image.seek(k)
        frames.append(np.asarray(image.convert("RGB")).astype(int))
        shown += image.info["duration"]
    return frames, shown, image


def test_grey_frames_keep_every_level_and_go_round_for_ever() -> None:
    rng = np.random.default_rng(0)
    grey = [rng.integers(0, 256, (40, 50), dtype=np.uint8) for _ in range(20)]
    frames, shown, image = read(gif([Image.fromarray(each) for each in grey]))
    for frame, each in zip(frames, grey, strict=True):
        assert np.abs(frame - each[..., None]).max() <= 1  # one of 256 levels may stand for "as before" and give way
    assert shown == 2000  # 20 frames, 10 a second
    assert image.info["loop"] == 0


def test_colours_are_near_the_true_ones_and_what_stands_still_does_not_flicker() -> None:
    ramp = np.zeros((60, 80, 3), np.uint8)
    ramp[:30] = np.linspace((200, 30, 30), (30, 30, 220), 80)
    moving = [ramp.copy() for _ in range(6)]
    for k, each in enumerate(moving):
        each[30:, 10 * k : 10 * k + 10] = (40 * k, 255 - 40 * k, 128)
    frames, _, _ = read(gif([Image.fromarray(each) for each in moving]))
    assert np.abs(np.array(frames) - np.array(moving)).mean() < 2
    assert np.ptp(np.array(frames)[:, :30], axis=0).max() == 0


@pytest.mark.parametrize("count", [1, 20])
def test_still_codes_last_as_long_as_moving_ones(count: int) -> None:
    assert read(gif([Image.new("L", (8, 8), 7)] * count))[1] in (0, 100 * count)
