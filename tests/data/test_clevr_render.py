"""Pictures of scenes like CLEVR's."""

import torch

from metaprior.data.clevr_render import picture, stage
from metaprior.data.clevr_scene import scene
from metaprior.data.stage import look


def test_a_picture_has_the_size_asked_for_and_is_the_same_again() -> None:
    each = scene(0, 3)
    first = picture(each, 64, 48)
    assert first.shape == (3, 48, 64)
    assert torch.equal(picture(each, 64, 48), first)


def test_objects_have_their_colours() -> None:
    """Where an object is seen, the channels of the picture are in the order of its colour's."""
    each = scene(0, 3)
    seen = look(each.camera, stage(each).solids, 160, 120).which
    shown = picture(each, 160, 120).float()
    for number, thing in enumerate(each.things):
        mean = shown[:, seen == number].mean(dim=1)
        if thing.colour in ("red", "yellow", "brown"):
            assert mean[0] > mean[1] > mean[2] - 1
        elif thing.colour in ("blue", "purple"):
            assert mean[2] > mean[1]
        elif thing.colour == "green":
            assert mean[1] > max(mean[0], mean[2])


def test_the_ground_is_grey_and_neither_black_nor_white() -> None:
    each = scene(0, 3)
    seen = look(each.camera, stage(each).solids, 64, 48).which
    ground = picture(each, 64, 48)[:, seen == -1].float()
    assert 80 < ground.mean() < 170
    assert (ground.amax(dim=0) - ground.amin(dim=0)).quantile(0.9) < 6
