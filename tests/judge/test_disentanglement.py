"""The protocol as a whole: known codes get known scores, however they are handed in."""

import json
import math

import numpy as np
import pytest
import torch

from metaprior.core import MetapriorError
from metaprior.judge import PROTOCOLS, USUAL, Scores, Settings, judge
from metaprior.judge import codes as codes_module
from metaprior.metrics import METRICS, Backend, Votes, mig_ceiling
from tests.judge.worlds import SIZES, Pixels, all_factors, rows, world

FIRST = ("mig", "dci", "factor_vae_score")
SMALL = Settings(train=600, test=300, votes=Votes(200, 100, 32, 500))


def mixed() -> torch.Tensor:
    return torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(0)))[0]


def values(scores: Scores) -> dict[str, float | None]:
    return {name: score.value for name, score in scores.scores.items()}


def test_identity_codes_are_as_good_as_codes_can_be() -> None:
    scores = judge(Pixels(), world(), settings=SMALL)
    assert scores["mig"].value == pytest.approx(1, abs=0.02)
    assert scores["mig"].details["ceiling"] == 1
    for name in ("dci_disentanglement", "dci_completeness", "dci_informativeness"):
        assert scores[name].value == pytest.approx(1, abs=0.03)
    assert scores["factor_vae_score"].value == 1


def test_mixed_codes_are_worse_at_all_but_informativeness() -> None:
    pure, mixture = (judge(Pixels(weight=weight), world(), settings=SMALL) for weight in (None, mixed()))
    for name in ("mig", "dci_disentanglement", "dci_completeness"):
        assert mixture[name].value < pure[name].value - 0.2  # type: ignore[operator]
    assert mixture["dci_informativeness"].value == pytest.approx(1, abs=0.03)


def test_more_values_than_bins_lower_the_ceiling_and_exact_codes_reach_it() -> None:
    sizes = (40, 3)
    score = judge(Pixels(2), world(sizes), metrics=["mig"], settings=Settings(train=10_000))["mig"]
    assert score.details["ceiling"] == mig_ceiling(sizes) < 0.95
    assert score.value == pytest.approx(mig_ceiling(sizes), abs=0.01)


