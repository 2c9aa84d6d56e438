import re
from pathlib import Path

import numpy as np
import pytest

from metaprior.report import study_pictures, view_study
from metaprior.report.study_page import render_study
from metaprior.report.study_pictures import BEST, best_runs, drawings
from metaprior.report.tables import HeatMap
from metaprior.report.view import RunView
from metaprior.study import train
from metaprior.study.results import compact
from tests.study.cohorts import SMALL, WORLD
from tests.study.synthetic import write_result, write_study


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three results, of which the first has a model."""
    folder = tmp_path_factory.mktemp("study")
    for place, told in enumerate(write_study(folder, 3)):
        told["experiment"]["data"] = WORLD
        for score in told["scores"]:
            score["value"] = 0.9 - 0.1 * place
        write_result(folder, told)
    first = view_study(folder).folder / "runs" / "000000000000"
    (first / "result.json").rename(folder / "kept.json")
    first.rmdir()
    train("beta-vae", data=WORLD, method=SMALL | {"beta": 0.1}, steps=60, out=first, progress=False)
    (folder / "kept.json").rename(first / "result.json")
    return folder


def test_a_legend_tells_the_colours_of_each_data_set(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = view_study(folder)
    values = np.eye(SMALL["latent_dim"], 3)
    table = HeatMap(
        [f"code_{i}" for i in range(len(values))], ["shape", "position_x", "scale"], values, [*range(len(values))]
    )
    monkeypatch.setattr(study_pictures, "heat_map", lambda *_: table)
    text = render_study(study)
    section = text[text.index('id="drawings"') : text.index('id="agreement"')]
    [legend] = re.findall(r'<p class="legend">(.*?)</p>', section)
    assert re.findall(r'<b class="key (f\d)"></b>([^<]+)', legend) == [
        ("f0", "shape"), ("f1", "position x"), ("f2", "scale"),
    ]  # fmt: skip
    assert {f"f{i}" for i in range(3)} >= set(re.findall(r'<i class="(f\d)"', section)) != set()


def test_the_best_of_each_data_set_are_drawn_by_each_headline_score(tmp_path: Path) -> None:
    write_study(tmp_path, 60)
    study = view_study(tmp_path)
    best = best_runs(study)
    for name in {run["data"] for run in study.runs}:
        here = [i for i, run in enumerate(study.runs) if run["data"] == name]
        for place in study.headline:
            values = study.columns[place].values
            chosen = [run for run, scores in best.items() if run in here and study.columns[place].name in scores]
            assert len(chosen) == min(BEST, len(here))
            assert min(values[chosen]) >= np.sort(values[here])[-BEST:].min()


def test_the_model_is_drawn_and_a_run_without_one_says_why(folder: Path) -> None:
    study = view_study(folder)
    drawn = {study.runs[each.run]["id"]: each for each in drawings(study)}
    assert set(drawn) == {"000000000000", "000000000001"}
    gallery = drawn["000000000000"].gallery
    assert gallery is not None
    assert 1 <= len(gallery.traversals) <= SMALL["latent_dim"]
    assert gallery.side == (16, 16)
    assert "holds no config.json" in drawn["000000000001"].note


def test_the_pictures_are_in_the_page(folder: Path) -> None:
    text = render_study(view_study(folder))
    section = text[text.index('id="drawings"') : text.index('id="agreement"')]
    figures = re.findall(r'<figure data-run="(\d+)">(.*?)</figure>', section, re.DOTALL)
    assert [place for place, _ in figures] == ["1"]  # in the order of recipes: beta-tcvae, beta-vae, factor-vae
    assert figures[0][1].count("<img") == figures[0][1].count("data:image/webp") >= 1
    assert "1 of the best runs could not be drawn" in section


def test_a_compacted_run_keeps_its_matrices(folder: Path) -> None:
    run = folder / "runs" / "000000000000"
    (run / "scores").mkdir(exist_ok=True)
    (run / "scores" / "disentanglement.json").write_text('{"scores": {"mig": {"value": 0.5}}}')
    before = RunView.from_folder(run).scores
    compact(folder)
    assert not (run / "scores").exists()
    assert RunView.from_folder(run).scores == before == {"disentanglement": {"scores": {"mig": {"value": 0.5}}}}
