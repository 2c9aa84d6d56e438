"""Studies: the paper's counts, ids that stay, and what a study file may not say."""

import dataclasses
from pathlib import Path

import pytest

from metaprior.core import MetapriorError
from metaprior.study import Judging, Labels, read_study, study_of
from metaprior.study.grid import chain, product, values
from metaprior.study.plan import run_id, what_of

BETA = product(values("recipe", "beta-vae"), values("method.beta", 1.0, 4.0))


def test_the_few_labels_study_has_the_counts_of_the_paper() -> None:
    study = read_study("few_labels")
    assert study.parts == {
        "unsupervised": 32 * 5 * 4 * 36, "supervised-loss": 32 * 5 * 4 * 36, "permuted-labels": 8 * 5 * 4 * 36,
        "labels-alone": 32 * 5,
    }  # fmt: skip
    assert study.parts["unsupervised"] + study.parts["supervised-loss"] == 46_080
    assert len(study.grid) == 52_000
    unlabelled = [task for task in study.tasks.values() if task.experiment.labels is None]
    assert len(unlabelled) == 4 * 4 * 36
    assert {len(task.labels) for task in unlabelled} == {2 * 4 * 5}
    assert len(study.tasks) == 4 * 4 * 36 + 23_040 + 5_760 + 160


def test_the_unsupervised_study_has_the_counts_of_the_paper() -> None:
    study = read_study("unsupervised")
    assert len(study.grid) == len(study.tasks) == 12_600


def test_desk_scale_trains_the_same_recipes_on_a_smaller_world() -> None:
    desk = read_study("few_labels", desk=True)
    assert desk.name == "few-labels-desk"
    recipes = {task.experiment.recipe for task in desk.tasks.values()}
    assert recipes == {*(f"{s2}{name}" for s2 in ("", "s2-") for name in NAMES), "supervised"}
    assert {task.experiment.loop.steps for task in desk.tasks.values()} == {1500}
    assert {task.experiment.data.partition(":")[0] for task in desk.tasks.values()} == {"dsprites"}


NAMES = ("beta-vae", "beta-tcvae", "factor-vae", "dip-vae-i")


def test_labels_validate_where_a_method_does_not_learn_from_them_and_train_where_it_does() -> None:
    fields = {"labels": 100, "labeller": "noisy", "label_seed": 3, "label_share": 0.9}
    experiment, labels = what_of({"recipe": "beta-vae", **fields})
    assert (experiment.labels, experiment.label_share) == (None, 1.0)
    assert labels == Labels(100, 3, "noisy")
    experiment, labels = what_of({"recipe": "s2-beta-vae", **fields})
    assert (experiment.labels, experiment.labeller, experiment.label_seed, experiment.label_share) == (
        100, "noisy", 3, 0.9
    )  # fmt: skip
    assert labels is None


def test_labels_that_are_null_are_none_as_config_json_writes_them() -> None:
    experiment, labels = what_of({"recipe": "beta-vae", "labels": None, "label_seed": 0, "labeller": "perfect"})
    assert (experiment, labels) == what_of({"recipe": "beta-vae"})
    study = study_of("s", {"a": product(BETA, values("labels", None, 100))})
    assert [task.labels for task in study.tasks.values()] == [(Labels(100, 0),)] * 2


def test_ids_stay_when_a_study_grows_and_differ_where_models_do() -> None:
    small = study_of("s", {"a": product(BETA, values("loop.seed", 0, 1))})
    large = study_of(
        "s", {"new": values("recipe", "vae"), "a": product(BETA, values("loop.seed", 0, 1, 2), values("labels", 10))}
    )
    assert set(small.tasks) < set(large.tasks)
    assert len(large.tasks) == 1 + 6
    experiment = next(iter(small.tasks.values())).experiment
    other_log = dataclasses.replace(experiment, loop=dataclasses.replace(experiment.loop, log_every=7))
    other_steps = dataclasses.replace(experiment, loop=dataclasses.replace(experiment.loop, steps=7))
    assert run_id(experiment) == run_id(other_log) != run_id(other_steps)


def test_points_of_one_training_are_kept_with_it() -> None:
    labels = product(values("labels", 100, 1000), values("label_seed", 0, 1))
    study = study_of("s", {"a": product(labels, BETA)})
    assert [task.points for task in study.tasks.values()] == [(0, 2, 4, 6), (1, 3, 5, 7)]
    first = next(iter(study.tasks.values()))
    assert first.labels == (Labels(100, 0), Labels(100, 1), Labels(1000, 0), Labels(1000, 1))


