"""An experiment and its plain form are two names of one thing; a run's weights come back as they were."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from metaprior.core import DataSpec, Linear, MetapriorError, Method, to_plain
from metaprior.data import load as load_data
from metaprior.methods import (
    RECIPES,
    BetaVAERecipe,
    FactorVAERecipe,
    S2BetaVAERecipe,
    SupervisionRecipe,
    VAERecipe,
    find_recipe,
)
from metaprior.study import Experiment, build_method, carry_out, load, train
from metaprior.study.experiment import build_sources
from metaprior.study.runs import begin, warm_start
from metaprior.training import Callback, Loop, Run

WORLD = "dsprites:size=16,scale=2,orientation=2,position_x=4,position_y=4"
SPEC = DataSpec(image_shape=(1, 16, 16), factor_sizes=(3, 2, 2, 4, 4))
SMALL = {"batch": 4, "latent_dim": 5, "lr": 1e-3}


def small_run(folder: Path, recipe: Any = "vae", **options: Any) -> Run:
    method = {} if dataclasses.is_dataclass(recipe) else SMALL
    return train(recipe, data=WORLD, out=folder, method=method, progress=False, **({"steps": 3} | options))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return small_run(tmp_path_factory.mktemp("study") / "vae")


EXPERIMENTS = {
    **{name: Experiment(recipe=name, method=row.recipe) for name, row in RECIPES.items()},
    "schedules": Experiment(recipe="beta-vae", method=BetaVAERecipe(beta=Linear(0.0, 4.0, steps=100), latent_dim=3)),
    "labels": Experiment(
        recipe="s2-beta-vae",
        method=S2BetaVAERecipe(supervision=SupervisionRecipe(gamma_sup=7.0)),
        labels=100,
        label_seed=3,
    ),
    "loop": Experiment(
        recipe="vae", method=VAERecipe(), data="digits", loop=Loop(steps=5, clip=1.0, wandb="project", log_every=2)
    ),
}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_plain_and_back_is_the_same_experiment_through_json_too(name: str) -> None:
    experiment = EXPERIMENTS[name]
    assert Experiment.from_plain(experiment.plain()) == experiment
    assert Experiment.from_plain(json.loads(json.dumps(experiment.plain()))) == experiment


def test_what_a_config_leaves_out_is_the_recipes_default() -> None:
    read = Experiment.from_plain({"recipe": "beta-vae", "method": {"latent_dim": 3}, "loop": {"seed": 7}})
    assert read.method == dataclasses.replace(RECIPES["beta-vae"].recipe, latent_dim=3)  # type: ignore[type-var]
    assert read.loop == Loop(seed=7)
    assert read == Experiment(recipe="beta-vae", method=read.method, loop=read.loop)


def test_the_config_of_a_run_repeats_it(run: Run) -> None:
    read = Experiment.from_plain(run.config)
    assert read.method == VAERecipe(**SMALL)
    assert (read.data, read.loop.steps) == (WORLD, 3)
    assert run.config["data_spec"] == to_plain(load_data(WORLD).spec)
    assert run.config["provenance"]["data_digest"] == load_data(WORLD).digest


@pytest.mark.parametrize(
    ("recipe", "labels", "told"),
    [("vae", None, []), ("vfae", None, ["shape"]), ("m2", 20, []), ("vib", None, ["shape"])],
)
def test_a_config_says_what_a_method_is_told_of_every_example(
    recipe: str, labels: int | None, told: list[str], tmp_path: Path
) -> None:
    run = Run(tmp_path)
    experiment = Experiment(recipe=recipe, method=find_recipe(recipe), data=WORLD, labels=labels)
    data = load_data(WORLD)
    begin(experiment, run, data, build_sources(experiment, data))
    assert run.config["told"] == told
    assert Experiment.from_plain(run.config) == experiment


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "no recipe": ({"data": "digits"}, "names no recipe"),
    "recipe": ({"recipe": "beta-vea"}, "unknown method 'beta-vea'; did you mean 'beta-vae'"),
    "key": ({"recipe": "vae", "lables": 3}, "'lables'; did you mean 'labels'"),
    "method's key": ({"recipe": "beta-vae", "method": {"bta": 3}}, "unknown key 'method.bta'; did you mean 'beta'"),
    "key of a nested choice": (
        {"recipe": "s2-beta-vae", "method": {"gamma_sup": 8}},
        "unknown key 'method.gamma_sup'; it lies in method.supervision",
    ),
    "option of the loop": ({"recipe": "vae", "steps": 8}, "unknown key 'steps'; it lies in loop"),
    "loop's key": ({"recipe": "vae", "loop": {"sed": 3}}, "unknown key 'loop.sed'; did you mean 'seed'"),
    "type": ({"recipe": "vae", "loop": {"steps": "many"}}, "loop.steps: expected `int`, got 'many'"),
    "schedule": ({"recipe": "beta-vae", "method": {"beta": "linaer(start=0)"}}, "unknown schedule 'linaer'"),
    "no object": ({"recipe": "vae", "loop": [1]}, "loop must be a mapping"),
    "value": ({"recipe": "vae", "loop": {"accumulate": 0}}, "loop.accumulate must be at least 1, not 0"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_config_is_named_with_a_hint(mistake: str) -> None:
    plain, expected = MISTAKES[mistake]
    with pytest.raises(MetapriorError) as fault:
        Experiment.from_plain(plain)
    assert expected in str(fault.value)


@pytest.mark.parametrize("recipe", [VAERecipe(**SMALL), FactorVAERecipe(**SMALL), S2BetaVAERecipe(**SMALL)])
def test_a_recipe_handed_over_as_an_object_comes_back_too(recipe: Any, tmp_path: Path) -> None:
    labels = 8 if recipe.needs_labels else None
    trained = small_run(tmp_path / "run", recipe, labels=labels)
    assert Experiment.from_plain(trained.config).method == recipe
    assert isinstance(load(trained.folder), Method)


OWN = """
from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
import torch
from metaprior.core import Adam, Epochs, Method, Player, Term

