import copy

import pytest
from rich.console import Console

from metaprior.report import score_table
from metaprior.report.scores import headline, rows, sentence
from tests.report.views import CONFIG, SCORES, view


def changed(mig: float, protocol: str = "world") -> dict:
    scores = copy.deepcopy(SCORES)
    scores["disentanglement"]["scores"]["mig"] |= {"value": mig, "protocol": protocol}
    return scores


def baseline(**changes: object) -> object:
    return view("beta-vae-0", config=CONFIG | {"recipe": "beta-vae", "labels": None}, **changes)


def test_the_difference_is_the_first_minus_the_second() -> None:
    row = rows([view(), baseline(scores=changed(0.1))])[0]
    assert row.difference == pytest.approx(0.31257 - 0.1)


def test_scores_of_different_protocols_are_not_subtracted() -> None:
    assert rows([view(), baseline(scores=changed(0.1, "finite"))])[0].difference is None


def test_a_score_that_one_run_lacks_is_none_there() -> None:
    row = rows([view(), baseline(scores={})])[0]
    assert row.values == [0.31257, None]
    assert row.difference is None


def test_headlines_are_scores_that_have_a_value() -> None:
    assert [row.name for row in headline(rows([view()]))] == ["mig", "dci_disentanglement"]


def test_the_sentence_says_who_reaches_what() -> None:
    assert "MIG 0.31 of at most 0.90" in sentence([view()], rows([view()]))
    runs = [view(), baseline(scores=changed(0.1))]
    said = sentence(runs, rows(runs))
    assert said == "S2-β-VAE with 100 labels reaches MIG 0.31 of at most 0.90; β-VAE with no labels, 0.10 (+0.21)."
    assert "not been judged" in sentence([view(scores={})], [])


def test_the_terminal_shows_values_ceilings_and_differences() -> None:
    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(score_table([view(), baseline(scores=changed(0.1))]))
    line = next(line for line in console.export_text().splitlines() if line.startswith("MIG"))
    assert line.split() == ["MIG", "0.313", "0.100", "0.902", "+0.213"]
