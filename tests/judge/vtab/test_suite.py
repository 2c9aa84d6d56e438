"""A model on the tasks of a suite: kept scores, missing tasks, several seeds, interruptions."""

import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from metaprior.core import MetapriorError
from metaprior.data.vtab.examples import Examples
from metaprior.data.vtab.presets import PRESETS
from metaprior.data.vtab.task import MissingTask, Setting, Task, TaskData
from metaprior.judge.vtab import FROZEN, Adapted, Encoder, Place, SuiteScores, Way, judge_suite, judge_task, of_callable
from metaprior.judge.vtab.recipes import FINE_TUNING, FineTuning
from metaprior.judge.vtab.suite import Told
from metaprior.judge.vtab.trial import Trial
from tests.judge.vtab import pictures
from tests.judge.vtab.pictures import ABSENT, CLASSES, COLOURS, coloured, mean_colour

RIDGE = Way("ridge", PRESETS["native"])
TASKS = {"colours": COLOURS, "absent": ABSENT}


class Colours(nn.Module):
    """Mean colours by a layer, and how many pictures were shown."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.layer = nn.Linear(3, 4)
        self.shown = 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.shown += len(images)
        return self.layer(mean_colour(images))


def encoder(seed: int = 0, name: str = "colours") -> Encoder:
    return of_callable(Colours(seed), name, size=8)


def place(folder: Path) -> Place:
    return Place(folder / "data", folder / "out", folder / "features")


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The seeds of the adaptations that are computed, by protocols that do nothing else."""
    computed: list[int] = []

    def fit(features: Any, seed: int) -> Adapted:
        computed.append(seed)
        return Adapted((0.5, 0.7, 0.9)[seed % 3], 0.1, 30, {"strength": 1.0}, 0.25 * (seed + 1), {"unseen_classes": 1})

    for name in ("ridge", "knn"):
        monkeypatch.setitem(FROZEN, name, fit)
    return computed


def test_a_kept_score_is_read_and_not_computed_again(fits: list[int], tmp_path: Path) -> None:
    first = judge_task(encoder(), COLOURS, RIDGE, place(tmp_path))
    again = judge_task(encoder(), COLOURS, RIDGE, place(tmp_path))
    assert fits == [0]
    assert again == first
    assert (tmp_path / "out" / "tasks" / "colours.json").is_file()


def relabelled(folder: Path, setting: Setting) -> TaskData:
    data = pictures.load(folder, setting)
    return replace(data, test=Examples(data.test.pictures, (data.test.labels + 1) % CLASSES, CLASSES))


def repictured(folder: Path, setting: Setting) -> TaskData:
    return replace(pictures.load(folder, setting), val=coloured("c", 9, 5))


def repainted(folder: Path, setting: Setting) -> TaskData:
    data = pictures.load(folder, setting)
    other = replace(data.val.pictures, read=lambda i: data.val.pictures[i] // 2)
    return replace(data, val=Examples(other, data.val.labels, CLASSES))


OTHERS: dict[str, tuple[Encoder, Task, Way]] = {
    "weights": (encoder(1), COLOURS, RIDGE),
    "name": (encoder(name="another"), COLOURS, RIDGE),
    "preset": (encoder(), COLOURS, replace(RIDGE, preset=PRESETS["peft"])),
    "seed": (encoder(), COLOURS, replace(RIDGE, seeds=(1,))),
    "protocol": (encoder(), COLOURS, replace(RIDGE, protocol="knn")),
    "setting": (encoder(), COLOURS, replace(RIDGE, setting="full")),
    "precision": (encoder(), COLOURS, replace(RIDGE, precision="bf16")),
    "labels": (encoder(), replace(COLOURS, load=relabelled), RIDGE),
    "pictures": (encoder(), replace(COLOURS, load=repictured), RIDGE),
    "pictures of the same names": (encoder(), replace(COLOURS, load=repainted), RIDGE),
}


@pytest.mark.parametrize("other", OTHERS)
def test_the_score_of_anything_else_is_computed(other: str, fits: list[int], tmp_path: Path) -> None:
    judge_task(encoder(), COLOURS, RIDGE, place(tmp_path))
    judge_task(*OTHERS[other], place(tmp_path))
    assert len(fits) == 2


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '"text"', "null", '{"asked": {}}', '{"asked": ASKED}', '{"asked": ASKED, "score": []}']
)
def test_a_damaged_score_is_computed_again(damage: str, fits: list[int], tmp_path: Path) -> None:
    first = judge_task(encoder(), COLOURS, RIDGE, place(tmp_path))
    file = tmp_path / "out" / "tasks" / "colours.json"
    file.write_text(damage.replace("ASKED", json.dumps(json.loads(file.read_text())["asked"])))
    again = judge_task(encoder(), COLOURS, RIDGE, place(tmp_path))
    assert fits == [0, 0]
    assert again.value == first.value
    assert judge_task(encoder(), COLOURS, RIDGE, place(tmp_path)) == again
    assert fits == [0, 0]


