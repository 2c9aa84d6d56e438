"""A method built around another run's model: a student learns from a teacher that neither changes nor is saved."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from metaprior.core import MetapriorError
from metaprior.data import load as load_data
from metaprior.study import load, train
from metaprior.training import Run

STUDENT = '''
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn

from metaprior.core import Adam, Epochs, Method, Player, Term


class Student(Method):
    """A linear map whose codes match a teacher's."""

    frozen = ("teacher",)

    def __init__(self, pixels, teacher):
        super().__init__()
        self.teacher = teacher
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(pixels, 3))

    def players(self):
        return (Player("student", ("encoder",), Adam(lr=1e-2)),)

    def streams(self):
        return {"pictures": Epochs(64)}

    def forward(self, player, batches, step):
        images = batches["pictures"].images
        with torch.no_grad():
            target = self.teacher.encode(images)
        return {"squared_error": Term((self.encoder(images) - target).square().mean())}

    def encode(self, images):
        return self.encoder(images)


@dataclass(frozen=True, kw_only=True)
class StudentRecipe:
    """A student of another run's model."""

    needs_labels: ClassVar[bool] = False
    models: ClassVar[tuple[str, ...]] = ("teacher",)
    teacher: str = ""

    def build(self, data, teacher=None):
        return Student(data.image_shape[1] * data.image_shape[2], teacher)


recipe = StudentRecipe()
'''


@pytest.fixture
def teacher(tmp_path: Path) -> Run:
    choices = {"latent_dim": 3, "nets": "mlp", "lr": 1e-3}
    return train("vae", data="digits", steps=5, method=choices, out=tmp_path / "teacher", progress=False)


def test_a_student_learns_from_another_runs_model(tmp_path: Path, teacher: Run) -> None:
    (tmp_path / "student.py").write_text(STUDENT)
    student = train(
        f"{tmp_path}/student.py:recipe", data="digits", steps=60, method={"teacher": str(teacher.folder)},
        out=tmp_path / "student", progress=False, log_every=1,
    )  # fmt: skip
    errors = [
        json.loads(line)["terms"]["student/squared_error"]
        for line in (student.folder / "metrics.jsonl").read_text().splitlines()
    ]
    assert errors[-1] < 0.5 * errors[0]
    assert student.read_weights().keys() == {"encoder.1.weight", "encoder.1.bias"}
    images = load_data("digits").gather(torch.arange(8)).images
    with_teacher = load(student.folder)
    for name, value in load(teacher.folder).state_dict().items():
        assert torch.equal(with_teacher.get_submodule("teacher").state_dict()[name], value)
    shutil.rmtree(teacher.folder)
    assert torch.equal(load(student.folder).encode(images), with_teacher.encode(images))  # type: ignore[operator]


def test_a_teacher_that_is_no_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "student.py").write_text(STUDENT)
    with pytest.raises(MetapriorError, match="nowhere is not a run"):
        train(f"{tmp_path}/student.py:recipe", data="digits", steps=1, method={"teacher": "nowhere"}, progress=False)
