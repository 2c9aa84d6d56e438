from dataclasses import replace

import numpy as np

from metaprior.metrics import mig
from metaprior.report import Examples
from metaprior.report.tables import LEAST_SHARE, MATRICES, HeatMap, code_order, heat_map, least_information
from tests.report.views import CONFIG, examples, view


def test_codes_that_are_independent_of_the_factors_tell_none_and_exact_ones_tell_theirs() -> None:
    random = np.random.default_rng(0)
    for n in (300, 10_000):
        factors = np.stack([random.integers(0, size, n) for size in (2, 3, 8)], axis=1)
        found = mig(np.hstack([random.normal(size=(n, 20)), factors]), factors)
        floor = least_information(found.entropy, n, bins=20)
        table = HeatMap([f"code_{i}" for i in range(23)], ["a", "b", "c"], found.mutual_information, [], floor, n)
        assert [table.tells(code) for code in range(23)] == [None] * 20 + [0, 1, 2]
        assert table.best == [20, 21, 22]


def test_with_many_examples_a_share_of_the_entropy_is_what_counts() -> None:
    entropy = np.log([2.0, 40.0])
    assert np.allclose(least_information(entropy, 10**9, 20), LEAST_SHARE * entropy, rtol=1e-5)


def scored(**score: object) -> dict:
    table = {"rows": ["code_0"], "columns": ["a", "b"], "values": [[0.06, 0.05]]}
    whole = {"value": 0.1, "n": 10_000, "seed": 0, "protocol": "world"} | score
    return {"p": {"scores": {"mig": whole}, "tables": {"mutual_information": table}}}


def test_entropies_are_those_of_the_sample_or_else_of_the_world_that_was_trained_on() -> None:
    config = CONFIG | {"data_spec": {"factor_sizes": [3, 8]}}
    uniform = heat_map(view(scores=scored(), config=config), "mutual_information")
    measured = heat_map(view(scores=scored(entropy=np.log([3, 8]).tolist())), "mutual_information")
    unknown = heat_map(view(scores=scored()), "mutual_information")
    assert uniform and measured and unknown  # noqa: PT018
    assert np.allclose(uniform.floor, measured.floor)  # type: ignore[arg-type]
    assert (uniform.tells(0), uniform.n) == (0, 10_000)  # 0.06 of ln 3, though 0.05 is less than a twentieth of ln 8
    assert unknown.floor is None


def test_a_factor_that_is_constant_is_told_by_no_code() -> None:
    table = HeatMap(["a", "b"], ["constant", "varies"], np.array([[0.0, 0.2], [0.0, 1.0]]), [0, 1], np.zeros(2), 100)
    assert table.best == [None, 1]
    assert table.outlined(by_code=False) == {(1, 1)}


def test_what_is_outlined_is_the_best_of_each_column_or_of_each_row() -> None:
    table = HeatMap(["a", "b", "c"], ["u", "v"], np.array([[0.5, 0.4], [0.9, 0.1], [0.0, 0.0]]), [0, 1, 2])
    assert table.outlined(by_code=False) == {(1, 0), (0, 1)}
    assert table.outlined(by_code=True) == {(0, 0), (1, 0)}  # the third code is best at nothing
    quiet = replace(table, silent=frozenset({1}))
    assert quiet.outlined(by_code=True) == {(0, 0)}


def test_codes_that_hardly_vary_over_the_examples_are_silent() -> None:
    codes = np.random.default_rng(0).normal(size=(500, 3)) * [1.0, 0.09, 0.11]
    table = heat_map(view(examples=Examples(codes)), "mutual_information")
    assert table is not None
    assert table.silent == {1}


def test_numbers_of_cells_are_short_and_next_to_nothing_is_a_dot() -> None:
    assert [MATRICES["irs"].number(v) for v in (0.0, 0.004, 0.005, 0.876)] == ["·", "·", "0.01", "0.88"]
    assert [MATRICES["factor_vae_votes"].number(v) for v in (0, 1, 1203)] == ["·", "1", "1,203"]


def test_codes_stand_by_what_they_tell_else_by_what_moves_them() -> None:
    assert code_order(view()) == [2, 1, 0]
    codes, factors = examples().codes, examples().factors
    moved = Examples(codes[:, ::-1].copy(), factors=factors)
    assert code_order(view(scores={}, examples=moved)) == [1, 0, 2]
    assert code_order(view(scores={})) is None


def test_a_code_is_called_after_the_factor_of_whose_entropy_it_has_the_largest_share() -> None:
    entropy = np.log([3, 6])
    shares = np.array([[0.10, 0.08]])
    table = HeatMap(["a"], ["shape", "scale"], shares * entropy, [0], np.zeros(2), 100, entropy)
    assert table.values[0, 0] < table.values[0, 1]
    assert table.tells(0) == 0
