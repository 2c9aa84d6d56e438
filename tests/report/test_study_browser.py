import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from metaprior.report import view_study, write_study_report
from metaprior.report.study_view import StudyView
from tests.report.browser import PROGRAM, Browser
from tests.study.synthetic import write_failure, write_result, write_study

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no chromium on this machine")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StudyView:
    folder = tmp_path_factory.mktemp("few-labels")
    for told in write_study(folder, 300)[::9]:
        for score in told["scores"][:2]:
            score |= {"value": None, "reason": "every code is constant"}
        write_result(folder, told)
    write_failure(folder, "f" * 12, "the loss is not a number")
    return view_study(folder)


@pytest.fixture(scope="module")
def page(study: StudyView) -> Path:
    return write_study_report(study, study.folder / "report.html")


def opened(browser: Browser, page: Path, width: int = 1200, theme: str = "light") -> None:
    """Open the page and wait for what it draws last."""
    browser.open(page, width, theme)
    wait(browser, "document.getElementById('heat-note').textContent !== ''")


def wait(browser: Browser, until: str, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not browser.evaluate(until):
        assert time.monotonic() < end, until
        time.sleep(0.02)


def choose(browser: Browser, **choices: str) -> None:
    """Choose options by their words, or type."""
    for name, words in choices.items():
        browser.evaluate(
            f"""(() => {{
              const field = document.getElementById({name!r}), words = {words!r};
              const named = [...(field.options ?? [])].find(o => o.text.replace(/ \\([\\d,]+\\)$/, "") === words);
              field.value = named ? named.value : words;
              field.dispatchEvent(new Event(field.options ? "change" : "input", {{ bubbles: true }}));
            }})()"""
        )


def column(study: StudyView, name: str) -> np.ndarray:
    return next(each.values for each in study.columns if each.name == name)


def best_ids(browser: Browser) -> list[str]:
    return browser.evaluate("[...document.querySelectorAll('#best tbody tr')].map(r => r.lastChild.textContent)")


def dots(browser: Browser, canvas: str) -> int:
    """How many pixels of a canvas are drawn on."""
    return browser.evaluate(
        f"""(() => {{
          const c = document.querySelector({canvas!r});
          return c.getContext("2d").getImageData(0, 0, c.width, c.height).data.filter((v, i) => i % 4 == 3 && v).length;
        }})()"""
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_loads_without_a_complaint_and_asks_for_nothing(browser: Browser, page: Path, theme: str) -> None:
    opened(browser, page, theme=theme)
    complaints = [entry["entry"]["text"] for entry in browser.of("Log.entryAdded")]
    assert complaints + browser.of("Runtime.exceptionThrown") + browser.of("Runtime.consoleAPICalled") == []
    addresses = {sent["request"]["url"] for sent in browser.of("Network.requestWillBeSent")}
    assert {address for address in addresses if not address.startswith("data:")} == {page.as_uri()}


def test_the_best_runs_are_those_of_the_table(browser: Browser, page: Path, study: StudyView) -> None:
    opened(browser, page)
    values = np.nan_to_num(column(study, "MIG"), nan=-1)
    best = np.argsort(-values, kind="stable")[:20]
    assert best_ids(browser) == [study.runs[i]["id"] for i in best]
    shown = browser.evaluate("[...document.querySelectorAll('#best .by data')].map(d => Number(d.value))")
    assert shown == pytest.approx(values[best], rel=1e-6)


def test_of_a_loss_the_least_is_best(browser: Browser, page: Path, study: StudyView) -> None:
    opened(browser, page)
    choose(browser, **{"best-score": "negative ELBO"})
    best = np.argsort(column(study, "negative ELBO"), kind="stable")[:20]
    assert best_ids(browser) == [study.runs[i]["id"] for i in best]
    assert "Less is better" in browser.evaluate("document.getElementById('best-note').textContent")


@pytest.mark.parametrize(
    ("choices", "fits"),
    [
        ({"recipe": "S2-β-VAE"}, lambda run: run["recipe"] == "s2-beta-vae"),
        ({"data": "cars3d", "labels": "1,000"}, lambda run: run["data"] == "cars3d" and run["labels"] == 1000),
        ({"labeller": "none"}, lambda run: run["labels"] is None),
        ({"text": "factor seed=3"}, lambda run: "factor" in run["recipe"] and run["seed"] == 3),
        ({"text": "beta=1"}, lambda run: '"beta":1.0' in run["method"].replace(" ", "")),
        ({"text": "labels=1000 labeller=noisy"}, lambda run: run["labels"] == 1000 and run["labeller"] == "noisy"),
        ({"text": "no such run"}, lambda run: False),
    ],
)
def test_filters_leave_the_runs_that_fit(browser: Browser, page: Path, study: StudyView, choices: dict, fits) -> None:
    opened(browser, page)
    choose(browser, **choices)
    fitting = [i for i, run in enumerate(study.runs) if fits(run)]
    wait(browser, f"document.getElementById('chosen').textContent === '{len(fitting)} of 300 runs'")
    values = column(study, "MIG")
    valued = [i for i in fitting if np.isfinite(values[i])]
    assert set(best_ids(browser)) <= {study.runs[i]["id"] for i in valued}
    assert len(best_ids(browser)) == min(20, len(valued))
    counts = browser.evaluate(
        "[...document.querySelectorAll('#strips .middle small')].map(s => parseInt(s.textContent))"
    )
    assert sum(counts) == len(valued)
    both = sum(np.isfinite(column(study, "DCI disentanglement")[i]) for i in valued)
    assert browser.evaluate("document.getElementById('scatter-note').textContent").startswith(f"{both} of the ")


def test_all_runs_can_be_shown_again(browser: Browser, page: Path) -> None:
    opened(browser, page)
    choose(browser, text="no such run")
    wait(browser, "document.getElementById('chosen').textContent.startsWith('0 of')")
    browser.evaluate("document.querySelector('.filters button').click()")
    wait(browser, "document.getElementById('chosen').textContent === 'all 300 runs'")


def test_a_strip_shows_the_median_of_its_cohort(browser: Browser, page: Path, study: StudyView) -> None:
    opened(browser, page)
    choose(browser, recipe="β-VAE", **{"strip-score": "SAP"})
    found = browser.evaluate("[...document.querySelectorAll('#strips data')].map(d => Number(d.value))")
    values = column(study, "SAP")
    cohorts = [f"beta {beta}" for beta in (1, 2, 4, 6, 8, 16)]
    members = [[i for i, each in enumerate(study.cohorts) if each == ("beta-vae", words)] for words in cohorts]
    assert found == pytest.approx([np.median(values[runs]) for runs in members if runs], rel=1e-6)


@pytest.mark.parametrize("one_setting", [0, 1])
def test_every_recipe_has_a_heading_where_some_have_several_settings(
    browser: Browser, tmp_path: Path, one_setting: int
) -> None:
    for i, told in enumerate(write_study(tmp_path, 4)):
        told["experiment"] |= {"recipe": f"recipe-{i // 2}", "method": {"beta": i * (i // 2 == one_setting)}}
        write_result(tmp_path, told)
    opened(browser, write_study_report(view_study(tmp_path), tmp_path / "report.html"))
    rows = browser.evaluate(
        "[...document.querySelectorAll('.strip-group > b, .strip-group > span:not(.middle)')].map(e => e.textContent)"
    )
    several = [f"recipe-{one_setting}", *(f"beta {i}" for i in (2 * one_setting, 2 * one_setting + 1))]
    alone = [f"recipe-{1 - one_setting}", "one setting"]
    assert rows == (alone + several if one_setting else several + alone)


@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize(
    "choices", [("beta", (1.0, 4.0)), ("beta", (1.0, 1.0)), ("a_choice_of_a_long_name_that", ("is 1", "is not known"))]
)
def test_strips_stand_below_their_axis(browser: Browser, tmp_path: Path, width: int, choices: tuple) -> None:
    name, strengths = choices
    for told, strength in zip(write_study(tmp_path, 2), strengths, strict=True):
        told["experiment"]["method"] = {name: strength}
        write_result(tmp_path, told)
    opened(browser, write_study_report(view_study(tmp_path), tmp_path / "report.html"), width)
    boxes = browser.evaluate(
        """[...document.querySelectorAll('#strips canvas, #strips .axis-row')].map(e => e.getBoundingClientRect())
           .map(box => [box.left, box.width])"""
    )
    assert len(boxes) == 4
    assert len({tuple(box) for box in boxes}) == 1
    assert boxes[0][1] > 200


def test_the_scatter_draws_the_chosen_scores(browser: Browser, page: Path, study: StudyView) -> None:
    opened(browser, page)
    choose(browser, x="MIG on 100 perfect labels, set 0", y="SAP")
    note = browser.evaluate("document.getElementById('scatter-note').textContent")
    xs, ys = column(study, "MIG on 100 perfect labels, set 0"), column(study, "SAP")
    both = np.isfinite(xs) & np.isfinite(ys)
    rho = spearmanr(xs[both].astype(np.float32), ys[both].astype(np.float32)).statistic
    assert (
        note
        == f"{both.sum()} of the 300 chosen runs have both scores; over all of them the rank correlation is {rho:.2f}."
    )
    many = dots(browser, "#scatter")
    choose(browser, data="cars3d")
    assert 0 < dots(browser, "#scatter") < many


def test_the_pointer_names_the_run(browser: Browser, page: Path, study: StudyView) -> None:
    opened(browser, page)
    run = next(i for i, each in enumerate(study.runs) if each["recipe"] == "factor-vae")
    choose(browser, text=study.runs[run]["id"])
    wait(browser, "document.getElementById('chosen').textContent === '1 of 300 runs'")
    browser.evaluate(
        """(() => {
          const canvas = document.getElementById("scatter");
          canvas.scrollIntoView();
          const box = canvas.getBoundingClientRect();
          const [x, y] = [box.left + (64 + box.width - 18) / 2, box.top + (16 + box.height - 46) / 2];
          canvas.dispatchEvent(new MouseEvent("mousemove", { clientX: x, clientY: y }));
        })()"""
    )
    tip = browser.evaluate("document.getElementById('tip').innerText")
    assert study.runs[run]["id"] in tip
    assert "FactorVAE" in tip
    assert f"{column(study, 'MIG')[run]:.3f}" in tip


def test_the_heat_map_is_the_mean_rank_correlation(browser: Browser, page: Path, study: StudyView) -> None:
    opened(browser, page)
    rows = browser.evaluate(
        """[...document.querySelectorAll('#heat tbody tr:not(.gap)')].map(row =>
          [row.firstChild.textContent, [...row.querySelectorAll('data')].map(d => Number(d.value))])"""
    )
    heads = browser.evaluate("[...document.querySelectorAll('#heat thead span')].map(s => s.textContent)")
    tests = [study.columns[i] for i in study.tested]
    assert [head.removeprefix("− ") for head in heads] == [test.name for test in tests]
    data = np.array([run["data"] for run in study.runs])

    def mean(name: str, test: np.ndarray, sign: float) -> float:
        found = []
        for each in study.columns:
            if each.kind != "test" and each.name.partition(", set")[0] == name:
                for world in set(data):
                    both = np.isfinite(each.values) & np.isfinite(test) & (data == world)
                    found.append(spearmanr(each.values[both].astype("f4"), test[both].astype("f4")).statistic)
        return sign * float(np.mean(found))

    assert len(rows) == 4 + 2 * 4 * 3
    for name, cells in (rows[0], rows[1], rows[4], rows[-1]):
        for test, cell in zip(tests, cells, strict=True):
            sign = (-1 if name.startswith("− ") else 1) * (-1 if test.less else 1)
            assert cell == pytest.approx(mean(name.removeprefix("− "), test.values, sign), abs=1e-6)


def test_each_row_of_the_heat_map_tells_how_many_runs_it_rests_on(
    browser: Browser, page: Path, study: StudyView
) -> None:
    opened(browser, page)
    told = browser.evaluate(
        """[...document.querySelectorAll('#heat tbody tr:not(.gap)')].map(row =>
          [row.cells[0].textContent, row.cells[1].textContent])"""
    )
    tested = np.any([np.isfinite(study.columns[i].values) for i in study.tested], axis=0)
    for name, many in told:
        members = [
            c for c in study.columns if c.kind != "test" and c.name.partition(", set")[0] == name.removeprefix("− ")
        ]
        assert int(many) == (np.any([np.isfinite(each.values) for each in members], axis=0) & tested).sum()
    assert len({many for _, many in told}) > 1


def test_what_too_few_of_the_chosen_runs_have_is_left_out(browser: Browser, page: Path) -> None:
    opened(browser, page)
    choose(browser, recipe="S2-β-VAE")  # which has no validation scores
    wait(browser, "document.querySelectorAll('#heat tbody tr').length === 4")
    assert "Left out: 24 that" in browser.evaluate("document.getElementById('heat-note').textContent")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_digit_of_the_heat_map_can_be_read(browser: Browser, page: Path, theme: str) -> None:
    opened(browser, page, theme=theme)
    contrasts = browser.evaluate(
        """(() => {
          const body = document.querySelector("#heat tbody");
          for (const kind of ["", "against"]) for (let v = 6; v <= 100; v++) {
            const row = document.createElement("tr");
            row.innerHTML = `<td class="${kind} tried" style="--v:${v / 100}">1</td>`;
            body.append(row);
          }
          const of = (text) => text.match(/[\\d.]+/g).map(Number);
          const paper = of(getComputedStyle(document.documentElement).backgroundColor);
          const light = (rgb) => rgb.map(c => c / 255).map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
            .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0) + .05;
          return [...body.querySelectorAll(".tried")].map(cell => {
            const [r, g, b, a = 1] = of(getComputedStyle(cell).backgroundColor);
            const back = light([r, g, b].map((c, i) => a * c + (1 - a) * paper[i]));
            const text = light(of(getComputedStyle(cell).color).slice(0, 3));
            return Math.max(back, text) / Math.min(back, text);
          });
        })()"""
    )
    assert len(contrasts) == 2 * 95
    assert min(contrasts) >= 4.5  # WCAG 2, level AA


@pytest.mark.parametrize("width", [390, 700, 1280, 1920])
def test_nothing_sticks_out(browser: Browser, page: Path, width: int) -> None:
    opened(browser, page, width)
    browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert browser.evaluate("innerWidth") == width
    assert browser.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("kind", ["one run", "only failures", "runs without scores"])
def test_small_studies_load_without_a_complaint(browser: Browser, tmp_path: Path, kind: str) -> None:
    if kind != "only failures":
        [told] = write_study(tmp_path, 1)
        write_result(tmp_path, told | ({"scores": []} if kind == "runs without scores" else {}))
    write_failure(tmp_path, "f" * 12, "no data")
    browser.open(write_study_report(view_study(tmp_path), tmp_path / "report.html"), 1200, "light")
    assert browser.of("Runtime.exceptionThrown") + browser.of("Log.entryAdded") == []
    assert browser.evaluate("document.querySelectorAll('.failed tbody tr').length") == 1
    assert len(best_ids(browser)) == (kind == "one run")
