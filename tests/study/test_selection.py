"""Selection: known rankings; which labels are looked at; what is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metaprior.core import MetapriorError
from metaprior.data import few_labels
from metaprior.data import load as load_data
from metaprior.judge import Score
from metaprior.study import Candidate, Experiment, Labels, select, train
from metaprior.study.selection import distinct, labels_held_out, refuse_other_data, refuse_other_losses, rows_in_common
from tests.study.cohorts import SMALL, WORLD, experiment


def test_held_out_labels_rank_runs_by_what_they_have_learned(runs: list[Path]) -> None:
    selection = select(runs, "supervised")
    assert selection.candidates[-1].run == runs[2]
    assert selection.best in runs[:2]
    assert not selection.larger_is_better
    values = [each.value for each in selection.candidates]
    assert values == sorted(values)  # type: ignore[type-var]
    assert selection.to_json()["labels"] == {"count": 40, "seed": 0, "labeller": "perfect", "shown": 10}


def test_a_metric_on_labels_shows_the_same_to_all_and_what_chance_gives(runs: list[Path]) -> None:
    first = select(runs, "mig", labels=Labels(60, seed=4))
    again = select(list(reversed(runs)), "mig", labels=Labels(60, seed=4))
    other = select(runs, "mig", labels=Labels(60, seed=5))
    assert {each.run: each.value for each in first.candidates} == {each.run: each.value for each in again.candidates}
    assert {each.run: each.value for each in first.candidates} != {each.run: each.value for each in other.candidates}
    assert first.to_json()["labels"] == {"count": 60, "seed": 4, "labeller": "perfect", "shown": 60}
    assert all(isinstance(each["chance"], float) for each in first.to_json()["candidates"])


def test_data_are_loaded_and_labels_drawn_once_for_all_runs(runs: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []

    def counted(name: str, function: Any) -> Any:
        return lambda *given: called.append(name) or function(*given)

    monkeypatch.setattr("metaprior.study.selection.load_data", counted("load", load_data))
    monkeypatch.setattr("metaprior.study.selection.few_labels", counted("draw", few_labels))
    for by, labels in (("mig", Labels(60, seed=4)), ("supervised", None)):
        select(runs, by, labels=labels)
        assert called == ["load", "draw"]
        called.clear()


def test_held_out_labels_are_those_after_the_ones_that_trained() -> None:
    world = load_data(WORLD)
    drawn = few_labels(world, 30, seed=2)
    held = Labels(30, seed=2, trained=0.9).draw(world)
    assert held.factors.tolist() == drawn.factors[27:].tolist()  # type: ignore[union-attr]
    with pytest.raises(MetapriorError, match=r"a share of 0\.9 of 5 labels holds none out"):
        Labels(5, trained=0.9).draw(world)


def test_a_metric_looks_at_no_labels_that_trained(runs: list[Path]) -> None:
    said = (
        r"a learned from labels of seed 0, and a metric must look at others.* --labels 40 --label-share 0\.75 to look"
    )
    for labels in (None, Labels(40), Labels(60), Labels(40, labeller="noisy"), Labels(40, trained=0.5)):
        with pytest.raises(MetapriorError, match=said):
            select(runs, "mig", labels=labels)
    assert select(runs[:1], "mig", labels=Labels(40, trained=0.75)).to_json()["labels"]["shown"] == 10
    assert select(runs[:1], "mig", labels=Labels(40, seed=1)).to_json()["labels"]["shown"] == 40


def test_data_are_the_same_however_their_options_are_written(runs: list[Path]) -> None:
    name, _, options = WORLD.partition(":")
    turned = f"{name}:{','.join(reversed(options.split(',')))}"
    assert turned != WORLD
    with pytest.raises(MetapriorError, match="a learned from labels of seed 0, and a metric must look at others"):
        select(runs, "mig", labels=Labels(40), data=turned)
    assert len(select(runs, "supervised", data=turned).candidates) == len(runs)
    refuse_other_data({Path("a"): WORLD, Path("b"): turned})


def test_rows_of_a_data_set_that_trained_are_not_looked_at_under_another_seed_either(tmp_path: Path) -> None:
    data = "digits:size=16"
    run = train("s2-beta-vae", data=data, labels=1000, method=SMALL, steps=1, out=tmp_path / "d", progress=False).folder
    rows = [np.random.RandomState(seed).permutation(len(load_data(data)))[:n] for seed, n in ((0, 1000), (1, 400))]
    both = len(np.intersect1d(*rows))
    with pytest.raises(MetapriorError, match=f"{both} of the 400 labels of seed 1 trained"):
        select([run], "mig", labels=Labels(400, seed=1))
    plan = replace(experiment("s2-beta-vae", labels=1000, label_share=0.5), data=data)
    assert rows_in_common(plan, Labels(400, seed=1), load_data(data)) == len(np.intersect1d(rows[0][:500], rows[1]))
    held = Labels(400, seed=1, trained=0.75)
    assert rows_in_common(plan, held, load_data(data)) == len(np.intersect1d(rows[0][:500], rows[1][300:]))


def test_a_run_that_held_out_nothing_has_no_value_and_comes_last(runs: list[Path], tmp_path: Path) -> None:
    whole = train("s2-beta-vae", data=WORLD, labels=10, method=SMALL, steps=1, out=tmp_path / "w", progress=False)
    plain = train("vae", data=WORLD, method=SMALL, steps=1, out=tmp_path / "v", progress=False)
    selection = select([whole.folder, plain.folder, *runs], "supervised")
    reasons = {each.run: each.reason for each in selection.candidates[-2:]}
    assert "label-share" in (reasons[whole.folder] or "")
    assert reasons[plain.folder] == "its method has no supervised loss"
    with pytest.raises(MetapriorError, match="no run has a value of 'supervised'"):
        _ = select([whole.folder], "supervised").best


def test_a_value_that_is_not_finite_is_none() -> None:
    found = Candidate.scored(Path("x"), Score(float("nan"), 10, 0, "held-out labels"))
    assert (found.value, found.reason) == (None, "its value is nan")


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "none": ({"runs": []}, "no runs to select from"),
    "criterion": ({"by": "migg"}, "unknown criterion 'migg'; did you mean 'mig'"),
    "labels that no one looks at": ({"by": "negative_elbo", "labels": Labels(3)}, "looks at no labelled set"),
    "labels where runs have their own": ({"by": "supervised", "labels": Labels(3)}, "looks at no labelled set"),
    "held-out labels of other data": ({"by": "supervised", "data": "digits"}, "leave --data out"),
    "labeller": (
        {"labels": Labels(30, seed=1, labeller="niosy")},  # type: ignore[arg-type]
        "unknown labeller 'niosy'; did you mean 'noisy'",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_named(mistake: str, runs: list[Path]) -> None:
    options, said = MISTAKES[mistake]
    with pytest.raises(MetapriorError, match=said):
        select(**{"runs": runs, "by": "mig"} | options)  # type: ignore[arg-type]


def test_a_run_is_not_given_twice_under_whatever_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a").mkdir()
    Path("link").symlink_to("a")
    assert distinct(["a", "b", Path("c")]) == [Path("a"), Path("b"), Path("c")]
    for again, said in (
        ("a", "a is given twice$"),
        (str(tmp_path / "a"), "a is given twice, also as a$"),
        ("b/../a", "a is given twice, also as a$"),
        ("link", "link is given twice, also as a$"),
    ):
        with pytest.raises(MetapriorError, match=said):
            distinct(["a", "b", again])


def test_runs_on_different_data_are_compared_on_data_that_are_named(runs: list[Path], tmp_path: Path) -> None:
    other = train("vae", data="digits:size=16", method=SMALL, steps=1, out=tmp_path / "d", progress=False).folder
    with pytest.raises(MetapriorError, match=r"was trained on dsprites\S+ and \S+ on digits:size=16; say with --data"):
        select([runs[0], other], "negative_elbo")
    assert len(select([runs[0], other], "negative_elbo", data=WORLD).candidates) == 2
    refuse_other_data({Path("a"): WORLD, Path("b"): WORLD})


def of_loss(loss: str) -> Experiment:
    plan = experiment("s2-beta-vae", labels=40, label_share=0.9)
    supervision = replace(plan.method.supervision, loss=loss)  # type: ignore[attr-defined]
    return replace(plan, method=replace(plan.method, supervision=supervision))  # type: ignore[type-var]


def test_different_supervised_losses_do_not_compare() -> None:
    refuse_other_losses({Path("a"): of_loss("l2"), Path("b"): of_loss("l2"), Path("c"): experiment("vae")})
    with pytest.raises(MetapriorError, match="different supervised losses"):
        labels_held_out({Path("a"): of_loss("l2"), Path("b"): of_loss("xent")})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"labels": 50}, "--labels 40 and b with 50"),
        ({"label_seed": 3}, "--label-seed 0 and b with 3"),
        ({"labeller": "binned"}, "--labeller perfect and b with binned"),
        ({"label_share": 0.8}, r"--label-share 0\.9 and b with 0\.8"),
    ],
)
def test_losses_on_different_held_out_labels_do_not_compare(change: dict[str, Any], said: str) -> None:
    plan = of_loss("xent")
    assert labels_held_out({Path("a"): plan, Path("b"): plan}) == Labels(40, trained=0.9)
    assert labels_held_out({}) is None
    with pytest.raises(MetapriorError, match=f"a was trained with {said}: losses on different"):
        labels_held_out({Path("a"): plan, Path("b"): replace(plan, **change)})
