"""The table of protocols: one row for each that can be carried out, and sources as sure as the card is."""

import pytest

from metaprior.core import MetapriorError
from metaprior.data.vtab.presets import PRESETS
from metaprior.judge.vtab.frozen import FROZEN
from metaprior.judge.vtab.protocols import ADAPTATIONS, find_adaptation
from metaprior.judge.vtab.recipes import FINE_TUNING
from metaprior.judge.vtab.way import Way


def test_every_protocol_has_one_row_and_says_whether_the_encoder_is_trained() -> None:
    assert FROZEN.keys().isdisjoint(FINE_TUNING)
    assert list(ADAPTATIONS) == [*FROZEN, *FINE_TUNING]
    assert {name for name, each in ADAPTATIONS.items() if each.tunes} == set(FINE_TUNING)


@pytest.mark.parametrize("name", ADAPTATIONS)
def test_every_row_says_what_is_done_and_where_it_is_from(name: str) -> None:
    row = find_adaptation(name)
    assert row.summary
    assert row.source
    assert not row.summary.endswith(".")


@pytest.mark.parametrize("name", ["lightweight", "lightweight/10", "heavyweight", "linear"])
def test_what_the_card_has_from_memory_says_so(name: str) -> None:
    """Of the lightweight sweep its long schedule, of the heavyweight one everything (card 1.5)."""
    assert "from memory" in find_adaptation(name).source


@pytest.mark.parametrize("name", ["vit-g", "bit-hyperrule", "vpt-linear", "vpt-finetune", "adapter-plus"])
def test_what_was_read_does_not(name: str) -> None:
    assert "memory" not in find_adaptation(name).source


@pytest.mark.parametrize("name", [name for name in ADAPTATIONS if "/" in name and "few" not in name])
def test_reduced_budgets_are_called_so(name: str) -> None:
    row, whole = find_adaptation(name), name.partition("/")[0]
    assert whole in ADAPTATIONS
    assert "reduced" in f"{row.summary} {row.source}"


def test_an_unknown_one_is_named_with_its_neighbour() -> None:
    with pytest.raises(MetapriorError, match="unknown protocol 'lightwight'; did you mean 'lightweight'"):
        find_adaptation("lightwight")


def test_protocols_without_a_choice_say_that_they_train_on_all_at_once() -> None:
    once = {"few-shot-1", "few-shot-5", "few-shot-10", "few-shot-25", "vit-g", "bit-hyperrule", "adapter-plus"}
    assert {name for name, each in ADAPTATIONS.items() if not each.selects} == once
    native = PRESETS["native"]
    for name in once:
        assert Way(name, native).told(800, 200, 1000) == f"1k, {name}, native; fit to 1000, test once"
        assert Way(name, native, "full").told() == f"full, {name}, native; fit to both, test once"
    ridge = Way("ridge", native)
    assert ridge.told(600, 200, 800).endswith("; fit to 600, select on 200, refit to 800, test once")
    assert ridge.told().endswith("; fit to train, select on val, refit to both, test once")