class Mean(Method):
    def __init__(self):
        super().__init__()
        self.register_buffer("age", torch.zeros((), dtype=torch.long))
        self.level = torch.nn.Linear(1, 1)
    def players(self):
        return (Player("mean", ("level",), Adam(lr=0.1), ema=0.5),)
    def streams(self):
        return {"images": Epochs(4)}
    def forward(self, player, batches, step):
        return {"error": Term((batches["images"].images - self.level.bias).square().mean())}
    def after(self, player, step):
        self.age += 1

@dataclass(frozen=True)
class Own:
    needs_labels: ClassVar[bool] = False
    width: int = 1
    def build(self, data):
        return Mean()
"""


@pytest.fixture
def own(tmp_path: Path) -> str:
    """The name of a recipe in a file of one's own, whose player keeps an average."""
    (tmp_path / "own.py").write_text(OWN)
    return f"{tmp_path}/own.py:Own"


def test_averaged_weights_are_taken_where_there_are_some_unless_refused(own: str, tmp_path: Path) -> None:
    trained = train(own, data=WORLD, out=tmp_path / "run", steps=5, progress=False)
    last, average = trained.read_weights(), trained.read_weights("average")
    assert average.keys() == {"level.weight", "level.bias"}
    assert not torch.equal(last["level.bias"], average["level.bias"])
    for taken, expected in ((True, last | average), (False, last)):
        found = load(trained.folder, average=taken).state_dict()
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert load(trained.folder).state_dict()["age"] == 5


def test_a_recipe_of_ones_own_handed_over_as_an_object_is_found_again(own: str, tmp_path: Path) -> None:
    trained = train(find_recipe(own), data=WORLD, out=tmp_path / "run", method={"width": 2}, steps=1, progress=False)
    assert Experiment.from_plain(trained.config).plain()["method"] == {"width": 2}
    assert load(trained.folder).state_dict().keys() == {"age", "level.weight", "level.bias"}


def test_a_recipe_that_no_one_finds_again_is_refused_before_it_is_trained(tmp_path: Path) -> None:
    @dataclasses.dataclass(frozen=True)
    class Hidden(VAERecipe):
        pass

    with pytest.raises(MetapriorError, match="define it at the top of a file"):
        small_run(tmp_path / "run", Hidden())
    assert not (tmp_path / "run").exists()


def test_a_loaded_model_is_ready_to_be_used(run: Run) -> None:
    method = load(run.folder)
    assert not method.training
    for name, value in run.read_weights().items():
        assert torch.equal(method.state_dict()[name], value), name


def test_a_run_in_float64_is_shown_images_as_any_other_and_keeps_its_precision(tmp_path: Path) -> None:
    folder = small_run(tmp_path / "run", steps=1, precision="float64").folder
    assert load(folder).encode(torch.rand(2, 1, 16, 16)).dtype == torch.float32
    weights = Run(folder).read_weights()
    for name, value in load(folder, dtype=torch.float64).state_dict().items():
        assert torch.equal(value, weights[name])
        assert value.dtype == torch.float64


