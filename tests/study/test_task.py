"""What is asked of a model beside its metrics: a classifier's figures on both parts, clusters, tasks to adapt to."""

from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from metaprior.core import MetapriorError
from metaprior.data import Dataset, load
from metaprior.data.vtab import DESK
from metaprior.judge import PROTOCOLS
from metaprior.study import Judging, study_of, vtab_of_run
from metaprior.study import load as load_model
from metaprior.study.grid import product, values
from metaprior.study.task import answers, asked_of, run_task
from tests.judge.vtab import pictures
from tests.study.tiny import COMMON, JUDGING

ASKED = Judging(metrics=("mig",), validation=(), rate_distortion=True, clusters=True)
DIGITS = product(
    values("data", "digits"), values("loop.steps", 20), values("loop.threads", 1), values("method.nets", "mlp"),
    values("method.hidden", 16), values("method.latent_dim", 3),
)  # fmt: skip


def only(*grids: tuple):
    (task,) = study_of("one", {"all": product(*grids)}).tasks.values()
    return task


def by_name(result):
    return {each["score"]: each for each in result["scores"] if each.get("representation") == "mean"}


@pytest.fixture(scope="module")
def vib(tmp_path_factory):
    """A bottleneck of digits, which classifies them and decodes nothing."""
    folder = tmp_path_factory.mktemp("runs")
    task = only(DIGITS, values("recipe", "vib"))
    return folder / task.id, by_name(run_task(task, folder, ASKED))


def test_a_classifier_is_judged_on_unseen_labels_and_on_its_own(vib):
    folder, found = vib
    model: Any = load_model(folder)
    for part, after in (("test", ""), ("train", "_train")):
        data = load("digits", part)
        assert isinstance(data, Dataset)
        assert data.labels is not None
        logits = model.classify(data.gather(torch.arange(len(data))).images)
        right = (logits.argmax(dim=1) == data.labels).float().mean().item()
        assert found[f"classifier_accuracy{after}"]["value"] == pytest.approx(right, abs=1e-6)
        cost = F.cross_entropy(logits, data.labels).item()
        assert found[f"classifier_loss{after}"]["value"] == pytest.approx(cost, abs=1e-5)
    assert found["rate"]["value"] > 0
    assert found["distortion"]["value"] is None


def test_codes_without_a_rate_lose_their_model_no_other_score(tmp_path):
    task = only(DIGITS, values("recipe", "information-dropout"), values("method.code", "relu"))
    found = by_name(run_task(task, tmp_path, ASKED))
    assert found["rate"]["value"] is None
    assert "known up to a constant" in found["rate"]["reason"]
    assert found["classifier_accuracy"]["value"] > 0
    assert found["ari"]["value"] is not None


def test_clusters_of_codes_are_judged_by_the_labels_of_the_part_to_test_on(vib):
    folder, found = vib
    assert set(PROTOCOLS["clusters"].scores) < set(found)
    assert found["cluster_accuracy_pixels"]["value"] == pytest.approx(0.73, abs=0.05)
    assert 0 < found["ari"]["value"] < 1
    assert (folder / "scores" / "clusters.json").exists()


def test_without_labels_there_are_no_clusters_to_judge(tmp_path):
    task = only(COMMON, values("recipe", "beta-vae"))
    found = by_name(run_task(task, tmp_path, replace(JUDGING, clusters=True)))
    assert found["purity"]["value"] is None
    assert found["purity"]["reason"] == "the data have no labels"
    assert found["mig"]["value"] is not None


def test_results_of_before_there_were_clusters_answer_who_does_not_ask_for_them():
    task = only(COMMON, values("recipe", "beta-vae"))
    before = asked_of(task, JUDGING)
    assert "clusters" not in before["judging"]
    assert answers(before, task, JUDGING)
    assert not answers(before, task, replace(JUDGING, clusters=True))
    assert not answers(asked_of(task, replace(JUDGING, clusters=True)), task, JUDGING)


LOCATION = "standin/dsprites-location"
ADAPTED: Any = {"vtab": ("few-shot-1", "ridge"), "vtab_tasks": (LOCATION,)}


def test_results_of_before_there_were_adaptations_answer_who_does_not_ask_for_them():
    task = only(COMMON, values("recipe", "beta-vae"))
    before = asked_of(task, JUDGING)
    assert {"vtab", "vtab_tasks"}.isdisjoint(before["judging"])
    assert answers(before, task, replace(JUDGING, vtab=(), vtab_tasks=()))
    asked = asked_of(task, replace(JUDGING, **ADAPTED))
    assert (asked["judging"]["vtab"], asked["judging"]["vtab_tasks"]) == (["few-shot-1", "ridge"], [LOCATION])
    assert not answers(before, task, replace(JUDGING, **ADAPTED))
    assert not answers(asked, task, JUDGING)


def test_an_id_does_not_depend_on_what_is_asked():
    grid = product(COMMON, values("recipe", "beta-vae"))
    plain, adapted = (study_of("one", {"all": grid}, each) for each in (JUDGING, replace(JUDGING, **ADAPTED)))
    assert list(plain.tasks) == list(adapted.tasks)


def test_an_encoder_is_adapted_to_tasks_and_leaves_nothing_of_it(tmp_path, monkeypatch):
    small = replace(pictures.COLOURS, name=LOCATION, load=lambda *_: replace(pictures.load(*_), name=LOCATION))
    monkeypatch.setitem(DESK, LOCATION, small)
    task = only(DIGITS, values("recipe", "vae"))
    result = run_task(task, tmp_path, Judging(metrics=(), validation=(), **ADAPTED))
    rows = {each["score"]: each for each in result["scores"] if each["score"].startswith("vtab")}
    assert list(rows) == ["vtab.few-shot-1.dsprites-location", "vtab.ridge.dsprites-location"]
    assert all(each["kind"] == "test" and each["representation"] == "mean" for each in rows.values())
    assert not (tmp_path / task.id / "vtab").exists()
    kept = vtab_of_run(tmp_path / task.id, "vtab-desk", "ridge", [LOCATION])
    assert kept.scores[LOCATION].value == rows["vtab.ridge.dsprites-location"]["value"]
    assert kept.encoder["way"]["preset"]["name"] == "native"
    assert (tmp_path / task.id / "vtab" / "ridge" / "tasks" / "standin-dsprites-location.json").is_file()


def test_a_task_that_was_asked_for_is_not_passed_over(tmp_path, monkeypatch):
    monkeypatch.setitem(DESK, LOCATION, replace(pictures.ABSENT, name=LOCATION))
    task = only(DIGITS, values("recipe", "vae"))
    with pytest.raises(MetapriorError, match="fetch it"):
        run_task(task, tmp_path, Judging(metrics=(), validation=(), **ADAPTED))
