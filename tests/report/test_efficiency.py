import re

import pytest

from metaprior.report.efficiency import efficiency
from metaprior.report.scores import rows
from tests.report.views import view


def runs(*each: dict[str, float | None]) -> list:
    def scores(values: dict[str, float | None]) -> dict:
        entries = {name: {"value": v, "n": 5000, "seed": 0, "protocol": "world"} for name, v in values.items()}
        return {"disentanglement": {"scores": entries}}

    return rows([view(scores=scores(values)) for values in each])


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", path)]


def test_a_line_a_run_over_the_logarithm_of_the_number_of_examples() -> None:
    low = {f"downstream_accuracy_{n}": v for n, v in ((10, 0.2), (100, 0.4), (1000, 0.5))}
    high = {name: value + 0.3 for name, value in low.items()}
    (panel,) = efficiency(runs(low, high))
    assert panel.name == "downstream accuracy"
    assert [text for _, text in panel.x_ticks] == ["10", "100", "1,000"]
    first, second = map(points, panel.paths)
    assert first[1][0] - first[0][0] == pytest.approx(first[2][0] - first[1][0], abs=0.2)
    assert all(y < x for (_, x), (_, y) in zip(first, second, strict=True))  # upwards is a smaller y
    assert panel.last == (0.5, 0.8)


def test_each_predictor_has_a_panel_and_a_single_size_or_another_score_none() -> None:
    table = {
        "downstream_accuracy_boosted_10": 0.1, "downstream_accuracy_boosted_100": 0.2,
        "downstream_accuracy_logistic_10": 0.1, "downstream_accuracy_logistic_100": 0.2,
        "knn_accuracy": 0.7, "mean_accuracy_10": 0.5, "mig": 0.3,
    }  # fmt: skip
    found = [panel.name for panel in efficiency(runs(table))]
    assert found == ["downstream accuracy boosted", "downstream accuracy logistic"]


def test_sampled_codes_have_a_panel_of_their_own() -> None:
    values = {"accuracy_1": {"value": 0.1}, "accuracy_2": {"value": 0.2}}
    both = {protocol: {"scores": values} for protocol in ("disentanglement", "disentanglement-sampled")}
    assert [panel.name for panel in efficiency(rows([view(scores=both)]))] == ["accuracy", "accuracy, sampled codes"]


def test_what_could_not_be_measured_leaves_a_gap() -> None:
    values = {"a_accuracy_1": 0.1, "a_accuracy_2": None, "a_accuracy_4": 0.3, "a_accuracy_8": 0.4}
    (panel,) = efficiency(runs(values))
    assert panel.paths[0].count("M") == 2


@pytest.mark.parametrize("value", [0.5, None])
def test_equal_or_missing_values_are_drawn_without_a_fault(value: float | None) -> None:
    assert len(efficiency(runs({"accuracy_1": value, "accuracy_2": value}))) == 1