def test_starting_weights_depend_on_the_seed_alone() -> None:
    once, again, other = (build_method(VAERecipe(**SMALL), SPEC, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(once[name], again[name]) for name in once)
    assert not all(torch.equal(once[name], other[name]) for name in once)
    before = torch.get_rng_state()
    build_method(VAERecipe(**SMALL), SPEC, 1)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_warm_start_copies_what_fits_and_leaves_the_rest(run: Run) -> None:
    wider = build_method(VAERecipe(**SMALL | {"latent_dim": 7}), SPEC, seed=9)
    before = {name: value.clone() for name, value in wider.state_dict().items()}
    given = run.read_weights()
    warm_start(wider, run.folder)
    fitting = {name for name, value in given.items() if value.shape == before[name].shape}
    assert fitting
    assert fitting != given.keys()
    for name, value in wider.state_dict().items():
        assert torch.equal(value, given[name] if name in fitting else before[name]), name


def test_a_warm_start_trains_on_from_there(run: Run, tmp_path: Path) -> None:
    trained = small_run(tmp_path / "run", "factor-vae", steps=0, warm_start=str(run.folder))
    for name, value in run.read_weights().items():
        assert torch.equal(trained.read_weights()[name], value), name


def test_a_warm_start_where_nothing_fits_is_refused_before_anything_is_written(own: str, tmp_path: Path) -> None:
    other = train(own, data=WORLD, out=tmp_path / "other", steps=1, progress=False)
    with pytest.raises(MetapriorError, match=r"no tensor of .*other fits this method"):
        small_run(tmp_path / "run", warm_start=str(other.folder))
    with pytest.raises(MetapriorError, match=r"holds no model\.safetensors"):
        small_run(tmp_path / "run", warm_start=str(tmp_path / "nowhere"))
    assert not (tmp_path / "run").exists()


def test_a_run_is_not_written_over_and_a_foreign_folder_not_written_into(run: Run, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(MetapriorError, match="already holds a run; go on with --resume"):
        small_run(run.folder)
    with pytest.raises(MetapriorError, match="exists and is no run"):
        small_run(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_folder_made_beforehand_is_taken(tmp_path: Path) -> None:
    assert small_run(tmp_path, steps=1).finished


@pytest.mark.parametrize(("change", "allowed"), [({"steps": 5}, True), ({"seed": 1}, False), ({"clip": 1.0}, False)])
def test_what_may_change_on_resume(change: dict[str, Any], allowed: bool, tmp_path: Path) -> None:
    small_run(tmp_path / "run", steps=2)
    if allowed:
        assert small_run(tmp_path / "run", resume=True, **change).config["loop"]["steps"] == 5
        return
    (name, value), *_ = change.items()
    with pytest.raises(MetapriorError, match=rf"begun with loop\.{name} = .*, not {value!r}"):
        small_run(tmp_path / "run", resume=True, **({"steps": 2} | change))


def test_options_of_the_loop_are_keywords_and_a_typo_has_a_hint(tmp_path: Path) -> None:
    with pytest.raises(MetapriorError, match=r"unknown key 'loop\.sedd'; did you mean 'seed'"):
        small_run(tmp_path / "run", sedd=3)
    with pytest.raises(MetapriorError, match=r"unknown key 'method\.bata'; did you mean 'beta' or 'batch'"):
        train("beta-vae", data=WORLD, method={"bata": 3}, out=tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()


def test_labels_are_asked_for_where_they_are_needed_and_only_there() -> None:
    world = load_data(WORLD)
    with pytest.raises(MetapriorError, match="say how many, such as --labels 100"):
        build_sources(EXPERIMENTS["s2-beta-vae"], world)
    with pytest.raises(MetapriorError, match="vae uses no labels"):
        build_sources(dataclasses.replace(EXPERIMENTS["vae"], labels=3), world)
    assert len(build_sources(EXPERIMENTS["labels"], world)["labelled"]) == 100


def test_the_same_label_seed_is_the_same_labelled_set_whatever_the_methods_seed() -> None:
    def labelled(label_seed: int, seed: int) -> torch.Tensor:
        experiment = dataclasses.replace(EXPERIMENTS["labels"], label_seed=label_seed, loop=Loop(seed=seed))
        return build_sources(experiment, load_data(WORLD))["labelled"].gather(torch.arange(100)).factors

    assert torch.equal(labelled(3, seed=0), labelled(3, seed=1))
    assert not torch.equal(labelled(3, seed=0), labelled(4, seed=0))


def test_carrying_out_tells_how_it_went(tmp_path: Path) -> None:
    experiment = Experiment(recipe="vae", method=VAERecipe(**SMALL), data=WORLD, loop=Loop(steps=2))
    run, result = carry_out(experiment, tmp_path / "run", progress=False)
    assert (result.steps, result.interrupted) == (2, False)
    assert run.finished


def test_a_finished_run_is_not_called_finished_at_fewer_steps(run: Run) -> None:
    with pytest.raises(MetapriorError, match=r"done 3 steps, more than 2"):
        small_run(run.folder, resume=True, steps=2)


def test_a_run_does_not_go_on_with_data_that_have_changed(tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "pictures").mkdir()
    for i in range(4):
        Image.new("L", (8, 8), 60 * i).save(tmp_path / "pictures" / f"{i}.png")
    options = {"data": f"folder:path={tmp_path}/pictures", "out": tmp_path / "run", "method": SMALL, "progress": False}
    train("vae", steps=2, **options)  # type: ignore[arg-type]
    Image.new("L", (8, 8), 255).save(tmp_path / "pictures" / "0.png")
    with pytest.raises(MetapriorError, match="was begun on other data"):
        train("vae", steps=4, resume=True, **options)  # type: ignore[arg-type]


def test_only_one_process_trains_into_a_folder(run: Run) -> None:
    with run.alone(), pytest.raises(MetapriorError, match="another process is training into"):
        small_run(run.folder, resume=True, steps=9)


def test_whatever_goes_wrong_before_the_first_step_leaves_nothing(tmp_path: Path) -> None:
    class Broken(Callback):
        def begin(self, method, loop, run, step):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        small_run(tmp_path / "run", callbacks=[Broken()])
    assert not (tmp_path / "run").exists()
