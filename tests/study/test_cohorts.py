"""Tasks that train as one program come to what each comes to alone."""

import json
import shutil
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from metaprior.core import MetapriorError, to_plain
from metaprior.study import Judging, Study, carry_out, run_study, study_of
from metaprior.study.cohorts import Cohort, cohorts_of, in_step
from metaprior.study.grid import chain, product, values
from metaprior.study.task import read_result
from metaprior.study.workers import Fate, Outcomes, fates, processes
from metaprior.training import Run
from metaprior.training.cohort import Cohort as Program
from metaprior.training.cohort_saving import newest_in_common
from tests.study.tiny import COMMON, JUDGING

SEEDS = values("loop.seed", 0, 1)
PRECISE = product(COMMON, values("loop.precision", "float64"))
UNLABELLED = product(PRECISE, values("recipe", "beta-vae"), values("method.beta", 1.0, 8.0), SEEDS)
LABELLED = product(
    PRECISE, values("recipe", "s2-beta-vae"), values("labels", 20), values("method.supervision.gamma_sup", 1.0, 4.0),
    values("label_seed", 0, 1),
)  # fmt: skip


def made_of(*grids: tuple) -> Study:
    return study_of("cohorts", {"all": chain(*grids)}, JUDGING)


def sizes(study: Study, size: int) -> list[list[tuple[str, int]]]:
    cohorts = cohorts_of(study.tasks.values(), size)
    return [[(task.experiment.recipe, task.points[0]) for task in cohort] for cohort in cohorts]


def compare(study: Study, one: Path, other: Path) -> None:
    """The weights of every model of two folders, whose trainings differ in rounding alone."""
    for name in study.tasks:
        expected = Run(other / "runs" / name).read_weights()
        for key, value in Run(one / "runs" / name).read_weights().items():
            torch.testing.assert_close(value, expected[key], rtol=1e-8, atol=1e-10)


def last_line(run: Path) -> dict:
    return json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])


def test_members_differ_in_seeds_and_scalars_alone() -> None:
    other_nets = product(UNLABELLED[:2], values("method.latent_dim", 4))
    study = made_of(UNLABELLED, LABELLED, other_nets)
    assert sizes(study, 3) == [
        [("beta-vae", 0), ("beta-vae", 1), ("beta-vae", 2)],
        [("beta-vae", 3)],
        [("s2-beta-vae", 4), ("s2-beta-vae", 5), ("s2-beta-vae", 6)],
        [("s2-beta-vae", 7)],
        [("beta-vae", 8), ("beta-vae", 9)],
    ]


@pytest.mark.parametrize("field", ["method.lr", "method.batch", "loop.steps", "data"])
def test_what_is_no_scalar_of_the_loss_parts_cohorts(field: str) -> None:
    other = {"method.lr": 1e-3, "method.batch": 16, "loop.steps": 21, "data": "digits"}[field]
    usual = dict(UNLABELLED[0])
    study = made_of((UNLABELLED[0], usual | {field: other}))
    assert [len(cohort) for cohort in cohorts_of(study.tasks.values(), 8)] == [1, 1]


def test_labels_of_which_the_seed_chooses_the_factors_part_cohorts_by_it() -> None:
    own = product(values("label_seed", 0, 1), SEEDS)
    points = tuple({**LABELLED[0], "labeller": "partial", **each} for each in own)
    assert [len(cohort) for cohort in cohorts_of(made_of(points).tasks.values(), 8)] == [2, 2]


@pytest.mark.parametrize("field", ["loop.accumulate", "warm_start", "method.latent_dim"])
def test_those_that_can_only_train_alone_keep_no_others_apart(field: str) -> None:
    other = {"loop.accumulate": 2, "warm_start": "runs/x", "method.latent_dim": 1}[field]
    alone = [dict(point) | {field: other} for point in LABELLED]
    for order in ((*alone, *LABELLED), (*LABELLED, *alone)):
        found = sorted(len(cohort) for cohort in cohorts_of(made_of(order).tasks.values(), 8))
        assert found == [1, 1, 1, 1, 4]


