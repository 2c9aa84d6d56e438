"""Runs that the tests of this room share."""

from pathlib import Path

import pytest

from metaprior.study import train
from tests.study.cohorts import SMALL, WORLD


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three runs with labels, of which the last has hardly learned."""
    folder = tmp_path_factory.mktemp("cohort")
    trained = []
    for name, steps in (("a", 150), ("b", 60), ("c", 1)):
        run = train(
            "s2-beta-vae", data=WORLD, labels=40, label_share=0.75, method=SMALL | {"beta": 1.0}, steps=steps,
            out=folder / name, progress=False,
        )  # fmt: skip
        trained.append(run.folder)
    return trained