@pytest.mark.parametrize("of", [1, 2, 3, 7])
def test_shards_are_all_trainings_each_once(of: int) -> None:
    study = study_of("s", {"a": product(BETA, values("loop.seed", 0, 1, 2))})
    shards = [study.shard(number, of) for number in range(1, of + 1)]
    assert sorted(name for shard in shards for name in shard) == sorted(study.tasks)
    assert max(map(len, shards)) - min(map(len, shards)) <= 1
    with pytest.raises(MetapriorError, match="a shard is one of 1 to"):
        study.shard(of + 1, of)
    with pytest.raises(MetapriorError, match="at least 1 shard, not 0"):
        study.shard(of, 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1, 2", r"mine\.yaml is not YAML: .*in \"[^\"]*mine\.yaml\", line 1"),
        ("- a", "must be a mapping with a name and parts"),
        ("name: x", "must be a mapping with a name and parts"),
        (
            "{name: x, parts: {a: {recipe: beta-vae}}, comon: {}}",
            "mine.yaml: unknown key 'comon'; did you mean 'common'",
        ),
        ("{name: x, parts: {a: {recipe: bta-vae}}}", "did you mean 'beta-vae'"),
        ("{name: x, parts: {a: {data: dsprites}}}", "names no recipe"),
        ("{name: x, parts: {a: {recipe: beta-vae, method.bta: 1.0}}}", "unknown key 'method.bta'; did you mean 'beta'"),
        ("{name: x, parts: {a: {recipe: beta-vae, loop.steps: many}}}", ": loop.steps: expected `int`, got 'many'$"),
        ("{name: x, parts: {a: {recipe: beta-vae}}, judge: {metrics: [migg]}}", "did you mean 'mig'"),
        ("{name: x, parts: {a: {recipe: beta-vae}}, judge: {validation: [kl]}}", "'kl' is no score on labels"),
        ("{name: x, parts: {a: {recipe: beta-vae}}, judge: {vtab: [rigde], vtab_tasks: [T]}}", "did you mean 'ridge'"),
        (
            "{name: x, parts: {a: {recipe: beta-vae}}, judge: {vtab: [ridge], vtab_tasks: [standin/mnst]}}",
            "unknown task of vtab-desk 'standin/mnst'; did you mean 'standin/mnist'",
        ),
        ("{name: x, parts: {a: {recipe: beta-vae}}, judge: {vtab: [ridge]}}", "give both, or neither"),
        ("{name: x, parts: {a: {recipe: beta-vae}}, judge: {vtab_tasks: [standin/mnist]}}", "give both, or neither"),
        ("{name: x, parts: {a: {recipe: beta-vae}}, judge: [mig]}", "judge must be a mapping with keys"),
        ("{name: x, parts: {a: {recipe: beta-vae}}, common: [1]}", "common: expected `mapping`, got \\[1\\]$"),
        ("{name: x, parts: {}}", "has no points"),
        ("{name: x, parts: {a: [1]}}", "parts.a must be a mapping"),
        ("{name: x, parts: {a: null}}", "parts.a must be a mapping"),
        ("{name: x, parts: {a: {1: 2}}}", "has the key 1, and fields are words"),
        ("{name: x, parts: {a: {recipe: beta-vae}, a: {recipe: vae}}}", "the key 'a' is given twice"),
        ("{name: ../x, parts: {a: {recipe: beta-vae}}}", "a study's name is letters"),
        ("{name: x, parts: {a: {recipe: beta-vae, data: dsprits}}}", "did you mean 'dsprites'"),
        ("{name: x, parts: {a: {recipe: beta-vae, data: dsprites, data.size: 16}}}", "and 'data' as a whole too"),
        ("{name: x, parts: {a: {recipe: beta-vae, method.beta: 1.0, method: {}}}}", "has 'method' as a whole"),
        ("{name: x, parts: {a: {recipe: s2-beta-vae}}}", "learns from labels; give its points the field 'labels'"),
        ("{name: x, parts: {a: {recipe: s2-beta-vae, labels: null}}}", "learns from labels; give its points the field"),
        ("{name: x, parts: {a: {recipe: beta-vae, labels: -1}}}", "at least 1 label, not -1"),
        ("{name: x, parts: {a: {recipe: beta-vae, label_seed: 3}}}", "not how many: 'labels'"),
        (
            "{name: x, common: {recipe: vae}, parts: {a: {recipe: beta-vae}}}",
            "parts.a gives the field 'recipe' values, and common",
        ),
        ("{name: x, parts: {a: {recipe: beta-vae}}, judge: {train: -5}}", "train must be at least 1, not -5"),
        (
            "{name: x, parts: {a: {recipe: vae, also: [{when: {recipe: vea}, then: {data: digits}}]}}}",
            "no point so far",
        ),
    ],
)
def test_what_a_study_file_may_not_say(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(MetapriorError, match=said):
        read_study(tmp_path / "mine.yaml")


def test_a_study_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(
        MetapriorError, match=r"cannot be read: .* studies at hand: few_labels\.yaml, unsupervised\.yaml"
    ):
        read_study(tmp_path / "no.yaml")
    (tmp_path / "small.yaml").write_text("{name: x, parts: {a: {recipe: beta-vae}}}")
    with pytest.raises(MetapriorError, match="has no desk scale"):
        read_study(tmp_path / "small.yaml", desk=True)


@pytest.mark.parametrize(
    ("desk", "said"),
    [
        ("{values: {loop.sed: [0]}}", "gives 'loop.sed' other values, and no part has that field"),
        ("{values: {loop.steps: [3]}}", "gives 'loop.steps' other values, and no part has that field of its own"),
        ("{common: {loop.seed: 3}}", "parts.a gives the field 'loop.seed' values, and common"),
        ("{parts: [b]}", "unknown part of the study 'b'; known: a"),
        ("{also: [{when: {recipe: vae}, then: {method.lr: 0.1}}]}", "no point so far is"),
    ],
)
def test_a_desk_scale_that_would_change_nothing_is_refused(desk: str, said: str, tmp_path: Path) -> None:
    parts = "{a: {recipe: beta-vae, loop.seed: 0..3}}"
    (tmp_path / "mine.yaml").write_text(f"{{name: x, common: {{loop.steps: 9}}, parts: {parts}, desk: {desk}}}")
    assert len(read_study(tmp_path / "mine.yaml").tasks) == 4
    with pytest.raises(MetapriorError, match=said):
        read_study(tmp_path / "mine.yaml", desk=True)


def test_a_desk_scale_adds_fields_where_they_fit_and_keeps_those_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        """
        name: x
        common: {data: "dsprites:size=16"}
        parts:
          a: {recipe: [vae, factor-vae], also: [{when: {recipe: vae}, then: {loop.steps: [5, 6]}}]}
          b: {zip: {recipe: [beta-vae, factor-vae], loop.seed: [3, 4]}}
        desk:
          values: {loop.seed: [7, 8]}
          also: [{when: {recipe: factor-vae}, then: {method.critic_width: [8, 16]}}]
        """
    )
    study = read_study(tmp_path / "mine.yaml", desk=True)
    assert study.parts == {"a": 2 + 2, "b": 1 + 2}
    assert [(point["recipe"], point.get("method.critic_width"), point.get("loop.seed")) for point in study.grid] == [
        ("vae", None, None), ("vae", None, None), ("factor-vae", 8, None), ("factor-vae", 16, None),
        ("beta-vae", None, 7), ("factor-vae", 8, 8), ("factor-vae", 16, 8),
    ]  # fmt: skip


