"""Which choices tell runs apart, and how they are told."""

import pytest

from metaprior.report.words import differing_choices, titles
from tests.report.views import CONFIG, view


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ({"beta": 1, "size": 10}, {"beta": 1.0, "size": 10}, ["", ""]),
        ({"beta": 1}, {"beta": 1.5}, ["beta 1", "beta 1.5"]),
        ({"loss.sigma": None}, {"loss.sigma": 1.0}, ["sigma none", "sigma 1"]),
        ({"fast": True}, {"fast": False}, ["fast true", "fast false"]),
        ({"hidden": [1, 2]}, {"hidden": [1]}, ["hidden [1, 2]", "hidden [1]"]),
        ({"a.lr": 1, "b.lr": 2}, {"a.lr": 2, "b.lr": 1}, ["a.lr 1, b.lr 2", "a.lr 2, b.lr 1"]),
        ({"a.lr": 1, "b.lr": 2}, {"a.lr": 2, "b.lr": 2}, ["lr 1", "lr 2"]),
        ({"a.lr": 1, "lr": 2}, {"a.lr": 2, "lr": 1}, ["a.lr 1, lr 2", "a.lr 2, lr 1"]),
    ],
    ids=[
        "one number of two kinds",
        "two numbers",
        "none",
        "truths",
        "lists",
        "two names that end alike",
        "of which one differs",
        "of which one is an end",
    ],
)
def test_choices_that_differ_are_told_apart(one: dict, other: dict, told: list[str]) -> None:
    assert differing_choices(["vae", "vae"], [one, other]) == told


def test_choices_differ_and_end_alike_within_one_method() -> None:
    choices = [{"a.lr": 1}, {"a.lr": 2}, {"b.lr": 1}, {"b.lr": 2}]
    assert differing_choices(["vae", "vae", "factor", "factor"], choices) == ["lr 1", "lr 2", "lr 1", "lr 2"]
    assert differing_choices(["vae", "factor"], [{"lr": 1}, {"lr": 2}]) == ["", ""]


def test_titles_are_methods_with_the_choices_that_differ() -> None:
    nested = [view(config=CONFIG | {"method": {"net": {"lr": lr}, "beta": 1}}) for lr in (1.0, 0.1)]
    assert titles(nested) == ["S2-β-VAE (lr 1)", "S2-β-VAE (lr 0.1)"]
    assert titles([view(config={}), view("b", config={"method": None})]) == ["s2-beta-vae-0", "b"]