def test_a_recipe_that_cannot_be_built_fails_where_it_is_trained(tmp_path: Path) -> None:
    broken = f"{Path(__file__).with_name('killer.py')}:broken"
    study = made_of(UNLABELLED[:1], product(PRECISE, values("recipe", broken), SEEDS))
    progress = run_study(study, tmp_path, cohort=2)
    assert progress.done == 1
    assert set(progress.failed.values()) == {"ValueError: it cannot be built"}


def test_what_can_only_train_alone_is_alone(tmp_path: Path) -> None:
    missing = product(values("recipe", "beta-vae"), values("data", "cars3d"), SEEDS)
    warm = product(COMMON, values("recipe", "beta-vae"), values("warm_start", str(tmp_path)), SEEDS)
    assert [len(cohort) for cohort in cohorts_of(made_of(missing, warm).tasks.values(), 8)] == [1] * 4


def test_a_cohort_has_a_member() -> None:
    with pytest.raises(MetapriorError, match="a cohort has at least 1 member, not 0"):
        cohorts_of((), 0)


@pytest.mark.parametrize("workers", [0, 2])
def test_models_of_a_cohort_are_those_of_single_runs(workers: int, tmp_path: Path) -> None:
    study = made_of(UNLABELLED, LABELLED)
    progress = run_study(study, tmp_path / "together", workers=workers, cohort=4)
    assert (progress.done, progress.failed) == (8, {})
    assert [last_line(tmp_path / "together" / "runs" / name)["members"] for name in study.tasks] == [4] * 8
    run_study(study, tmp_path / "alone")
    compare(study, tmp_path / "together", tmp_path / "alone")
    one, other = (read_result(tmp_path / each / "runs" / next(iter(study.tasks))) for each in ("together", "alone"))
    assert one is not None
    assert other is not None
    assert [row["score"] for row in one["scores"]] == [row["score"] for row in other["scores"]]
    assert one["experiment"] == other["experiment"]


def test_a_model_s_seconds_are_its_share_of_the_cohort_s(tmp_path: Path) -> None:
    study, begun = made_of(UNLABELLED), time.monotonic()
    run_study(study, tmp_path, cohort=4)
    results = [read_result(tmp_path / "runs" / name) for name in study.tasks]
    shares = {result["seconds"]["training"] for result in results if result}
    assert shares == {last_line(tmp_path / "runs" / name)["seconds"] for name in study.tasks}
    assert 4 * shares.pop() < time.monotonic() - begun


def test_a_member_that_diverges_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    wild = product(PRECISE, values("recipe", "beta-vae"), values("method.beta", 1.0, 1e30, 2.0))
    study = made_of(wild)
    progress = run_study(study, tmp_path, cohort=3)
    _, diverged, _ = study.tasks
    assert progress.done == 2
    assert progress.failed.keys() == {diverged}
    assert progress.failed[diverged].startswith(f"{diverged} diverged at step 1: ")
    again = run_study(study, tmp_path, cohort=3, retry=True)
    assert again.failed[diverged].startswith("the training diverged at step 1: ")  # alone this time
    assert run_study(study, tmp_path, cohort=3).failed == again.failed


def test_a_cohort_that_was_stopped_goes_on_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = made_of(product(UNLABELLED, values("loop.checkpoint_every", 6)))
    advance, steps = Program.advance, []

    def until(step: int | None) -> None:
        def one(program: Program) -> None:
            if program.step == step:
                raise KeyboardInterrupt
            steps.append(program.step)
            advance(program)

        monkeypatch.setattr(Program, "advance", one)

    until(15)
    with pytest.raises(KeyboardInterrupt):
        run_study(study, tmp_path / "stopped", cohort=4)
    steps.clear()
    until(None)
    assert run_study(study, tmp_path / "stopped", cohort=4).done == 4
    assert steps == list(range(12, 20))
    assert {last_line(tmp_path / "stopped" / "runs" / name)["members"] for name in study.tasks} == {4}
    run_study(study, tmp_path / "whole", cohort=4)
    compare(study, tmp_path / "stopped", tmp_path / "whole")


