"""What a study is said to cost before it runs."""

from pathlib import Path

import pytest

from metaprior.study import Judging, estimate, study_of
from metaprior.study.grid import chain, product, values

DIGITS = product(
    values("recipe", "ae"), values("loop.steps", 50), values("method.nets", "mlp"), values("method.hidden", 16)
)


def test_parts_add_up_and_data_that_are_not_here_are_taken_to_cost_what_others_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METAPRIOR_DATA", str(tmp_path))
    here, absent = (product(DIGITS, values("data", name), values("loop.seed", 0, 1)) for name in ("digits", "cars3d"))
    found = estimate(study_of("study", {"here": here, "absent": absent}, Judging(metrics=("mig",))))
    assert found.trainings == {"here": 2, "absent": 2}
    assert list(found.missing) == ["cars3d"]
    assert found.total == pytest.approx(sum(found.hours.values()))
    assert found.hours["here"] == pytest.approx(found.hours["absent"])
    assert found.hours["here"] > 0


def test_rate_and_distortion_take_their_time() -> None:
    grid = chain(product(DIGITS, values("data", "digits")))
    without, judged = (
        estimate(study_of("study", {"all": grid}, Judging(metrics=("mig",), rate_distortion=asked)))
        for asked in (False, True)
    )
    (less,), (more,) = without.costs.values(), judged.costs.values()
    assert less is not None
    assert more is not None
    assert more.judging > 10 * less.judging  # 500 samples of each of 300 codes are decoded, and a probe is fitted
