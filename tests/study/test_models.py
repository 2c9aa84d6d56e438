"""Models with their scores: those of the results, by their fields and in the order asked for."""

from pathlib import Path

import numpy as np
import pytest

from metaprior.core import MetapriorError
from metaprior.study.models import Models, read_models

FIELDS = (
    {"id": "a", "recipe": "beta-vae", "beta": 1.0, "labels": None},
    {"id": "b", "recipe": "beta-vae", "beta": 4.0, "labels": None},
    {"id": "c", "recipe": "s2-beta-vae", "beta": 4.0, "gamma_sup": 8.0, "labels": 100},
)
COLUMNS = {
    ("test", "mig", "mean", None, None, None): {"a": 0.1, "b": 0.2, "c": 0.3},
    ("validation", "mig", None, 100, "noisy", 3): {"a": 0.4, "b": np.nan},
    ("criterion", "supervised", None, None, None, None): {"c": 2.5},
}
MODELS = Models(FIELDS, COLUMNS)


def test_models_are_found_by_their_fields() -> None:
    assert MODELS.where(beta=4.0, recipe="s2-beta-vae").field("id") == ["c"]
    assert MODELS.where(recipe=("beta-vae", "s2-beta-vae"), labels=None).field("id") == ["a", "b"]
    assert MODELS.field("gamma_sup") == [None, None, 8.0]
    assert {key: len(group) for key, group in MODELS.groups("recipe").items()} == {
        ("beta-vae",): 2,
        ("s2-beta-vae",): 1,
    }
    with pytest.raises(MetapriorError, match="unknown field of a model 'bta'; did you mean 'beta'"):
        MODELS.where(bta=4.0)


def test_scores_stand_in_the_order_of_the_models_and_lack_where_there_is_none() -> None:
    assert MODELS.test("mig").tolist() == [0.1, 0.2, 0.3]
    assert np.isnan(MODELS.validation("mig", 100, 3, "noisy")).tolist() == [False, True, True]
    assert MODELS.where(labels=100).criterion("supervised").tolist() == [2.5]
    with pytest.raises(MetapriorError, match="no model was asked for validation mig 100 perfect 0"):
        MODELS.validation("mig", 100)


def test_models_are_read_from_a_study_s_folder(tmp_path: Path) -> None:
    from tests.study.synthetic import write_study

    write_study(tmp_path, 30)
    models = read_models(tmp_path)
    assert len(models) == 30
    some = models.field("id")[7:2:-1]
    chosen = models.of(["nowhere", *some])
    assert chosen.field("id") == some
    name = next(key[1] for key in models.columns if key[0] == "test")
    assert np.array_equal(chosen.test(name), models.test(name)[7:2:-1], equal_nan=True)
    assert "method" not in models.fields[0]