@pytest.mark.parametrize("whole", [1_000_000, 10], ids=["encoded once", "encoded as drawn"])
def test_a_model_is_judged_as_its_codes_are(whole: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Pixels(weight=mixed())
    codes = model.encode(world().gather(torch.arange(len(world()))).images).detach()
    monkeypatch.setattr(codes_module, "WHOLE_WORLD", whole)
    by_model, by_codes = (judge(judged, world(), settings=SMALL) for judged in (model, codes))
    assert values(by_model) == values(by_codes)
    assert by_model.to_json()["tables"] == by_codes.to_json()["tables"]


def test_a_model_on_rows_is_judged_as_its_arrays_are() -> None:
    data = rows(400)
    batch = data.gather(torch.arange(400))
    codes = Pixels().encode(batch.images).detach()
    by_model, by_arrays = judge(Pixels(), data, settings=SMALL), judge(codes, batch.factors, settings=SMALL)
    assert values(by_model) == values(by_arrays)
    assert {score.protocol for score in by_model.scores.values()} == {"finite"}
    assert {score.protocol for score in judge(Pixels(), world(), settings=SMALL).scores.values()} == {"world"}


def test_a_score_does_not_depend_on_which_others_are_asked_for() -> None:
    together = values(judge(Pixels(weight=mixed()), world(), settings=SMALL))
    for metric in ("mig", "dci", "factor_vae_score"):
        alone = values(judge(Pixels(weight=mixed()), world(), metrics=[metric], settings=SMALL))
        assert alone.items() <= together.items()


def test_the_order_of_codes_and_their_scales_do_not_matter() -> None:
    codes = world().gather(torch.arange(60)).images.flatten(1) @ mixed()
    plain, other = (judge(c, world(), metrics=["mig"], settings=SMALL)["mig"] for c in (codes, codes[:, [2, 0, 1]] * 8))
    assert other.value == pytest.approx(plain.value)


@pytest.mark.parametrize("source", ["world", "rows"])
def test_a_constant_factor_is_left_out_and_named(source: str) -> None:
    sizes = (4, 1, 5)
    data = world(sizes) if source == "world" else rows(400, sizes)
    scores = judge(Pixels(), data, settings=SMALL)
    assert scores["mig"].details["constant_factors"] == [1]
    assert scores["mig"].value == pytest.approx(1, abs=0.02)
    assert scores["dci_disentanglement"].details["constant_factors"] == [1]
    assert scores["factor_vae_score"].value == 1


@pytest.mark.parametrize("data", [world((1, 1)), rows(20, (1, 1))], ids=["world", "rows"])
def test_where_nothing_varies_there_is_a_reason_in_place_of_a_number(data: object) -> None:
    scores = judge(Pixels(2), data, metrics=["mig", "factor_vae_score"], settings=SMALL)  # type: ignore[arg-type]
    for score in scores.scores.values():
        assert score.value is None
        assert "varies" in (score.reason or "")
    json.dumps(scores.to_json(), allow_nan=False)


def test_codes_that_tell_nothing_score_nothing() -> None:
    scores = judge(torch.zeros(60, 2), world(), settings=SMALL)
    chance = np.mean([1 / size for size in SIZES])
    assert scores["mig"].value == 0
    assert scores["dci_disentanglement"].value == 0
    assert scores["dci_informativeness"].value == pytest.approx(chance, abs=0.1)
    assert scores["factor_vae_score"].value == 0
    assert scores["factor_vae_score"].details["active_codes"] == 0


@pytest.mark.parametrize("metric", ["mig", "dci", "factor_vae_score"])
@pytest.mark.parametrize("whole", [1_000_000, 10])
def test_codes_that_are_not_numbers_are_refused(metric: str, whole: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes_module, "WHOLE_WORLD", whole)
    broken = Pixels(weight=torch.full((3, 3), math.nan))
    for model in (broken, np.full((60, 2), np.nan)):
        with pytest.raises(MetapriorError, match=r"codes hold .* NaN value"):
            judge(model, world(), metrics=[metric], settings=SMALL)


@pytest.mark.parametrize("backend", ["lightgbm", "sklearn"])
def test_the_backend_is_named(backend: Backend) -> None:
    sizes = (2, 2)
    scores = judge(
        all_factors(sizes).numpy(), world(sizes), metrics=["dci"], settings=Settings(60, 30, backend=backend)
    )
    assert {score.to_json()["backend"] for score in scores.scores.values()} == {backend}
    assert scores["dci_disentanglement"].value == pytest.approx(1)


def test_json_has_the_published_shape() -> None:
    scores = judge(Pixels(), world(), settings=Settings(600, 300, votes=SMALL.votes, seed=5), model_name="mine")
    told = json.loads(json.dumps(scores.to_json(), allow_nan=False))
    assert told.keys() == {"protocol", "model", "data", "scores", "tables"}
    assert (told["protocol"], told["model"], told["data"]) == ("disentanglement", "mine", "pixels")
    assert tuple(told["scores"]) == tuple(score for name in USUAL for score in METRICS[name].scores)
    assert set(told["scores"]) <= set(PROTOCOLS["disentanglement"].scores)
    for score in told["scores"].values():
        assert score.keys() >= {"value", "n", "seed", "protocol"}
        assert score["seed"] == 5
    assert told["scores"]["mig"]["n"] == told["scores"]["dci_completeness"]["n"] == 600
    assert told["scores"]["dci_informativeness"]["n"] == 300
    assert told["scores"]["factor_vae_score"]["n"] == SMALL.votes.test
    for table in told["tables"].values():
        assert np.shape(table["values"]) == (len(table["rows"]), len(table["columns"]))
        assert table["columns"] == ["a", "b", "c"]
    assert told["tables"].keys() == {"mutual_information", "dci_importance", "factor_vae_votes", "sap_scores", "irs"}


def test_noise_on_few_rows_scores_what_chance_gives_and_exact_codes_far_more() -> None:
    random = np.random.default_rng(0)
    noise = judge(random.normal(size=(36, 6)), random.integers(0, 3, size=(36, 3)), metrics=FIRST)
    for score in noise.scores.values():
        assert score.rows == 36
        assert score.value == pytest.approx(score.chance, abs=0.2)
    assert noise["factor_vae_score"].chance > 0.45  # type: ignore[operator]  # guessing would give 1/3
    factors = random.integers(0, 3, size=(300, 3))
    for score in judge(factors, factors, metrics=FIRST).scores.values():
        assert score.rows == 300
        assert score.value > 0.98
        assert score.chance < 0.45  # type: ignore[operator]


def test_chance_is_told_below_a_thousand_rows_of_a_finite_set_and_n_stays_what_it_was() -> None:
    few, many = (judge(Pixels(), rows(count), settings=SMALL) for count in (400, 2000))
    assert {score.rows for score in few.scores.values()} == {400}
    factors_count = {name: score for name, score in few.scores.items() if name not in METRICS["unsupervised"].scores}
    assert all(score.chance is not None for score in factors_count.values())
    assert [many[name].rows for name in ("mig", "dci_informativeness", "factor_vae_score")] == [600, 900, 2000]
    assert many["mig"].chance is not None
    assert many["factor_vae_score"].chance is None
    for scores in (few, many):
        assert scores["factor_vae_score"].n == SMALL.votes.test
    told = few.to_json()["scores"]["mig"]
    assert (told["rows"], told["chance"]) == (few["mig"].rows, few["mig"].chance)
    assert "chance" not in many.to_json()["scores"]["factor_vae_score"]


def test_a_small_world_is_judged_beside_chance_and_a_large_one_is_not() -> None:
    small = judge(Pixels(), world(), metrics=FIRST, settings=SMALL).scores
    assert {score.rows for score in small.values()} == {60}
    for name in ("mig", "dci_disentanglement", "factor_vae_score"):
        assert small[name].value > small[name].chance + 0.3, name  # type: ignore[operator]
    assert small["dci_informativeness"].chance > 0.9  # type: ignore[operator]  # 60 examples are learnt by heart
    large = judge(Pixels(), world((10, 10, 10)), metrics=FIRST, settings=SMALL).scores
    assert {score.chance for score in large.values()} == {None}


def test_where_rows_are_too_few_for_one_metric_the_others_are_still_told() -> None:
    scores = judge([[1.0, 2.0]], [[0, 1]], metrics=["mig", "dci", "unsupervised"])
    assert (
        scores["dci_completeness"].reason == "1 rows are too few to train and to test on; a predictor needs at least 2"
    )
    assert scores["mig"].reason == "no factor varies in this sample"
    json.dumps(scores.to_json(), allow_nan=False)


def test_an_unknown_metric_is_named_with_its_neighbour() -> None:
    with pytest.raises(MetapriorError, match="unknown metric 'migg'; did you mean 'mig'"):
        judge(Pixels(), world(), metrics=["migg"])


def test_chance_is_left_out_on_request() -> None:
    few = judge(Pixels(), rows(60), metrics=["mig"], settings=SMALL, chance=False)["mig"]
    assert few.chance is None
    assert few.value == judge(Pixels(), rows(60), metrics=["mig"], settings=SMALL)["mig"].value