@pytest.mark.parametrize("change", [{"value": 0.99}, {"value": "half"}, {"se": "x"}, {"n": "abc"}, {"grop": "x"}])
def test_a_score_that_was_altered_is_computed_again(change: dict, fits: list[int], tmp_path: Path) -> None:
    first = judge_task(encoder(), COLOURS, RIDGE, place(tmp_path))
    file = tmp_path / "out" / "tasks" / "colours.json"
    kept = json.loads(file.read_text())
    kept["score"] |= change
    file.write_text(json.dumps(kept))
    again = judge_task(encoder(), COLOURS, RIDGE, place(tmp_path))
    assert (again.value, again.se, again.n) == (first.value, first.se, first.n)
    assert fits == [0, 0]


def test_features_of_pictures_that_were_replaced_are_taken_again(tmp_path: Path) -> None:
    one = encoder()
    judge_task(one, COLOURS, RIDGE, place(tmp_path))
    assert isinstance(one.net, Colours)
    before = one.net.shown
    judge_task(one, replace(COLOURS, load=repainted), RIDGE, place(tmp_path))
    assert one.net.shown == before + 9


def test_plain_functions_are_not_kept(fits: list[int], tmp_path: Path) -> None:
    for _ in range(2):
        judge_task(of_callable(mean_colour, "mean", size=8), COLOURS, RIDGE, place(tmp_path))
    assert fits == [0, 0]
    assert not list(tmp_path.iterdir())


def test_data_are_told_to_be_missing_and_are_an_error_for_a_task_that_was_named(tmp_path: Path) -> None:
    found = judge_suite(encoder(), "mine", TASKS, RIDGE, place(tmp_path))
    assert (set(found.scores), found.missing) == ({"colours"}, {"absent": "fetch it"})
    with pytest.raises(MissingTask, match="fetch it"):
        judge_suite(encoder(), "mine", TASKS, RIDGE, place(tmp_path), ["colours", "absent"])
    with pytest.raises(MetapriorError, match="unknown task of mine 'colour'; did you mean 'colours'"):
        judge_suite(encoder(), "mine", TASKS, RIDGE, place(tmp_path), ["colour"])


def test_examples_have_the_classes_of_their_task(tmp_path: Path) -> None:
    with pytest.raises(MetapriorError, match="colours has 4 classes, and its examples have 3"):
        judge_task(encoder(), replace(COLOURS, classes=CLASSES + 1), RIDGE, place(tmp_path))


def test_only_the_named_tasks_are_judged(tmp_path: Path) -> None:
    found = judge_suite(encoder(), "mine", TASKS, RIDGE, place(tmp_path), ["colours"])
    assert (set(found.scores), found.missing, found.mean_tasks.k, found.mean_tasks.of) == ({"colours"}, {}, 1, 2)


def test_an_encoder_that_does_not_fit_is_told_before_a_task_is_loaded(tmp_path: Path) -> None:
    def never(folder: Path, setting: Setting) -> TaskData:
        raise AssertionError

    wrong = of_callable(nn.Linear(7, 2), "wrong", size=8)
    with pytest.raises(MetapriorError, match="wrong cannot be shown the pictures of 8 px"):
        judge_suite(wrong, "mine", {"colours": replace(COLOURS, load=never)}, RIDGE, place(tmp_path))


def test_of_several_seeds_the_mean_is_told_with_its_error(fits: list[int], tmp_path: Path) -> None:
    score = judge_task(encoder(), COLOURS, replace(RIDGE, seeds=(2, 0, 1)), place(tmp_path))
    assert fits == [2, 0, 1]
    assert score.value == pytest.approx(0.7)
    assert score.se == pytest.approx(np.std([0.5, 0.7, 0.9], ddof=1) / 3**0.5)
    assert (score.seed, score.n) == (2, 30)
    told = score.to_json()
    assert (told["seeds"], told["values"], told["median"]) == ([2, 0, 1], [0.9, 0.5, 0.7], 0.7)
    assert told["val"] == pytest.approx(0.5)


