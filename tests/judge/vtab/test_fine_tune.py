"""Fine-tuning: trials, a choice, a last training, one test; stopped anywhere and resumed, the same result."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from metaprior.core import Diverged, MetapriorError, Step
from metaprior.data.vtab.examples import Examples, Pictures
from metaprior.data.vtab.task import TaskData
from metaprior.judge.vtab.adapted import Adapted
from metaprior.judge.vtab.fine_tune import fine_tune
from metaprior.judge.vtab.recipes import FineTuning
from metaprior.judge.vtab.trial import Trial

TRIALS = (Trial(0.1, 32, 60, drops=(40,)), Trial(0.02, 32, 30, drops=(20,)), Trial(1e-6, 32, 10, drops=()))
RECIPE = FineTuning("three trials", "this test", TRIALS, clip=10.0)


def digits() -> TaskData:
    """scikit-learn's digits, 8 by 8 and grey: 160 train, 40 select, 300 test."""
    from sklearn.datasets import load_digits

    found = load_digits()
    order = np.random.default_rng(0).permutation(500)
    images = torch.from_numpy((found.images[order] * 15.9).astype(np.uint8))[:, None]
    pictures = Pictures("digits", [str(place) for place in order], lambda place: images[place])
    examples = Examples(pictures, found.target[order].astype(np.int64), 10)
    cuts = (range(160), range(160, 200), range(200, 500))
    return TaskData("digits", *(examples.take(cut) for cut in cuts), source="scikit-learn")


def images(examples: Examples) -> torch.Tensor:
    shown = torch.stack([examples.pictures[place] for place in range(len(examples))])
    return (shown.float() / 255).expand(-1, 3, -1, -1).contiguous()


def net(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.1)
    )


def tuned(folder: Path | None = None, recipe: FineTuning = RECIPE, **options: object) -> Adapted:
    return fine_tune(net(), 72, digits(), images, recipe, device="cpu", folder=folder, **options)  # type: ignore[arg-type]


def test_a_trial_is_chosen_and_the_last_training_tested() -> None:
    found = tuned()
    tried = found.details["trials"]
    accuracies = [each["accuracy"] for each in tried]
    assert found.val == max(accuracies) > 0.7
    assert accuracies[2] < 0.5
    best = accuracies.index(found.val)
    assert found.chosen["lr"] == TRIALS[best].lr
    assert found.chosen["steps"] == TRIALS[best].length
    assert found.value > 0.7
    assert found.n == 300
    assert found.se == pytest.approx((found.value * (1 - found.value) / 300) ** 0.5)


def test_of_equally_good_trials_the_smallest_rate_is_taken() -> None:
    equals = FineTuning("none of them learns", "this test", tuple(Trial(lr, 32, 3, drops=()) for lr in (1e-9, 1e-12)))
    assert tuned(recipe=equals).chosen["lr"] == 1e-12


def test_a_single_trial_is_not_tried_but_trained_on_all() -> None:
    found = tuned(recipe=replace(RECIPE, trials=TRIALS[:1]))
    assert found.details["trials"] == []
    assert found.val is None
    assert found.value > 0.7


def test_every_trial_begins_with_the_net_as_it_was_given() -> None:
    given = net()
    before = {name: value.clone() for name, value in given.state_dict().items()}
    found = fine_tune(given, 72, digits(), images, RECIPE, device="cpu")
    assert all(torch.equal(value, before[name]) for name, value in given.state_dict().items())
    turned = replace(RECIPE, trials=TRIALS[::-1])
    again = fine_tune(given, 72, digits(), images, turned, device="cpu")
    assert again.details["trials"] == found.details["trials"][::-1]
    assert again.value == found.value


def test_frozen_weights_are_trained_too() -> None:
    given = net().requires_grad_(False)
    assert fine_tune(given, 72, digits(), images, RECIPE, device="cpu") == tuned()
    assert not any(parameter.requires_grad for parameter in given.parameters())


def test_the_test_decides_nothing() -> None:
    data = digits()
    others = replace(data, test=Examples(data.test.pictures, np.zeros_like(data.test.labels), 10))
    one, other = (fine_tune(net(), 72, each, images, RECIPE, device="cpu") for each in (data, others))
    assert (one.chosen, one.val) == (other.chosen, other.val)
    assert one.value > other.value


def test_progress_counts_every_step_once() -> None:
    seen: list[tuple[int, int]] = []
    found = tuned(progress=lambda done, of: seen.append((done, of)))
    total = 60 + 30 + 10 + found.chosen["steps"]
    assert [done for done, _ in seen] == list(range(1, total + 1))
    assert seen[-1] == (total, total)


def test_training_may_see_other_images_than_tests() -> None:
    def enlarged(examples: Examples) -> torch.Tensor:
        return nn.functional.pad(images(examples), (1, 1, 1, 1))

    def crop(shown: torch.Tensor, step: Step) -> torch.Tensor:
        assert shown.shape[2:] == (10, 10)
        x, y = (step.rand("place", 2) * 0 + 1).long().tolist()
        return shown[:, :, y : y + 8, x : x + 8]

    assert tuned(enlarged=enlarged, augment=crop) == tuned()


