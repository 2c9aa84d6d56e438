"""A cohort that was stopped goes on from what all its members have, and says what it passes over."""

from dataclasses import replace

import pytest
import torch

from metaprior.core import MetapriorError
from metaprior.training import Callback, Member, fit, fit_cohort
from metaprior.training.checkpoint import Checkpoint, checkpoints, load_checkpoint, save_checkpoint
from tests.training.test_cohort import (
    LOOP,
    SEEDS,
    SOURCES,
    alone,
    assert_same,
    build,
    lines_of,
    recipes,
    run_in,
    terms_of,
    together,
)


def test_killed_and_resumed_equals_never_stopped(tmp_path):
    class Kill(Callback):
        def stepped(self, method, step):
            if step == 7:
                raise KeyboardInterrupt

    chosen, loop = recipes("s2-beta-vae"), replace(LOOP, steps=10, checkpoint_every=4)
    whole, _ = together(chosen, tmp_path / "whole", loop)
    runs = [run_in(tmp_path / "killed" / f"member-{seed}") for seed in SEEDS]
    doomed = [Member(build(c, s), s, r) for c, s, r in zip(chosen, SEEDS, runs, strict=True)]
    doomed[2] = replace(doomed[2], callbacks=[Kill()])
    with pytest.raises(KeyboardInterrupt):
        fit_cohort(doomed, SOURCES, loop)
    resumed, _ = together(chosen, tmp_path / "killed", loop, resume=True)
    for one, other in zip(whole, resumed, strict=True):
        assert all(map(torch.equal, one.method.parameters(), other.method.parameters()))
        assert terms_of(one.run) == terms_of(other.run)


def test_a_cohort_goes_on_without_the_member_that_had_diverged(tmp_path):
    first, wild, last = recipes("beta-vae")
    chosen, loop = [first, replace(wild, lr=1e4), last], replace(LOOP, steps=10, checkpoint_every=1, keep=1)
    together(chosen, tmp_path, replace(loop, steps=6))
    resumed, result = together(chosen, tmp_path, loop, resume=True)
    assert list(result.diverged) == [1]
    for i in (0, 2):
        assert_same(resumed[i], alone(chosen[i], SEEDS[i], replace(LOOP, steps=10)))


def test_a_member_can_go_on_alone(tmp_path):
    recipe, *_ = chosen = recipes("beta-vae")
    members, _ = together(chosen, tmp_path, replace(LOOP, steps=8))
    method = build(recipe, SEEDS[0])
    fit(method, SOURCES, replace(LOOP, seed=SEEDS[0]), members[0].run, resume=True)
    assert_same(replace(members[0], method=method), alone(recipe, SEEDS[0]))


SHORT = replace(LOOP, steps=12, checkpoint_every=4, keep=3)


def damage(run, step):
    path = run.folder / "checkpoint" / f"{step:09d}" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"?")


def assert_resumed_as_never_stopped(folder):
    resumed, result = together(recipes("beta-vae"), folder, LOOP, resume=True)
    assert result.steps == LOOP.steps
    for recipe, seed, member in zip(recipes("beta-vae"), SEEDS, resumed, strict=True):
        assert_same(member, alone(recipe, seed))


def test_a_damaged_checkpoint_is_told_and_passed_over(tmp_path, capsys):
    members, _ = together(recipes("beta-vae"), tmp_path, SHORT)
    damage(members[1].run, 12)
    assert_resumed_as_never_stopped(tmp_path)
    path = members[1].run.folder / "checkpoint" / "000000012"
    said = f"checkpoint {path} is corrupt: model.safetensors does not match its checksum; going back to step 8"
    assert capsys.readouterr().err == f"metaprior: warning: {said}\n"


def test_steps_that_not_all_members_have_are_told_and_passed_over(tmp_path, capsys):
    first, second, _ = recipes("beta-vae")
    together(recipes("beta-vae"), tmp_path, replace(SHORT, steps=8))
    together([first, second], tmp_path, SHORT, SEEDS[:2], resume=True)
    assert_resumed_as_never_stopped(tmp_path)
    said = f"{tmp_path / 'member-15'} has no checkpoint of step 12; going back to step 8"
    assert capsys.readouterr().err == f"metaprior: warning: {said}\n"


def test_without_a_step_in_common_a_cohort_begins_again_and_says_so(tmp_path, capsys):
    members, _ = together(recipes("beta-vae"), tmp_path, replace(SHORT, steps=4))
    for path in checkpoints(members[0].run.folder / "checkpoint"):
        path.rename(path.with_name("gone"))
    assert_resumed_as_never_stopped(tmp_path)
    said = f"{tmp_path / 'member-3'} has no checkpoint of step 4; going back to the beginning"
    assert capsys.readouterr().err == f"metaprior: warning: {said}\n"


def test_a_cohort_resumed_before_it_began_just_begins(tmp_path, capsys):
    assert_resumed_as_never_stopped(tmp_path)
    assert not capsys.readouterr().err


def test_seconds_go_on_from_each_members_own(tmp_path):
    members, _ = together(recipes("beta-vae"), tmp_path, SHORT)
    for hours, member in enumerate(members):
        folder = member.run.folder / "checkpoint"
        groups = load_checkpoint(folder / "000000012").groups
        groups["clock"]["seconds"].fill_(3600 * hours)
        save_checkpoint(folder, Checkpoint(13, groups))
    _, result = together(recipes("beta-vae"), tmp_path, LOOP, resume=True)
    seconds = [lines_of(member.run)[-1]["seconds"] for member in members]
    for hours, each in enumerate(seconds):
        assert each == pytest.approx(3600 * hours, abs=60)
    assert result.seconds == pytest.approx(sum(seconds), abs=0.01)


def test_nothing_is_trained_where_all_had_diverged(tmp_path):
    wild = [replace(recipe, lr=1e4) for recipe in recipes("beta-vae")]
    members, before = together(wild, tmp_path)
    kept = [terms_of(member.run) for member in members]
    _, result = together(wild, tmp_path, resume=True)
    assert len(before.diverged) == 3
    assert result.diverged == before.diverged
    assert (result.steps, result.interrupted) == (0, False)
    assert [terms_of(member.run) for member in members] == kept


def test_members_without_runs_cannot_be_resumed():
    with pytest.raises(MetapriorError, match="every member has a run"):
        fit_cohort([Member(build(recipes("beta-vae")[0], 0), 0)], SOURCES, LOOP, resume=True)
