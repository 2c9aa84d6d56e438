"""``metaprior study``: what it tells beforehand, and what it refuses."""

import json
from types import SimpleNamespace

import pytest

from metaprior.commands.study import tell_cost
from metaprior.study.running import Progress
from tests.test_cli import call

WORLD = "dsprites:size=16,scale=2,orientation=1,position_x=4,position_y=4"
STUDY = f"""
name: tiny
common: {{loop.steps: 1000, loop.threads: 1}}
judge: {{metrics: [mig], train: 100, test: 50}}
parts:
  without: {{data: "{WORLD}", recipe: beta-vae, method.beta: [1.0, 4.0], labels: [10, 20]}}
  elsewhere: {{recipe: [beta-vae, factor-vae], data: cars3d}}
desk:
  common: {{loop.steps: 5}}
  parts: [without]
"""


def test_a_dry_run_counts_times_and_trains_nothing(capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.yaml").write_text(STUDY)
    code, out, err = call(capsys, "study", "tiny.yaml", "--dry-run", "--json")
    told = json.loads(out)
    assert code == 0
    assert (told["points"], told["trainings"]) == (6, 4)
    assert {name: part["trainings"] for name, part in told["parts"].items()} == {"without": 2, "elsewhere": 2}
    assert told["parts"]["without"]["core_hours"] > 0
    assert told["parts"]["elsewhere"]["core_hours"] > 0
    assert "cars3d" in told["missing"]
    assert "timing beta-vae" in err
    assert "timing beta-vae on cars3d" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.yaml"]


def test_as_many_cores_are_counted_as_there_are_trainings(capsys, monkeypatch) -> None:
    study = SimpleNamespace(parts={"a": 5}, grid=range(5), tasks=["one"])
    cost = SimpleNamespace(hours={"a": 1.5}, trainings={"a": 1}, total=1.5, missing={})
    monkeypatch.setattr("metaprior.study.estimate", lambda study, report: cost)
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    for tasks, wall in ((["one"], "1 h 30 min"), (range(20), "11 min 15 s")):
        study.tasks = tasks
        tell_cost(study, quiet=True, json=False)
        assert f"On this machine's 8 cores about {wall}." in capsys.readouterr().out


def test_the_desk_scale_is_trained_and_told(capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.yaml").write_text(STUDY)
    code, out, err = call(capsys, "study", "tiny.yaml", "--desk", "--workers", "1")
    assert code == 0
    assert "studies/tiny-desk: 2 of 2 trainings are done" in out
    assert "tiny-desk: 2/2" in err
    assert "not in the file" not in out
    code, out, _ = call(capsys, "study", "tiny.yaml", "--desk", "--shard", "2/2", "--json")
    assert (code, json.loads(out)["done"], json.loads(out)["others"]) == (0, 1, 0)
    (tmp_path / "tiny.yaml").write_text(STUDY.replace("[1.0, 4.0]", "[4.0]"))
    code, out, _ = call(capsys, "study", "tiny.yaml", "--desk")
    assert "the folder holds 1 that are not in the file" in out


@pytest.mark.parametrize(
    ("words", "workers", "cohort"),
    [([], 6, 1), (["--cohort", "8"], 1, 8), (["--cohort", "8", "--workers", "3"], 3, 8), (["--workers", "0"], 0, 1)],
)
def test_a_process_a_core_or_one_for_cohorts(words, workers, cohort, capsys, tmp_path, monkeypatch) -> None:
    asked = {}

    def run_study(study, folder, **options):
        asked.update(options)
        return Progress(0)

    monkeypatch.setattr("os.cpu_count", lambda: 6)
    monkeypatch.setattr("metaprior.study.run_study", run_study)
    assert call(capsys, "study", "unsupervised", "--desk", "--out", tmp_path, *words)[0] == 0
    assert (asked["workers"], asked["cohort"]) == (workers, cohort)


MISTAKES = {
    "no file": ([], "say which study: metaprior study FILE"),
    "a file that is not there": (["no.yaml"], "no.yaml cannot be read: No such file"),
    "a shard of words": (["few_labels", "--shard", "first"], "a shard is written I/N, such as 2/8, not 'first'"),
    "a shard beyond": (["unsupervised", "--desk", "--shard", "3/2"], "a shard is one of 1 to 2, as in 1/2, not 3"),
    "no workers": (["unsupervised", "--desk", "--workers", "-1"], "a study cannot have -1 workers"),
    "no members": (["unsupervised", "--desk", "--cohort", "0"], "a study cannot have cohorts of 0; 1 trains each"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("more", [[], ["--dry-run"]], ids=["", "dry run"])
def test_what_cannot_be_carried_out_is_named(mistake, more, capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    words, said = MISTAKES[mistake]
    code, out, err = call(capsys, "study", *words, *more)
    assert (code, out) == (2, "")
    assert said in err
    assert not list(tmp_path.iterdir())
