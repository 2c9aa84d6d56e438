"""A trial's numbers: steps, rates and batches of the published recipes."""

import pytest

from metaprior.core import SGD, Adam, Buffered, Epochs, MetapriorError
from metaprior.judge.vtab.recipes import FINE_TUNING, LIGHTWEIGHT, VPT_FINE_TUNING, VPT_LINEAR, random_search
from metaprior.judge.vtab.trial import Trial, mildest


def rates(trial: Trial, examples: int = 1000) -> list[float]:
    schedule = trial.schedule(examples)
    return [schedule(step) for step in range(trial.steps(examples))]


def test_the_lightweight_sweep_is_the_paper_s() -> None:
    assert [(trial.lr, trial.length, trial.drops) for trial in LIGHTWEIGHT] == [
        (0.1, 2500, (750, 1500, 2250)),
        (0.1, 10_000, (3000, 6000, 9000)),
        (0.01, 2500, (750, 1500, 2250)),
        (0.01, 10_000, (3000, 6000, 9000)),
    ]
    for trial in LIGHTWEIGHT:
        assert (trial.batch, trial.momentum, trial.weight_decay, trial.warmup) == (512, 0.9, 0, 0)
        assert isinstance(trial.stream(1000), Buffered)
        assert trial.stream(1000).batch == 512


def test_a_rate_falls_to_a_tenth_after_each_drop() -> None:
    """TensorFlow's piecewise_constant keeps the old value at its boundary."""
    found = rates(LIGHTWEIGHT[0])
    assert [found.index(value) for value in sorted(set(found), reverse=True)] == [0, 751, 1501, 2251]
    assert found[-1] == pytest.approx(1e-4)


def test_bit_s_rule_is_its_published_schedule() -> None:
    """100 steps of warm-up, then a tenth after 200, 300 and 400 of 500."""
    [trial] = FINE_TUNING["bit-hyperrule"].trials
    found = rates(trial)
    assert len(found) == 500
    assert found[:3] == pytest.approx([0, 3e-5, 6e-5])
    assert [found[step] for step in (100, 200, 201, 300, 301, 400, 401, 499)] == pytest.approx(
        [3e-3, 3e-3, 3e-4, 3e-4, 3e-5, 3e-5, 3e-6, 3e-6]
    )
    with pytest.raises(MetapriorError, match="at most 19999 training examples, and these are 20000"):
        FINE_TUNING["bit-hyperrule"].refuse_more_than(20_000)
    FINE_TUNING["bit-hyperrule"].refuse_more_than(19_999)


def test_vit_g_warms_up_and_ends_at_zero() -> None:
    [trial] = FINE_TUNING["vit-g"].trials
    found = rates(trial)
    assert (len(found), FINE_TUNING["vit-g"].clip) == (2500, 1.0)
    assert max(found) == found[200] == 0.01
    assert found[100] == pytest.approx(0.005)
    assert found[-1] < 1e-7


def test_vpt_s_rates_are_by_batch_size_and_its_decays_two() -> None:
    assert len(VPT_LINEAR) == 40
    assert {trial.lr for trial in VPT_LINEAR} == {4 * lr for lr in (50, 25, 10, 5, 2.5, 1, 0.5, 0.25, 0.1, 0.05)}
    assert {trial.weight_decay for trial in VPT_LINEAR} == {1e-2, 1e-3, 1e-4, 0}
    assert sorted({trial.lr for trial in VPT_FINE_TUNING}) == pytest.approx([1.5e-4, 7.5e-4, 1.5e-3, 7.5e-3])
    assert {trial.weight_decay for trial in VPT_FINE_TUNING} == {0.01, 0.0}
    assert isinstance(VPT_FINE_TUNING[0].build(800), Adam)


@pytest.mark.parametrize(("examples", "batch", "steps"), [(1000, 64, 1562), (910, 64, 1422), (40, 40, 100)])
def test_epochs_are_of_the_examples_there_are(examples: int, batch: int, steps: int) -> None:
    [trial] = FINE_TUNING["adapter-plus"].trials
    assert (trial.drawn(examples), trial.steps(examples)) == (batch, steps)
    assert isinstance(trial.stream(examples), Epochs)
    assert max(rates(trial, examples)) == pytest.approx(1e-4)
    assert rates(trial, examples).index(max(rates(trial, examples))) == round(steps / 10)


def test_a_reduced_budget_says_so() -> None:
    whole, tenth = FINE_TUNING["lightweight"], FINE_TUNING["lightweight/100"]
    assert [trial.length for trial in tenth.trials] == [25, 100, 25, 100]
    assert [trial.lr for trial in tenth.trials] == [trial.lr for trial in whole.trials]
    assert {trial.batch for trial in tenth.trials} == {64}
    assert "divided by 100, batch 64" in tenth.summary


def test_what_is_from_memory_says_so() -> None:
    assert "from memory" in FINE_TUNING["heavyweight"].source
    assert "from memory" in FINE_TUNING["lightweight"].source


def test_random_search_is_the_same_everywhere_and_trains() -> None:
    trials = random_search(40)
    assert trials == random_search(40) == FINE_TUNING["heavyweight"].trials
    assert len(set(trials)) == 40
    assert {type(trial.build(800)) for trial in trials} == {SGD, Adam}
    assert all(2500 <= trial.steps(800) <= 40_000 for trial in trials)


def test_of_equals_the_smallest_rate_and_the_largest_decay_are_taken() -> None:
    trials = (Trial(0.1, 8, 9), Trial(0.01, 8, 9), Trial(0.01, 8, 9, weight_decay=0.1), Trial(1.0, 8, 9))
    assert mildest(trials, [0.5, 0.5, 0.5, 0.4]) == 2
    assert mildest(trials, [0.5, 0.5, 0.5, 0.6]) == 3


def test_drops_are_counted_in_steps() -> None:
    with pytest.raises(MetapriorError, match="counted in steps"):
        Trial(0.1, 8, 9, "epochs", drops=(3,))