def test_images_that_do_not_fit_are_made_when_they_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = tuned()
    monkeypatch.setattr("metaprior.judge.vtab.shown.HELD", 1000)
    assert tuned() == whole


@pytest.mark.parametrize("precision", ["bf16", "float64"])
def test_other_precisions_agree(precision: str) -> None:
    assert tuned(precision=precision).value == pytest.approx(tuned().value, abs=0.06)


def test_a_trial_that_diverges_is_not_chosen() -> None:
    wild = Trial(1e30, 32, 20, drops=())
    found = tuned(recipe=replace(RECIPE, trials=(wild, TRIALS[0]), clip=None))
    lost, sound = found.details["trials"]
    assert lost["accuracy"] is None
    assert "diverged" in lost["reason"] or "finite" in lost["reason"]
    assert found.val == sound["accuracy"]
    with pytest.raises(Diverged, match="all 2 trials diverged"):
        tuned(recipe=replace(RECIPE, trials=(wild, replace(wild, length=21)), clip=None))
    with pytest.raises(Diverged, match="the last training on digits"):
        tuned(recipe=replace(RECIPE, trials=(wild,), clip=None))


def test_what_a_folder_holds_is_not_trained_again(tmp_path: Path) -> None:
    found = tuned(tmp_path)
    seen: list[int] = []
    assert tuned(tmp_path, progress=lambda done, of: seen.append(done)) == found == tuned()
    assert not seen
    assert sorted(path.name for path in tmp_path.glob("*.json")) == [
        "final.json", "plan.json", "trial-0.json", "trial-1.json", "trial-2.json",
    ]  # fmt: skip
    assert [path.name for path in (tmp_path / "final").iterdir()] == ["metrics.jsonl"]
    (tmp_path / "trial-1.json").write_text('{"torn')
    (tmp_path / "final.json").unlink()
    assert tuned(tmp_path) == found


@pytest.mark.parametrize("other", [{"seed": 1}, {"recipe": replace(RECIPE, clip=9.0)}, {"precision": "bf16"}])
def test_a_folder_of_another_fine_tuning_is_refused(other: dict, tmp_path: Path) -> None:
    quick = replace(RECIPE, trials=TRIALS[2:])
    tuned(tmp_path, quick)
    with pytest.raises(MetapriorError, match=r"holds another fine-tuning \(of other (trials|seed|precision)"):
        tuned(tmp_path, **{"recipe": quick} | other)
    with pytest.raises(MetapriorError, match="of other net"):
        fine_tune(net(1), 72, digits(), images, quick, device="cpu", folder=tmp_path)


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    def meanwhile(done: int, of: int) -> None:
        with pytest.raises(MetapriorError, match="another process is training"):
            tuned(tmp_path)

    tuned(tmp_path, replace(RECIPE, trials=(Trial(0.1, 32, 1, drops=()),)), progress=meanwhile)


def test_a_recipe_for_few_examples_is_refused_for_many() -> None:
    with pytest.raises(MetapriorError, match="at most 199 training examples, and these are 200"):
        tuned(recipe=replace(RECIPE, most=199))


class Stopped(Exception):
    """Power fails."""


@pytest.mark.parametrize("at", [35, 62, 130])
def test_stopped_and_resumed_is_never_stopped(at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the first trial, in the second, in the last training."""
    due: list[int] = []
    monkeypatch.setattr("metaprior.training.loop.time_to_save", lambda *_: bool(due))

    def stop(done: int, of: int) -> None:
        if done == at:
            raise Stopped
        if done == at - 1:
            due.append(done)

    with pytest.raises(Stopped):
        tuned(tmp_path, progress=stop)
    seen: list[int] = []
    assert tuned(tmp_path, progress=lambda done, of: seen.append(done)) == tuned()
    assert seen[0] == at  # the checkpoint is of the step before


def test_killed_and_resumed_is_never_stopped(tmp_path: Path) -> None:
    here = "import tests.judge.vtab.test_fine_tune as here, pathlib, sys; here.slowly(pathlib.Path(sys.argv[1]))"
    process = subprocess.Popen([sys.executable, "-c", here, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "70\n"
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    assert json.loads((tmp_path / "trial-0.json").read_text())["accuracy"] == tuned().details["trials"][0]["accuracy"]
    assert not (tmp_path / "trial-1.json").exists()
    assert tuned(tmp_path) == tuned()


def slowly(folder: Path) -> None:
    """Fine-tune up to step 70, say so and wait to be killed."""
    torch.set_num_threads(1)

    def wait(done: int, of: int) -> None:
        if done == 70:
            os.write(1, b"70\n")
            signal.pause()

    tuned(folder, progress=wait)
