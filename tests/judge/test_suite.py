"""The whole suite of metrics on a world, on rows, on sampled codes, and where a combination has several pictures."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from metaprior import metrics
from metaprior.core import MetapriorError, derived_seed
from metaprior.data import World
from metaprior.judge import USUAL, Settings, judge, metrics_of, rank
from metaprior.judge import codes as codes_module
from metaprior.judge.codes import codes_of
from metaprior.metrics import METRICS, Votes
from metaprior.metrics.paired_differences import Points
from tests.judge.worlds import SIZES, Pixels, all_factors, rows, world

SMALL = Settings(train=600, test=300, votes=Votes(200, 100, 32, 500), points=Points(200, 100, 32))


@pytest.mark.parametrize("metric", metrics_of(["all"]))
@pytest.mark.parametrize("source", [world(), rows(400)], ids=["world", "rows"])
def test_every_metric_yields_the_scores_that_its_row_names(metric: str, source: object) -> None:
    scores = judge(Pixels(), source, metrics=[metric], settings=SMALL).scores  # type: ignore[arg-type]
    assert set(scores) & set(METRICS[metric].scores)
    assert set(scores) <= {name for each in metrics_of([metric]) for name in METRICS[each].scores}
    for score in scores.values():
        assert (score.value is None) == (score.reason is not None)
        assert score.value is None or math.isfinite(score.value)


def test_names_of_scores_and_metrics_ask_for_the_same() -> None:
    assert metrics_of(["explicitness", "modularity", "sap"]) == ("modularity_explicitness", "sap")
    assert set(metrics_of(["all"])) == set(METRICS) - {"udr", "clusters", "frechet_distance"} >= set(USUAL)
    with pytest.raises(MetapriorError, match="unknown metric 'sapp'; did you mean 'sap'"):
        judge(Pixels(), world(), metrics=["sapp"])


def test_exact_codes_and_mixed_codes_are_told_apart_by_every_metric_of_disentanglement() -> None:
    mixed = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(0)))[0]
    exact, other = (judge(Pixels(weight=weight), world(), settings=SMALL) for weight in (None, mixed))
    for name in ("mig", "sap", "modularity", "irs", "dci_disentanglement"):
        assert exact[name].value > other[name].value + 0.1, name  # type: ignore[operator]
    assert exact["beta_vae_score"].value == 1


def test_a_dead_code_is_reported_and_breaks_nothing() -> None:
    class Dead(Pixels):
        def encode(self, images: Tensor) -> Tensor:
            return torch.cat([super().encode(images), torch.ones(len(images), 1)], dim=1)

    scores = judge(Dead(), world(), settings=SMALL)
    assert all(score.value is not None for score in scores.scores.values())
    assert scores["modularity"].details["dead_codes"] == [3]
    assert scores["modularity"].details["live_codes_alone"] > scores["modularity"].value  # type: ignore[operator]
    assert scores["gaussian_total_correlation"].details["dead_codes"] == [3]
    assert scores["irs"].details["active_codes"] == 3


class Noisy(nn.Module):
    """A posterior of known variance around the pixels."""

    def __init__(self, logvar: float) -> None:
        super().__init__()
        self.logvar = logvar

    def posterior(self, images: Tensor) -> tuple[Tensor, Tensor]:
        mean = images.flatten(1)
        return mean, torch.full_like(mean, self.logvar)

    def encode(self, images: Tensor) -> Tensor:
        return self.posterior(images)[0]


def test_sampled_codes_are_the_means_with_the_posterior_s_noise() -> None:
    model, source = Noisy(math.log(0.04)), rows(2000)
    means, samples = (codes_of(model, source, representation=kind).sample(2000, 0)[0] for kind in ("mean", "sampled"))  # type: ignore[arg-type]
    assert (samples - means).std() == pytest.approx(0.2, abs=0.01)
    held = codes_of(model, source, representation="sampled")
    assert np.array_equal(samples, held.sample(2000, 0)[0])
    assert not np.array_equal(np.sort(samples, axis=0), np.sort(held.sample(2000, 1)[0], axis=0))


@pytest.mark.parametrize("whole", [2**21, 10], ids=["encoded once", "encoded as drawn"])
def test_each_draw_of_an_example_of_a_world_is_a_new_sample_of_its_posterior(
    whole: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes_module, "WHOLE_WORLD", whole)
    held = codes_of(Noisy(math.log(0.04)), world(), representation="sampled")
    codes, factors = held.sample(20_000, 0)
    noise = codes - factors / (np.array(SIZES) - 1)
    same = noise[(factors == 0).all(axis=1)]
    assert same.std(axis=0) == pytest.approx(0.2, abs=0.03)
    drawn = held.interventions(0)
    once, again = (drawn.codes(np.zeros((2, 3), dtype=np.int64)) for _ in range(2))
    assert once.shape == (2, 3, 3)
    assert len(np.unique(np.append(once, again))) == 36
    assert np.array_equal(once, held.interventions(0).codes(np.zeros((2, 3), dtype=np.int64)))


@pytest.mark.parametrize("whole", [2**21, 10], ids=["encoded once", "encoded as drawn"])
def test_a_score_of_sampled_codes_does_not_depend_on_which_others_are_asked_for(
    whole: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes_module, "WHOLE_WORLD", whole)
    settings = replace(SMALL, representation="sampled")
    both = judge(Noisy(0.0), world(), metrics=["mig", "factor_vae_score", "sap"], settings=settings)
    for metric in ("sap", "factor_vae_score"):
        assert judge(Noisy(0.0), world(), metrics=[metric], settings=settings)[metric].value == both[metric].value


def test_noise_lowers_the_scores_of_samples_but_not_of_means() -> None:
    model = Noisy(math.log(0.5))
    by_mean, by_sample = (
        judge(model, world(), settings=Settings(600, 300, representation=kind), metrics=["mig", "sap"])
        for kind in ("mean", "sampled")
    )
    assert by_mean["mig"].value > by_sample["mig"].value + 0.3  # type: ignore[operator]
    assert (by_mean.protocol, by_sample.protocol) == ("disentanglement", "disentanglement-sampled")
    assert by_mean["mig"].value == judge(Noisy(-50.0), world(), settings=SMALL, metrics=["mig"])["mig"].value


@pytest.mark.parametrize("model", [Pixels(), np.zeros((60, 3))], ids=["no posterior", "given codes"])
def test_sampled_codes_need_a_posterior(model: object) -> None:
    with pytest.raises(MetapriorError, match=r"posterior|sampled ones"):
        judge(model, world(), settings=Settings(representation="sampled"))  # type: ignore[arg-type]


class Nuisance:
    """Pictures of a world with a hidden brightness in their last pixel."""

    def __call__(self, factors: Tensor) -> Tensor:
        sizes = torch.tensor((*SIZES, 7))
        return (factors * 255 // (sizes - 1)).to(torch.uint8)[:, None, None, :]

    def to(self, device: object) -> "Nuisance":
        return self


def hidden() -> World:
    return World("hidden", ("a", "b", "c"), SIZES, (1, 1, 4), Nuisance(), hidden_sizes=(7,))


@pytest.mark.parametrize("enough", [100_000, 120], ids=["all pictures", "two of each"])
def test_a_nuisance_is_drawn_at_random_and_is_no_factor(enough: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes_module, "ENOUGH_PICTURES", enough)
    codes = codes_of(Pixels(4), hidden())
    assert codes.pictures == (7 if enough == 100_000 else 2)  # type: ignore[union-attr]
    sampled, factors = codes.sample(5000, 0)
    assert np.array_equal(factors, np.round(sampled[:, :3] * (np.array(SIZES) - 1)))
    assert len(np.unique(sampled[:, 3])) > 1
    shown = codes.look_up.mean[:, 3].reshape(60, -1)  # type: ignore[union-attr]
    assert all(len(np.unique(each)) == shown.shape[1] for each in shown)  # no picture of a combination comes twice
    assert len(np.unique(shown)) == 7
    scores = judge(Pixels(4), hidden(), settings=SMALL)
    assert scores["mig"].value > 0.9  # type: ignore[operator]
    assert scores["factor_vae_score"].value == 1
    assert scores["beta_vae_score"].value == 1
    assert scores.tables["mutual_information"].values[3].max() < 0.3
    assert {score.protocol for score in scores.scores.values()} == {"world"}


def test_udr_of_one_model_trained_twice_is_high_and_of_noise_low() -> None:
    class Turned(Noisy):
        def posterior(self, images: Tensor) -> tuple[Tensor, Tensor]:
            mean, logvar = super().posterior(images)
            return -mean.flip(1) * 2, logvar

    class Mixed(Noisy):
        def posterior(self, images: Tensor) -> tuple[Tensor, Tensor]:
            mean, logvar = super().posterior(images)
            return mean @ torch.linalg.qr(torch.ones(3, 3).tril())[0] + 0 * mean, logvar

    source = rows(500)
    alike = rank({"a": Noisy(-4.0), "b": Turned(-4.0), "c": Noisy(-4.0)}, source)
    mixed = rank({"a": Noisy(-4.0), "b": Mixed(-4.0)}, source)
    assert min(scores["udr"].value for scores in alike.values()) > 0.85  # type: ignore[type-var]
    assert alike["a"]["udr"].value > mixed["a"]["udr"].value + 0.1  # type: ignore[operator]
    assert alike["a"].tables["udr_pairs"].rows == ("a", "b", "c")
    with pytest.raises(MetapriorError, match="at least 2"):
        rank({"a": Noisy(0.0)}, source)


def test_udr_passes_its_similarity_on_and_leaves_out_codes_near_the_prior() -> None:
    source = rows(500)
    models = {"a": Noisy(-4.0), "b": Noisy(-3.0)}
    for similarity in ("lasso", "spearman"):
        codes = [source.gather(torch.arange(500)).images.flatten(1)] * 2
        score = rank(models, source, similarity=similarity)["a"]["udr"]  # type: ignore[arg-type]
        assert score.value == pytest.approx(metrics.udr(codes, None, similarity).scores[0], abs=0.05)  # type: ignore[arg-type, index]
        assert score.details["similarity"] == similarity

    class Near(Noisy):
        """KL of half the squares: 0.0072, which is below a hundredth of a nat, and 0.0128, which is not."""

        def posterior(self, images: Tensor) -> tuple[Tensor, Tensor]:
            mean = torch.tensor([0.12, 0.16]).expand(len(images), 2)
            return mean, torch.zeros_like(mean)

    near = rank({"a": Near(0.0), "b": Near(0.0)}, source)
    assert near["a"]["udr"].details["informative_codes"] == [1]


def test_all_factors_of_the_small_world_are_there() -> None:
    assert len(all_factors()) == math.prod(SIZES)


def seed_of(metric: str) -> int:
    return derived_seed(SMALL.seed, metric) % 2**32


def test_scores_are_the_metrics_own_by_their_names() -> None:
    weight = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(4)))[0] + torch.eye(3)
    scores = judge(Pixels(weight=weight), world(), metrics=["all"], settings=SMALL)
    codes = codes_of(Pixels(weight=weight), world())

    def drawn(metric: str, train: int = 600, test: int = 300) -> tuple[np.ndarray, ...]:
        return codes.split(train, test, seed_of(metric))

    trees = metrics.dci(*drawn("dci"), seed=seed_of("dci"))
    tasks = metrics.downstream_accuracy(*drawn("downstream"), seed=seed_of("downstream"))
    fair = metrics.unfairness_of(codes.interventions(seed_of("fairness")), train=600, seed=seed_of("fairness"))  # type: ignore[arg-type]
    reduced = metrics.reduced_downstream_accuracy(*drawn("reduced_downstream"), seed=seed_of("reduced_downstream"))
    vote = metrics.factor_vae_score_of(codes.interventions(0), SMALL.votes, seed_of("factor_vae_score"))
    split = drawn("modularity_explicitness")
    expected = {
        "dci_disentanglement": trees.disentanglement,
        "dci_completeness": trees.completeness,
        "dci_informativeness": trees.informativeness_test,
        "downstream_accuracy_100": tasks.mean[tasks.sizes.index(100)],
        "sample_efficiency_100": tasks.sample_efficiency(100),
        "unfairness": fair.value,
        "unfairness_worst": fair.worst,
        "reduced_downstream": reduced.reduced,
        "reduced_downstream_others": reduced.others,
        "factor_vae_score": vote.value,
        "explicitness": metrics.explicitness(*split).value,
        "sap": metrics.sap(*drawn("sap")).value,
    }
    assert len({round(value, 6) for value in expected.values() if value is not None}) > 6
    for name, value in expected.items():
        assert scores[name].value == (None if value is None else pytest.approx(value)), name
    assert scores["factor_vae_score"].details["train"] == vote.train_value
    assert scores["downstream_accuracy_100"].details["worst"] == pytest.approx(tasks.worst[tasks.sizes.index(100)])
    assert np.array_equal(scores.tables["factor_vae_votes"].values, vote.votes.T)
    assert np.allclose(scores.tables["dci_importance"].values, trees.importance)


def test_the_mean_and_the_worst_unfairness_are_not_mixed_up() -> None:
    factors = all_factors().numpy()
    codes = np.stack([factors[:, 0] + factors[:, 1], factors[:, 2]], axis=1).astype(float)
    scores = judge(codes, world(), metrics=["fairness"], settings=SMALL)
    drawn = codes_of(codes, world()).interventions(0)
    fair = metrics.unfairness_of(drawn, train=600, seed=seed_of("fairness"))  # type: ignore[arg-type]
    assert (scores["unfairness"].value, scores["unfairness_worst"].value) == (fair.value, fair.worst)
    assert fair.worst > fair.value + 0.05  # type: ignore[operator]


def test_unified_scores_are_the_matrices_of_other_scores_in_each_way() -> None:
    scores = judge(Pixels(weight=torch.eye(3) + 0.3), world(), metrics=["unified"], settings=SMALL)
    codes = codes_of(Pixels(weight=torch.eye(3) + 0.3), world())
    sample = codes.sample(600, seed_of("mig"))
    for other, own in {
        "unified_information_mig": "mig",
        "unified_importance_disentanglement": "dci_disentanglement",
        "unified_importance_completeness": "dci_completeness",
        "unified_accuracy_sap": "sap",
    }.items():
        assert scores[other].value == pytest.approx(scores[own].value), other
    assert scores["unified_information_modularity"].value == pytest.approx(metrics.modularity(*sample).value)
    assert len({round(score.value, 9) for score in scores.scores.values()}) > 12  # type: ignore[arg-type]


@pytest.mark.parametrize("source", ["world", "rows"])
def test_a_constant_factor_changes_no_unified_score_of_informations(source: str) -> None:
    factors = np.indices((4, 5)).reshape(2, -1).T.repeat(1 if source == "world" else 20, axis=0)
    beside = np.insert(factors, 1, 3, axis=1)
    codes = factors + 0.3 * factors[:, ::-1]
    plain, other = (judge(codes, each, metrics=["mig", "unified"], settings=SMALL) for each in (factors, beside))
    for name, score in plain.scores.items():
        if name.startswith("unified_information"):
            assert other[name].value == score.value, name
    single = judge(codes, factors[:, :1], metrics=["unified"], settings=SMALL)
    assert single["unified_importance_modularity"].reason == "one factor alone has no other"
    none = judge(codes, np.zeros_like(factors), metrics=["unified"], settings=SMALL)
    assert none["unified_accuracy_sap"].reason == "no factor varies in the training sample"


def test_a_dead_code_is_named_by_every_metric_that_looks_at_it() -> None:
    codes = np.insert(all_factors().numpy().astype(float), 1, 7.0, axis=1)
    scores = judge(codes, world(), settings=SMALL)
    for name in ("mig", "dci_disentanglement", "sap", "modularity", "explicitness", "mutual_info_score"):
        assert scores[name].details["dead_codes"] == [1], name


def test_sap_comes_with_what_exact_codes_reach() -> None:
    sizes = (3, 32)
    scores = judge(all_factors(sizes).numpy() * 0.01, world(sizes), metrics=["sap"], settings=Settings(2000, 1000))
    assert 0.25 < scores["sap"].details["exact_codes"] < 0.45  # 2/3 of one factor, next to nothing of the other
    factors = rows(400, sizes).factors
    assert factors is not None
    found = [judge(factors * 1.0, factors * scale + shift, metrics=["sap"]) for scale, shift in ((1, 0), (7, 1990))]
    one, other = (each["sap"].details["exact_codes"] for each in found)
    assert one == other > 0.2  # a name of a value is no place on a line
    assert scores["sap"].value < scores["sap"].details["exact_codes"]  # type: ignore[operator]


def test_bins_and_predictor_reach_every_metric_that_has_them() -> None:
    mixed = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(0)))[0]
    names = ("mig", "irs", "modularity", "mutual_info_score", "downstream_accuracy_100")
    usual, other = (
        judge(Pixels(weight=mixed), world(), metrics=names, settings=replace(SMALL, train=300, **changes))
        for changes in ({}, {"bins": 3, "predictor": "logistic"})
    )
    for name in names:
        assert usual[name].value != other[name].value, name


def test_downstream_sizes_that_are_not_reached_have_a_reason() -> None:
    scores = judge(Pixels(), rows(300), metrics=["downstream_accuracy_10000"])
    assert scores["downstream_accuracy_10000"].value is None
    assert "200 training examples, too few for 1000, 10000" in (scores["downstream_accuracy_10000"].reason or "")
    assert scores["downstream_accuracy_100"].value is not None


def test_chance_is_left_out_where_the_permuted_rows_have_none() -> None:
    factors = np.zeros((500, 1), dtype=int)
    factors[:25] = 1
    told = []
    for seed in range(8):
        codes, settings = np.random.default_rng(seed).normal(size=(500, 2)), Settings(train=10, test=5, seed=seed)
        told.append(judge(codes, factors, metrics=["downstream"], settings=settings)["downstream_accuracy_10"])
    assert any(score.value is not None and score.chance is None for score in told)
    assert all(score.chance is None or 0 <= score.chance <= 1 for score in told)


def test_accuracies_in_a_small_world_say_how_much_of_the_test_was_learned_from() -> None:
    settings = Settings(train=100, test=50)
    scores = judge(Pixels(), world(), metrics=["dci", "downstream"], settings=settings)
    assert scores["dci_informativeness"].details["test_seen"] == pytest.approx(1 - (59 / 60) ** 100, abs=1e-3)
    assert scores["downstream_accuracy_10"].details["test_seen"] == pytest.approx(1 - (59 / 60) ** 10, abs=1e-3)
    assert "test_seen" not in scores["dci_disentanglement"].details
    larger = judge(Pixels(), world((10, 10, 10)), settings=Settings(train=40, test=20), metrics=["dci"])
    assert "test_seen" not in larger["dci_informativeness"].details  # 4 of 100: few enough
    assert "test_seen" not in judge(Pixels(), rows(200), metrics=["dci"])["dci_informativeness"].details


def test_unified_scores_leave_out_what_was_constant_in_the_sample_of_their_own_matrix() -> None:
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(3, size=90), (np.arange(90) == 40).astype(int), rng.integers(4, size=90)], axis=1)
    for seed in range(6):  # in some, the rare value is in no training sample
        settings = Settings(seed=seed)
        scores = judge(rng.normal(size=(90, 4)), factors, metrics=["unified"], settings=settings, chance=False)
        pairs = {"importance_disentanglement": "dci_disentanglement", "accuracy_sap": "sap", "information_mig": "mig"}
        for unified, own in pairs.items():
            assert scores[f"unified_{unified}"].value == pytest.approx(scores[own].value), own


def test_rows_are_the_distinct_examples() -> None:
    settings = Settings(train=200, test=100)
    names = ["fairness", "strong_downstream"]
    scores = judge(Pixels(), world((8, 8, 8)), metrics=names, settings=settings, chance=False)
    assert scores["unfairness"].rows == 512
    assert scores["strong_downstream"].rows == 512
    numbers = np.random.default_rng(0).integers(4, size=(3000, 2))
    scores = judge(numbers, numbers, metrics=["strong_downstream"], settings=settings, chance=False)
    assert scores["strong_downstream"].rows == 300
    scores = judge(numbers, numbers, metrics=["strong_downstream"], settings=Settings(train=2000, test=1000))
    shifts = scores["strong_downstream"].details["shifts"]
    assert shifts == 8  # of two factors, each on at most 500 rows
    assert 1000 + 8 * 400 > scores["strong_downstream"].rows > 1000
    scores = judge(numbers, numbers, metrics=["downstream"], settings=Settings(train=2000, test=1000))
    assert scores["sample_efficiency_100"].rows == scores["downstream_accuracy_1000"].rows == 2000
    few = rank({"a": Noisy(-4.0), "b": Noisy(-4.0)}, world())
    assert few["a"]["udr"].rows == 60


def test_a_model_whose_codes_are_not_finite_is_left_out_of_the_ranking_with_a_reason() -> None:
    broken = Noisy(math.nan)
    ranked = rank({"a": Noisy(-4.0), "broken": broken, "b": Noisy(-4.0)}, world())
    assert ranked["broken"]["udr"].value is None
    assert ranked["broken"]["udr"].reason == "its codes or their divergences from the prior are not all finite"
    assert ranked["a"]["udr"].value == rank({"a": Noisy(-4.0), "b": Noisy(-4.0)}, world())["a"]["udr"].value


@pytest.mark.parametrize("wrong", [{"backend": "xgboost"}, {"predictor": "oracle"}, {"representation": "mode"}])
def test_an_unknown_setting_is_refused_before_anything_is_encoded(wrong: dict[str, str]) -> None:
    with pytest.raises(MetapriorError, match=f"unknown {next(iter(wrong))} '{next(iter(wrong.values()))}'"):
        Settings(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [Votes, Points])
def test_no_votes_and_no_points_are_refused(count: type) -> None:
    with pytest.raises(MetapriorError, match="train must be at least 1, not 0"):
        count(train=0)