def test_members_go_on_together_from_the_step_that_most_have(tmp_path: Path) -> None:
    (cohort,) = cohorts_of(made_of(UNLABELLED).tasks.values(), 4)
    for task, steps in zip(cohort, ([6, 12], [12, 18], [6], [12]), strict=True):
        for step in steps:
            (tmp_path / task.id / "checkpoint" / f"{step:09d}").mkdir(parents=True)
    assert in_step(cohort, tmp_path) == [cohort[0], cohort[1], cohort[3]]


def test_members_that_share_an_older_step_alone_go_on_from_that(tmp_path: Path) -> None:
    study = made_of(product(UNLABELLED, values("loop.checkpoint_every", 6), values("loop.keep", 4)))
    run_study(study, tmp_path / "whole", cohort=4)
    (cohort,) = cohorts_of(study.tasks.values(), 4)
    for task in cohort:  # as a cohort of other members left them
        run = carry_out(
            replace(task.experiment, loop=replace(task.experiment.loop, steps=19)), tmp_path / task.id, progress=False
        )[0]
        (run.folder / "model.safetensors").unlink()
        for step in (19, 12 if task in cohort[:2] else 18):
            shutil.rmtree(run.folder / "checkpoint" / f"{step:09d}")
    assert newest_in_common([tmp_path / task.id for task in cohort])[0] == 6
    (tmp_path / "runs").mkdir()
    for task in cohort:
        (tmp_path / task.id).rename(tmp_path / "runs" / task.id)
    assert run_study(study, tmp_path, cohort=4).done == 4
    compare(study, tmp_path, tmp_path / "whole")


def test_a_cohort_whose_process_dies_is_carried_out_one_by_one(tmp_path: Path) -> None:
    killer = f"{Path(__file__).with_name('killer.py')}:crowded"
    study = made_of(product(PRECISE, values("recipe", killer), SEEDS))
    assert [len(cohort) for cohort in cohorts_of(study.tasks.values(), 2)] == [2]
    progress = run_study(study, tmp_path, workers=1, cohort=2)
    assert (progress.done, progress.failed) == (2, {})


def test_a_member_that_another_process_is_at_is_passed_over(tmp_path: Path) -> None:
    study = made_of(UNLABELLED)
    with Run(tmp_path / "runs" / next(iter(study.tasks))).alone():
        progress = run_study(study, tmp_path, cohort=4)
    assert (progress.done, progress.elsewhere, progress.failed) == (3, 1, {})


def told(tasks: Sequence[dict], runs: Path, judging: Judging) -> list[Fate]:
    return list(fates(tasks, runs, judging))


def pool(waiting: Sequence[Cohort], runs: Path, judging: Judging) -> Outcomes:
    with ProcessPoolExecutor(1, mp_context=processes()) as crew:
        answers = [crew.submit(told, [to_plain(task) for task in each], runs, judging) for each in waiting]
        for cohort, answer in zip(waiting, answers, strict=True):
            yield from zip(cohort, answer.result(), strict=True)


def test_another_executor_carries_out_the_same(tmp_path: Path) -> None:
    study = made_of(UNLABELLED, LABELLED[:1])
    progress = run_study(study, tmp_path, cohort=2, executor=pool)
    assert (progress.done, progress.failed) == (5, {})
    members = [last_line(tmp_path / "runs" / name).get("members") for name in study.tasks]
    assert members == [2, 2, 2, 2, None]


@pytest.mark.parametrize(("times", "said"), [(0, "told nothing of 1 trainings"), (2, "or has told of before")])
def test_an_executor_tells_of_each_task_once(times: int, said: str, tmp_path: Path) -> None:
    def some(waiting: Sequence[Cohort], runs: Path, judging: Judging) -> Outcomes:
        for (task,) in waiting:
            yield from [(task, ("done", ""))] * times

    with pytest.raises(MetapriorError, match=said):
        run_study(made_of(UNLABELLED[:1]), tmp_path, executor=some)
