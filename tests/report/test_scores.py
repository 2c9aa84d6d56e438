import copy
import dataclasses
import io
from pathlib import Path

import pytest
from rich.console import Console

from metaprior.judge import Score, Scores
from metaprior.report import judgement, score_table
from metaprior.report.page import render
from metaprior.report.scores import headline, lacking, rows, seen, sentence
from metaprior.report.words import facts, labels
from tests.report.views import CONFIG, SCORES, scored, view


def changed(mig: float, protocol: str = "world") -> dict:
    scores = copy.deepcopy(SCORES)
    scores["disentanglement"]["scores"]["mig"] |= {"value": mig, "protocol": protocol}
    return scores


def baseline(**changes: object) -> object:
    return view("beta-vae-0", config=CONFIG | {"recipe": "beta-vae", "labels": None}, **changes)


def printed(what: object) -> str:
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(what)
    return console.export_text()


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


def test_scores_of_sampled_codes_say_so_and_are_not_shown_large() -> None:
    both = SCORES | {"disentanglement-sampled": changed(0.2)["disentanglement"]}
    table = rows([view(scores=both)])
    assert [row.label for row in table if row.name == "mig"] == ["MIG", "MIG, sampled codes"]
    assert [row.values for row in headline(table)] == [[0.31257], [0.4444]]
    alone = rows([view(scores={"disentanglement-sampled": SCORES["disentanglement"]})])
    assert headline(alone)[0].label == "MIG, sampled codes"


def test_the_sentence_says_who_reaches_what() -> None:
    assert "MIG 0.31 of at most 0.90" in sentence([view()], rows([view()]))
    runs = [view(), baseline(scores=changed(0.1))]
    said = sentence(runs, rows(runs))
    assert said == "S2-β-VAE with 100 labels reaches MIG 0.31 of at most 0.90; β-VAE with no labels, 0.10 (+0.21)."
    assert "not been judged" in sentence([view(scores={})], [])
    half = [view(), baseline(scores={})]
    assert sentence(half, rows(half)).endswith("of at most 0.90; β-VAE with no labels is not judged by it.")
    few = copy.deepcopy(SCORES)
    few["disentanglement"]["scores"]["mig"]["chance"] = 0.05
    assert "MIG 0.31 of at most 0.90 (0.05 by chance)" in sentence([view()], rows([view(scores=few)]))


def test_of_many_runs_the_sentence_names_the_best_and_the_range_of_the_others() -> None:
    runs = [view(f"run-{i}", scores=changed(mig)) for i, mig in enumerate((0.2, 0.1, 0.5, 0.3))] + [view(scores={})]
    said = sentence(runs, rows(runs))
    assert said == (
        "Of 5 runs, S2-β-VAE with 100 labels reaches the most, MIG 0.50 of at most 0.90; the others 0.10 to 0.30."
    )


def test_the_terminal_shows_values_ceilings_and_differences() -> None:
    text = printed(score_table([view(), baseline(scores=changed(0.1))]))
    line = next(line for line in text.splitlines() if line.startswith("MIG"))
    assert "by chance" not in text
    assert line.split() == ["MIG", "0.313", "0.100", "0.902", "+0.213"]


def test_scores_of_some_runs_alone_are_counted_in_the_terminal_and_folded_on_the_page() -> None:
    more = copy.deepcopy(SCORES)
    more["disentanglement"]["scores"]["sap"] = {"value": 0.5, "n": 10, "seed": 0, "protocol": "world"}
    runs = [view(scores=more), baseline(scores=SCORES)]
    said = printed(score_table(runs))
    assert "SAP" not in said
    assert "1 more scores are of some runs alone" not in said
    assert "1 more score is of some runs alone; it is on the page." in said
    assert "SAP" in printed(score_table(runs[:1]))
    page = render(runs)
    assert page.index("of some runs alone</summary>") < page.index('<th scope="row">SAP')


def test_scores_where_less_is_better_say_so() -> None:
    scores = Scores(
        "disentanglement", {"unfairness": Score(0.1, 10, 0, "world"), "mig": Score(0.1, 10, 0, "world")}, "m", "d"
    )
    said = printed(judgement(scores))
    assert "unfairness ↓" in said
    assert "mig ↓" not in said
    assert "↓ less is better." in said


def test_an_arrow_is_explained_wherever_it_is_shown() -> None:
    less, most = scored(unfairness=0.1), "↓ less is better."
    runs = [view(scores=less), baseline(scores=less)]
    for shown in (runs, runs[:1]):
        said = printed(score_table(shown))
        assert "unfairness ↓" in said
        assert most in said
        page = render(shown)
        assert '<th scope="row">unfairness ↓</th>' in page
        assert page[page.index("All scores") :].count(most) == 1
    assert most not in printed(score_table([view(scores=less), baseline()])), "the score is folded away"
    assert most not in printed(score_table([view()])) + render([view()])
    alone = copy.deepcopy(less)
    alone["disentanglement"]["scores"] = {"unfairness": alone["disentanglement"]["scores"]["unfairness"]}
    large = render([view(scores=alone)]).split("All scores")[0]
    assert "unfairness ↓" in large
    assert most in large


def heard(mig: float, **others: float) -> dict:
    """Scores with the shares of test examples that their predictors had learned from."""
    scores = copy.deepcopy(scored(**dict.fromkeys(others, 0.5)))
    for name, share in ({"mig": mig} | others).items():
        scores["disentanglement"]["scores"][name]["test_seen"] = share
    return scores


