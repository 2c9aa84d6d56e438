import base64
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metaprior.report import view_study
from metaprior.report.study_page import render_study, summary
from tests.study.synthetic import TEST, result, write_failure, write_result, write_study


def content(text: str) -> dict[str, Any]:
    """What the page's script reads."""
    return json.loads(re.findall(r'<script type="application/json" id="content">(.*?)</script>', text, re.DOTALL)[0])


def scores(packed: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Each run's scores by their names, from what the page holds."""
    found: dict[str, dict[str, float]] = {run: {} for run in packed["ids"]}
    for column in packed["columns"]:
        block = packed["blocks"][column["block"]]
        places = np.frombuffer(base64.b64decode(block["runs"]), "<u4")
        values = np.frombuffer(base64.b64decode(block["values"][column["at"]]), "<f4")
        for place, value in zip(places, values, strict=True):
            found[packed["ids"][place]][column["name"]] = float(value)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("few-labels")
    write_study(folder, 40)
    return folder


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return render_study(view_study(folder))


def test_the_numbers_in_the_page_are_those_of_the_tables(folder: Path, page: str) -> None:
    study = view_study(folder)
    found = scores(content(page))
    for i, run in enumerate(study.runs):
        known = {column.name: column.values[i] for column in study.columns if np.isfinite(column.values[i])}
        assert found[run["id"]] == pytest.approx(known, rel=1e-6)


def test_each_run_is_what_its_table_says(folder: Path, page: str) -> None:
    packed = content(page)
    fields = {name: [each["names"][i] for i in each["of"]] for name, each in packed["fields"].items()}
    for i, run in enumerate(view_study(folder).runs):
        labels = f"{run['labels']:,}" if run["labels"] else "none"
        of_run = (run["id"], run["recipe"], run["data"], labels, run["labeller"] or "none", run["seed"])
        names = ("recipe", "data", "labels", "labeller")
        assert (packed["ids"][i], *(fields[name][i] for name in names), packed["seeds"][i]) == of_run


def test_recipes_of_one_family_share_a_hue_and_those_with_labels_are_rings(page: str) -> None:
    packed = content(page)
    marks = dict(zip(packed["fields"]["recipe"]["names"], packed["recipes"], strict=True))
    assert marks["beta-vae"]["hue"] == marks["s2-beta-vae"]["hue"] != marks["factor-vae"]["hue"]
    assert [name for name, mark in marks.items() if mark["ring"]] == [name for name in marks if name.startswith("s2-")]


def test_the_sentence_names_the_best(folder: Path) -> None:
    study = view_study(folder)
    best = max(column.values.max() for column in study.columns if column.name == "MIG")
    assert summary(study).startswith(f"40 models. The best MIG, {best:.2f}, is of ")


def test_nothing_outside_is_asked_for_and_one_script_may_run(page: str) -> None:
    addresses = re.findall(r"""(?:src|href|action)\s*=\s*["']([^"']*)""", page)
    assert all(address.startswith("data:") for address in addresses)
    assert not re.search(r"@import|<iframe|<object|https?://|url\(", page)
    assert page.count("<script>") == 1


def test_names_from_files_are_escaped(tmp_path: Path) -> None:
    evil = '</script><script>alert("x")</script>'
    [told] = write_study(tmp_path, 1)
    told["experiment"] |= {"recipe": evil, "data": evil, "method": {evil: 1.0}}
    told["scores"] = [{"kind": "test", "score": evil, "value": 0.5}, {"kind": "test", "score": "b", "value": None}]
    told["scores"][1]["reason"] = evil
    write_result(tmp_path, told)
    write_failure(tmp_path, "f" * 12, evil)
    text = render_study(view_study(tmp_path))
    assert "<script>alert" not in text
    assert text.count("<script>") == 1
    assert scores(content(text))[told["id"]] == {evil.replace("_", " "): 0.5}


def test_failures_are_listed_by_their_reasons(tmp_path: Path) -> None:
    for i in range(3):
        write_failure(tmp_path, f"{i:012x}", "the loss is not a number" if i else "no data")
    text = render_study(view_study(tmp_path))
    told = re.sub(r"<[^>]+>", " ", text[text.index("What failed") :])
    assert re.search(r"2\s+the loss is not a number\s+000000000001 and 1 more\s+000000000001 000000000002", told)
    assert 'id="strips"' not in text
    assert "0 models; 3 failed." in text


def test_a_study_of_one_run_and_a_run_without_scores_have_pages(tmp_path: Path) -> None:
    [told] = write_study(tmp_path, 1)
    assert len(scores(content(render_study(view_study(tmp_path))))[told["id"]]) == len(told["scores"])
    write_result(tmp_path, told | {"scores": []})
    assert "These runs have no scores" in render_study(view_study(tmp_path))


def test_a_missing_value_is_left_out_and_its_reason_is_told(tmp_path: Path) -> None:
    told = write_study(tmp_path, 3)
    told[0]["scores"][0] |= {"value": None, "reason": "every code is constant"}
    write_result(tmp_path, told[0])
    text = render_study(view_study(tmp_path))
    found = scores(content(text))
    assert "MIG" not in found[told[0]["id"]]
    assert "MIG" in found[told[1]["id"]]
    section = text[text.index("Scores without a value") :].split("<tbody>")[1].split("</tbody>")[0]
    assert re.findall(r">([^<>]+)</t[hd]>", section) == ["MIG", "1", "every code is constant"]


def test_where_runs_have_other_scores_all_columns_are_there(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for i, names in enumerate((TEST[:2], TEST[1:4])):
        write_result(tmp_path, result(i, rng, test=names))
    packed = content(render_study(view_study(tmp_path)))
    assert {column["score"] for column in packed["columns"] if column["kind"] == "test"} == set(TEST[:4])