def test_a_path_is_not_taken_for_the_name_of_a_study_that_comes_with_the_library() -> None:
    with pytest.raises(MetapriorError, match=r"no/such/few_labels\.yaml cannot be read"):
        read_study("no/such/few_labels.yaml")


def test_an_id_is_what_it_was(tmp_path: Path) -> None:
    """Ids name folders of studies that others have run: a change of defaults must not change them unnoticed."""
    (task,) = study_of("x", {"a": values("recipe", "beta-vae")}).tasks.values()
    assert task.id == "258ba0d50cd0"


def test_a_choice_that_was_added_later_is_part_of_an_id_once_it_is_made() -> None:
    ids = {
        text: next(iter(study_of("x", {"a": product(values("recipe", "beta-tcvae"), grid)}).tasks))
        for text, grid in {
            "as before": values("method.beta", 4.0),
            "the same, said": values("method.variance", 1.0),
            "another": values("method.alpha", 0.5),
            "yet another": values("method.likelihood", "normal"),
        }.items()
    }
    assert ids["as before"] == ids["the same, said"] == "4e81f8b908f8"
    assert len(set(ids.values())) == 3


def test_parts_are_one_after_the_other() -> None:
    study = study_of("s", {"a": chain(BETA, values("recipe", "vae")), "b": values("recipe", "dip-vae-i")}, Judging())
    assert study.parts == {"a": 3, "b": 1}
    assert study.grid[3] == {"recipe": "dip-vae-i"}


def test_the_study_of_the_docs_is_one(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "study.md"
    (tmp_path / "mine.yaml").write_text(page.read_text().split("```yaml\n")[1].split("```")[0])
    study = read_study(tmp_path / "mine.yaml")
    assert study.parts == {"without-labels": 2 * 5 * (3 + 2) * 6, "with-labels": 2 * 6}
    assert len(study.tasks) == (3 + 2) * 6 + 2 * 6
    assert len(read_study(tmp_path / "mine.yaml", desk=True).tasks) == 2 * 2
