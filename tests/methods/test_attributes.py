"""What is known of an example: where it is missing, methods that are told it of each say so before they train."""

import numpy as np
import pytest
import torch

from metaprior.core import Batch, DataSpec, Explains, MetapriorError
from metaprior.data import load as load_data
from metaprior.judge import rate_distortion
from metaprior.methods import Attribute, find_attribute, find_known_attribute
from metaprior.study import load, train

DATA = DataSpec(
    classes=3, factor_names=("site", "kind"), factor_sizes=(2, 4),
    examples=20, missing_labels=5, missing_factors=(0, 7),
)  # fmt: skip
SMALL = {"nets": "linear", "latent_dim": 2, "batch": 8}


@pytest.mark.parametrize(
    ("name", "said"), [(None, "'label' is missing in 5 of 20 examples"), ("kind", "'kind' is missing in 7 of 20")]
)
def test_one_that_some_examples_lack_is_refused_where_each_must_have_it(name, said):
    assert find_attribute(DATA, name).size > 1
    with pytest.raises(MetapriorError, match=said):
        find_known_attribute(DATA, name)


def test_one_that_all_have_is_found():
    assert find_known_attribute(DATA, "site") == find_attribute(DATA, "site") == Attribute("site", 2, 0)
    assert find_known_attribute(DataSpec(classes=3)) == Attribute("label", 3)


def test_a_missing_value_is_told_as_where_none_is_given():
    batch = Batch({"values": torch.zeros(3, 5, dtype=torch.float64), "labels": torch.tensor([1, -1, 0])})
    told = Attribute("label", 4).one_hot(batch)
    assert told.dtype == torch.float64
    assert told.tolist() == [[0, 1, 0, 0], [0.25] * 4, [1, 0, 0, 0]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Archives of 40 vectors in which 10 lack their label and their first factor."""
    folder = tmp_path_factory.mktemp("arrays")
    values = np.random.default_rng(0).normal(size=(40, 5))
    labels = np.arange(40) % 3
    some = np.where(np.arange(40) % 4 == 0, -1, labels)
    np.savez(folder / "labels.npz", values=values, labels=some)
    np.savez(
        folder / "factors.npz", values=values, factors=np.stack([some, labels], 1), factor_names=np.array(["a", "b"])
    )
    np.savez(folder / "complete.npz", values=values, labels=labels)
    return folder


TOLD = {"cvae": {}, "vfae": {}, "fader": {"critic_width": 8}, "hsic-vae": {}, "dc-ign": {}}
"""Methods that are told an attribute of each example, and what is small of them."""


@pytest.mark.parametrize("recipe", TOLD)
@pytest.mark.parametrize("column", ["label", "a"])
def test_training_says_that_labels_are_missing_and_leaves_nothing(recipe, column, folder, tmp_path):
    data = f"arrays:path={folder}/{'labels' if column == 'label' else 'factors'}.npz,test=0"
    method = SMALL | TOLD[recipe] | {"attribute": column}
    with pytest.raises(MetapriorError, match=f"'{column}' is missing in 10 of 40 examples") as fault:
        train(recipe, data=data, out=tmp_path / "run", method=method, steps=2, progress=False)
    assert "\n" not in str(fault.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("recipe", TOLD)
def test_an_attribute_that_no_example_lacks_trains_beside_one_that_some_do(recipe, folder, tmp_path):
    data = f"arrays:path={folder}/factors.npz,test=0"
    method = SMALL | TOLD[recipe] | {"attribute": "b"}
    assert train(recipe, data=data, out=tmp_path / "run", method=method, steps=2, progress=False).finished


@pytest.mark.parametrize("recipe", ["vib", "information-dropout"])
def test_a_bottleneck_learns_from_those_that_have_their_label(recipe, folder, tmp_path):
    data = f"arrays:path={folder}/labels.npz,test=0"
    assert train(recipe, data=data, out=tmp_path / "run", method=SMALL, steps=2, progress=False).finished


def test_vfae_learns_a_target_that_some_examples_lack(folder, tmp_path):
    data, method = f"arrays:path={folder}/factors.npz,test=0", SMALL | {"attribute": "b", "target": "a"}
    run = train("vfae", data=data, out=tmp_path / "run", method=method, steps=2, progress=False)
    model = load(run.folder)
    assert isinstance(model, Explains)
    scores = rate_distortion(model, load_data(data), images=8, samples=2).scores
    assert scores["rate"].value is not None


@pytest.mark.parametrize("recipe", TOLD)
def test_a_trained_model_is_judged_on_examples_that_lack_it(recipe, folder, tmp_path):
    complete, some = (f"arrays:path={folder}/{name}.npz,test=0" for name in ("complete", "labels"))
    method = SMALL | TOLD[recipe] | {"attribute": "label"}
    run = train(recipe, data=complete, out=tmp_path / "run", method=method, steps=2, progress=False)
    model = load(run.folder)
    assert isinstance(model, Explains)
    scores = rate_distortion(model, load_data(some), images=8, samples=2).scores
    assert scores["distortion"].value is not None


def test_a_factor_of_one_value_is_known_and_tells_nothing() -> None:
    spec = DataSpec(factor_names=("site", "kind"), factor_sizes=(1, 3))
    with pytest.raises(MetapriorError, match="'site' has one value in all examples"):
        find_attribute(spec, "site")