@pytest.mark.parametrize("shares", [(0.9, 0.06), (0.06, 0.9)])
def test_of_several_runs_the_largest_share_that_was_learned_from_is_told(shares: tuple[float, float]) -> None:
    runs = [view(scores=heard(share)) for share in shares]
    assert "up to 90 % of the test examples of mig are" in printed(score_table(runs))
    assert "up to 90 % of the test examples of mig are" in render(runs)


def test_the_note_on_examples_that_were_learned_from_names_what_is_shown() -> None:
    more = heard(0.5, sap=0.9)
    runs = [view(scores=more), baseline(scores=heard(0.4))]
    assert "up to 50 % of the test examples of mig are" in printed(score_table(runs))
    assert "up to 90 % of the test examples of sap and 1 other score are" in printed(score_table(runs[:1]))
    assert "up to 90 % of the test examples of sap and 1 other score are" in render(runs)


def test_a_test_that_was_learned_from_is_told() -> None:
    told = Score(0.5, 10, 0, "world", details={"test_seen": 0.886})
    said = printed(judgement(Scores("disentanglement", {"dci_informativeness": told}, "m", "d")))
    assert "up to 89 % of the test examples of dci_informativeness are among those that its" in said
    scores = copy.deepcopy(SCORES)
    scores["disentanglement"]["scores"]["mig"]["test_seen"] = 0.5
    assert "up to 50 %" in printed(score_table([view(scores=scores)]))


def test_what_no_score_has_gets_no_column() -> None:
    mine = {"mig": Score(0.5, 40, 0, "finite", rows=40, chance=0.31)}
    text = printed(judgement(Scores("disentanglement", mine, "mine", "pictures")))
    assert "at most" not in text
    assert text.split("rows")[1].split() == ["mig", "0.500", "0.310", "40", "40", "protocol:", "finite"]
    world = {"mig": Score(0.5, 40, 0, "world", rows=40, details={"ceiling": 0.9})}
    text = printed(judgement(Scores("disentanglement", world, "mine", "dsprites")))
    assert "by chance" not in text
    assert text.split(" n")[1].split() == ["mig", "0.500", "0.900", "40", "protocol:", "world"]
    both = Scores("disentanglement", mine | {"sap": world["mig"]}, "mine", "dsprites")
    lines = printed(judgement(both)).splitlines()
    assert [line.split()[-1] for line in lines if line.strip()] == ["protocol", "finite", "world"]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"labels": 1}, "1 label"),
        ({"labels": 1000, "labeller": "noisy"}, "1,000 noisy labels"),
        ({"labels": 100, "label_share": 0.9}, "90 of 100 labels"),
        ({"labels": 15, "labeller": "binned", "label_share": 0.9}, "14 of 15 binned labels"),
        ({}, "no labels"),
        ({"told": ["label"]}, "all labels"),
        ({"told": ["shape", "position_x"]}, "shape and position x of all"),
    ],
)
def test_labels_are_told_with_their_labeller_and_what_was_held_out(config: dict, said: str) -> None:
    run = view(config={"recipe": "s2-beta-vae", **config})
    assert labels(run) == said
    assert dict(facts(run))["labels"] == (
        "none" if said == "no labels" else said.removesuffix("s").removesuffix(" label")
    )


def test_scores_on_the_examples_of_the_training_are_said_to_be() -> None:
    scores = Scores("disentanglement", {"mig": Score(0.5, 40, 0, "finite")}, "mine", "pictures")
    assert "trained on" not in printed(judgement(scores))
    scores = dataclasses.replace(scores, seen=True)
    assert "trained on these very examples" in printed(judgement(scores))
    assert "trained on" in printed(score_table([view(scores={"disentanglement": scores.to_json()})]))


@pytest.mark.parametrize(
    ("spec", "command"),
    [
        ({"factor_sizes": [3, 6], "classes": 2}, "metaprior judge disentanglement 'my runs/a'"),
        ({"factor_sizes": [], "classes": 10}, "metaprior judge probe 'my runs/a'"),
        ({"factor_sizes": [], "classes": 0}, "metaprior judge disentanglement 'my runs/a' --data DATA_WITH_FACTORS"),
    ],
)
def test_in_place_of_an_empty_table_stands_the_command_that_fills_it(spec: dict, command: str) -> None:
    empty = view(scores={}, folder=Path("my runs/a"), config=CONFIG | {"data_spec": spec})
    assert printed(score_table([empty])).split("\n") == ["No scores yet. To judge:", f"  {command}", ""]
    assert command in printed(score_table([view(), empty]))


def test_why_scores_have_no_value_is_said_once_for_all_that_lack_it() -> None:
    without = {name: {"value": None, "reason": "it is infinite"} for name in ("rate", "negative_elbo")}
    table = rows([view(scores={"rd": {"scores": without | {"distortion": {"value": 2.0}}}})])
    assert lacking(table) == ["No rate; negative ELBO: it is infinite."]


def test_a_run_that_was_judged_on_other_data_says_so() -> None:
    scores = {"probe": {"data": "mnist", "scores": {"ridge_accuracy": {"value": 0.5}}}}
    (line,) = seen([view("a", scores=scores)], ())
    assert line == "a, probe: judged on mnist, not on what it was trained on."
    assert seen([view("a", config=CONFIG | {"data": "mnist"}, scores=scores)], ()) == []