def test_seeds_that_change_nothing_do_not_make_the_error_zero(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FROZEN, "ridge", lambda features, seed: Adapted(0.5, 0.1, 30, {}, 0.5, {}))
    score = judge_task(encoder(), COLOURS, replace(RIDGE, seeds=(0, 1, 2)), place(tmp_path))
    assert (score.value, score.se) == (0.5, 0.1)


def test_a_recipe_of_other_trials_is_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    way, found = replace(RIDGE, protocol="vit-g"), []
    for steps in (5, 6):
        recipe = FineTuning("one trial", "this test", (Trial(0.1, 8, steps, drops=()),))
        monkeypatch.setitem(FINE_TUNING, "vit-g", recipe)
        found.append(judge_task(encoder(), COLOURS, way, place(tmp_path)).details["chosen"]["steps"])
    assert found == [5, 6]


def test_the_score_of_a_net_that_was_trained_since_is_computed(fits: list[int], tmp_path: Path) -> None:
    one = encoder()
    judge_task(one, COLOURS, RIDGE, place(tmp_path))
    with torch.no_grad():
        next(one.net.parameters()).zero_()
    judge_task(one, COLOURS, RIDGE, place(tmp_path))
    assert fits == [0, 0]


def test_what_is_told_of_the_input_is_what_is_shown(fits: list[int], tmp_path: Path) -> None:
    one = of_callable(Colours(), "colours", size=8, mean=(0.1,) * 3)
    for preset, mean in (("native", [0.1, 0.1, 0.1]), ("peft", [0.485, 0.456, 0.406])):
        found = judge_suite(one, "mine", {"c": COLOURS}, replace(RIDGE, preset=PRESETS[preset]), place(tmp_path))
        assert found.encoder["input"]["mean"] == mean


def test_a_device_is_found_or_told_to_be_missing(tmp_path: Path) -> None:
    assert replace(place(tmp_path), device="auto").device in ("cpu", "cuda:0")
    with pytest.raises(MetapriorError, match="device 'cud' is not usable here"):
        replace(place(tmp_path), device="cud")


def test_of_one_seed_the_error_is_the_protocols(fits: list[int], tmp_path: Path) -> None:
    score = judge_task(encoder(), COLOURS, replace(RIDGE, seeds=(1,)), place(tmp_path))
    assert (score.value, score.se, score.seed) == (0.7, 0.1, 1)
    assert {"seeds", "values", "median"}.isdisjoint(score.details)


def test_what_a_reader_must_know_stands_by_the_score(fits: list[int], tmp_path: Path) -> None:
    told = judge_task(encoder(), COLOURS, RIDGE, place(tmp_path)).to_json()
    about = {"group": "natural", "chosen": {"strength": 1.0}, "unseen_classes": 1, "source": "made"}
    assert about.items() <= told.items()
    assert told["caveat"] == "not real"
    assert "fit to 24, select on 9, refit to 33, test once" in told["protocol"]
    assert "ridge, native" in told["protocol"]


def test_the_majority_is_that_of_the_training_examples(fits: list[int], tmp_path: Path) -> None:
    """Class 2 is the commonest in training; of the test it is a tenth, though another class fills the rest."""

    def load(folder: Path, setting: Setting) -> TaskData:
        train, val, test = (np.array(labels) for labels in ([2, 2, 2, 0], [0, 2], [0] * 9 + [2]))
        examples = [Examples(coloured("m", len(y), i).pictures, y, 3) for i, y in enumerate((train, val, test))]
        return TaskData("colours", *examples, source="made")

    assert judge_task(encoder(), replace(COLOURS, load=load), RIDGE, place(tmp_path)).details["majority"] == 0.1


def test_colours_are_told_apart_by_their_means(tmp_path: Path) -> None:
    """Not a protocol of this test: the real one, on pictures whose mean colour tells the class."""
    score = judge_task(encoder(), COLOURS, RIDGE, place(tmp_path))
    assert (score.value, score.se, score.n) == (1.0, 0.0, 30)


@pytest.mark.parametrize("seeds", [(), (0, 0), (1, 0, 1)])
def test_seeds_are_different_and_at_least_one(seeds: tuple[int, ...]) -> None:
    with pytest.raises(MetapriorError, match="seeds must be different integers, and at least one"):
        replace(RIDGE, seeds=seeds)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"setting": "2k"}, "unknown setting '2k'; did you mean '1k'"),
        ({"precision": "fp8"}, "unknown precision 'fp8'"),
        ({"seeds": (0.5,)}, "seeds must be different integers"),
    ],
)
def test_a_way_that_is_none_is_refused(other: dict, said: str) -> None:
    with pytest.raises(MetapriorError, match=said):
        replace(RIDGE, **other)


