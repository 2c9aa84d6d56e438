import copy

from metaprior.report.beside import comparisons, names_beside, others, same_originals
from metaprior.report.gallery import galleries
from metaprior.report.tables import heat_map
from metaprior.report.words import facts_beside
from tests.report.views import CONFIG, SCORES, view


def compared(*runs):
    maps = [heat_map(run, "mutual_information") for run in runs]
    pictures = galleries(runs, maps)
    return comparisons(pictures, maps), pictures


def with_information(values, columns=("row", "column_of_it")):
    scores = copy.deepcopy(SCORES)
    scores["disentanglement"]["tables"]["mutual_information"] |= {"values": values, "columns": list(columns)}
    return scores


def test_runs_go_by_their_labels_or_where_these_do_not_tell_them_apart_by_their_names() -> None:
    other = view("b", config=CONFIG | {"labels": 20})
    assert names_beside([view("a"), other]) == [("S2-β-VAE", "100 labels"), ("S2-β-VAE", "20 labels")]
    assert names_beside([view("a"), view("b")]) == [("S2-β-VAE", "a"), ("S2-β-VAE", "b")]


def test_runs_of_one_method_go_by_the_choices_in_which_they_differ() -> None:
    weak, strong = (view("a", config=CONFIG | {"method": {"beta": beta, "latent_dim": 10}}) for beta in (1.0, 4.0))
    assert names_beside([weak, strong]) == [
        ("S2-β-VAE (beta 1)", "100 labels"),
        ("S2-β-VAE (beta 4)", "100 labels"),
    ]
    assert facts_beside([weak, strong])[1][0][0] == "beta 1"


def test_each_factor_has_the_code_of_each_run_that_has_most_information_of_it() -> None:
    swapped = view("b", scores=with_information([[0.5, 0.1], [0.6, 0.0], [0.2, 1.0]]))
    found, pictures = compared(view("a"), swapped)
    assert [each.name for each in found] == ["row", "column of it"]
    codes = [[one.strip.code for one in each.counterparts] for each in found]
    assert codes == [["z2", "z1"], ["z1", "z2"]]
    assert [one.nats for one in found[0].counterparts] == [1.29, 0.6]
    assert [strip.code for strip in others(pictures[0], found, 0)] == ["z0"]


def test_a_code_that_hardly_tells_the_factor_is_said_not_to() -> None:
    scores = with_information([[0.0, 0.0], [0.0, 0.01], [1.0, 0.0]])
    scores["disentanglement"]["scores"]["mig"]["entropy"] = [1.4, 1.4]
    found, _ = compared(view("a"), view("b", scores=scores))
    assert [each.counterparts[1].told for each in found] == [True, False]


def test_a_factor_that_is_constant_in_the_data_is_not_compared() -> None:
    scores = with_information([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    found, _ = compared(view("a", scores=scores), view("b", scores=scores))
    assert [each.name for each in found] == ["row"]


def test_runs_that_were_judged_by_other_factors_or_not_at_all_are_not_compared_by_factor() -> None:
    renamed = with_information([[0.1, 0.1]] * 3, ("row", "colour"))
    for other in (view("b", scores={}), view("b", scores=renamed), view("b", model=None)):
        assert compared(view("a"), other)[0] == []


def test_originals_are_shown_once_where_all_runs_have_the_same() -> None:
    assert same_originals(compared(view("a"), view("b"))[1])
    assert not same_originals(compared(view("a"), view("b", images=1 - view().images))[1])
    assert not same_originals(compared(view("a", model=None))[1])