def test_an_unknown_protocol_is_refused() -> None:
    with pytest.raises(MetapriorError, match="did you mean 'ridge'"):
        replace(RIDGE, protocol="rigde")


def test_what_is_done_is_told(tmp_path: Path) -> None:
    told: list[tuple[str, str, int, int]] = []
    judge_suite(encoder(), "mine", TASKS, RIDGE, place(tmp_path), told=lambda *each: told.append(each))
    assert list(dict.fromkeys(each[1] for each in told)) == ["reading pictures", "features"]
    assert (63, 63) in {each[2:] for each in told if each[1] == "reading pictures"}
    assert (24, 24) in {each[2:] for each in told}
    assert told[-1][2:] == (30, 30)


def steps_into(seen: list[int]) -> Told:
    """Collect the steps of training that are told."""
    return lambda task, what, done, of: seen.append(done) if what == "steps of training" else None


def named(name: str, group: str) -> Task:
    def load(folder: Path, setting: Setting) -> TaskData:
        return replace(pictures.load(folder, setting), name=name)

    return replace(COLOURS, name=name, group=group, load=load)  # type: ignore[arg-type]


def test_interrupted_between_tasks_nothing_is_lost(fits: list[int], tmp_path: Path) -> None:
    tasks = {name: named(name, "natural") for name in ("a", "b", "c")}

    def stop(folder: Path, setting: Setting) -> TaskData:
        raise KeyboardInterrupt

    broken = tasks | {"c": replace(tasks["c"], load=stop)}
    with pytest.raises(KeyboardInterrupt):
        judge_suite(encoder(), "mine", broken, RIDGE, place(tmp_path))
    assert len(fits) == 2
    found = judge_suite(encoder(), "mine", tasks, RIDGE, place(tmp_path))
    assert len(fits) == 3
    assert isinstance(found, SuiteScores)
    assert set(found.scores) == {"a", "b", "c"}


def test_tasks_of_the_same_pictures_share_their_features(tmp_path: Path) -> None:
    one = encoder()
    tasks = {name: named(name, "natural") for name in ("a", "b")}
    judge_suite(one, "mine", tasks, RIDGE, place(tmp_path))
    assert isinstance(one.net, Colours)
    assert one.net.shown == 2 + 24 + 9 + 30


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_stopped_in_the_midst_of_fine_tuning_and_called_again_it_is_never_stopped(
    seeds: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trials = (Trial(0.1, 8, 30, drops=(20,)), Trial(0.01, 8, 20, drops=()))
    monkeypatch.setitem(FINE_TUNING, "lightweight/100", FineTuning("two trials", "this test", trials))
    way = replace(RIDGE, protocol="lightweight/100", seeds=seeds)
    whole = judge_task(encoder(), COLOURS, way, place(tmp_path / "whole"))
    stopped: list[int] = []

    def interrupt(task: str, what: str, done: int, of: int) -> None:
        if (what, done) == ("steps of training", 37) and len(stopped) < len(seeds):
            stopped.append(done)
            os.kill(os.getpid(), signal.SIGINT)

    for _ in seeds:
        with pytest.raises(KeyboardInterrupt):
            judge_task(encoder(), COLOURS, way, place(tmp_path / "again"), interrupt)
    seen: list[int] = []
    again = judge_task(encoder(), COLOURS, way, place(tmp_path / "again"), steps_into(seen))
    assert seen[0] == 38
    without_time = [{k: v for k, v in score.to_json().items() if k != "seconds"} for score in (whole, again)]
    assert without_time[0] == without_time[1]


def test_more_seeds_go_on_from_those_that_were_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FINE_TUNING, "vit-g", FineTuning("one trial", "this test", (Trial(0.1, 8, 5, drops=()),)))
    way = replace(RIDGE, protocol="vit-g")
    first = judge_task(encoder(), COLOURS, way, place(tmp_path))
    seen: list[int] = []
    both = judge_task(encoder(), COLOURS, replace(way, seeds=(0, 1)), place(tmp_path), steps_into(seen))
    assert seen == [1, 2, 3, 4, 5]
    assert both.details["values"][0] == first.value


def test_a_fine_tuned_function_without_weights_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FINE_TUNING, "vit-g", FineTuning("one trial", "this test", (Trial(1.0, 8, 60, drops=()),)))
    way = replace(RIDGE, protocol="vit-g")
    score = judge_task(of_callable(mean_colour, "mean", size=8), COLOURS, way, place(tmp_path))
    assert score.value is not None
    assert score.value > 0.9
    assert not list(tmp_path.iterdir())
