from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from metaprior.report import write_report
from tests.report.browser import PROGRAM, Browser
from tests.report.views import CONFIG, examples, scored, view

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no chromium on this machine")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


COUNTS = (1, 2, 3, 8)


def several(count: int) -> list:
    """Runs with everything that a page can show, the second of a long name."""
    cells = np.array([[0.91, 0.13], [0.2, 0.31], [0.4, 0.75]])
    accuracy = {f"downstream_accuracy_{10**k}": 0.2 * k for k in (1, 2, 3)}
    scores = scored(modularity=0.7, sap=0.1, dci_importance=cells, sap_scores=cells, **accuracy)
    names = ["s2-beta-vae-0", "a-rather-long-name-of-a-run/beta-vae-0", *(f"beta-vae-{i}" for i in range(1, count))]
    recipes = ["beta-vae", "annealed-vae", "dip-vae-ii", "beta-tcvae", "s2-factor-vae", "ada-ml-vae", "beta-vae"]
    configs = [CONFIG, *[CONFIG | {"recipe": recipe, "labels": None} for recipe in recipes[: count - 1]]]
    return [view(names[i], config=configs[i], scores=scores, examples=examples()) for i in range(count)]


@pytest.fixture(scope="module", params=COUNTS, ids=[f"{count} runs" for count in COUNTS])
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(several(request.param), tmp_path_factory.mktemp("page") / "report.html")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_loads_without_a_complaint_and_asks_for_nothing(browser: Browser, page: Path, theme: str) -> None:
    browser.open(page, 1200, theme)
    assert browser.evaluate("document.readyState") == "complete"
    complaints = [entry["entry"]["text"] for entry in browser.of("Log.entryAdded")]
    assert complaints + browser.of("Runtime.exceptionThrown") + browser.of("Runtime.consoleAPICalled") == []
    addresses = {sent["request"]["url"] for sent in browser.of("Network.requestWillBeSent")}
    assert {address for address in addresses if not address.startswith("data:")} == {page.as_uri()}


def test_every_picture_is_shown(browser: Browser, page: Path) -> None:
    browser.open(page, 1200, "light")
    assert browser.evaluate("[...document.images].filter(i => i.naturalWidth > 0).length") >= 8
    assert browser.evaluate("[...document.images].filter(i => i.naturalWidth == 0).length") == 0
    assert browser.evaluate("[...document.querySelectorAll('.film')].every(f => f.style.backgroundImage)")


def test_the_themes_differ_and_both_can_be_read(browser: Browser, page: Path) -> None:
    colours = {}
    for theme in ("light", "dark"):
        browser.open(page, 1200, theme)
        style = "getComputedStyle(document.documentElement)"
        colours[theme] = [
            sum(map(int, browser.evaluate(f"{style}.{of}.match(/\\d+/g).slice(0, 3)"))) / 765
            for of in ("backgroundColor", "color")
        ]
    assert colours["light"][0] - colours["light"][1] > 0.6
    assert colours["dark"][1] - colours["dark"][0] > 0.6


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_digit_of_a_heat_map_can_be_read(browser: Browser, tmp_path: Path, theme: str) -> None:
    table = {
        "rows": list("abcdefg"),
        "columns": list("uvw"),
        "values": [[i / 20, (7 + i) / 20, (14 + i) / 20] for i in range(7)],
    }
    score = {"value": 0.5, "n": 10_000, "seed": 0, "protocol": "world"}
    scores = {"p": {"scores": {"mig": score}, "tables": {"mutual_information": table}}}
    browser.open(write_report([view(scores=scores)], tmp_path / "report.html"), 1200, theme)
    contrasts = browser.evaluate(
        """[...document.querySelectorAll('.heat tbody td')].map(cell => {
          const of = (text) => text.match(/[\\d.]+/g).map(Number);
          const paper = of(getComputedStyle(document.documentElement).backgroundColor);
          const [r, g, b, a = 1] = of(getComputedStyle(cell).backgroundColor);
          const light = (rgb) => rgb.map(c => c / 255).map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
            .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0) + .05;
          const back = light([r, g, b].map((c, i) => a * c + (1 - a) * paper[i]));
          const text = light(of(getComputedStyle(cell).color).slice(0, 3));
          return Math.max(back, text) / Math.min(back, text);
        })"""
    )
    assert len(contrasts) == 21
    assert min(contrasts) >= 4.5  # WCAG 2, level AA


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_colours_of_runs_can_be_read_and_told_apart(browser: Browser, tmp_path: Path, theme: str) -> None:
    browser.open(write_report(several(8), tmp_path / "report.html"), 1200, theme)
    colour = "(text) => text.match(/[\\d.]+/g).slice(0, 3).map(Number)"
    runs = browser.evaluate(
        f"[...document.querySelectorAll('.board td:nth-child(2)')].map(c => ({colour})(getComputedStyle(c).color))"
    )
    paper = browser.evaluate(f"({colour})(getComputedStyle(document.documentElement).backgroundColor)")
    assert len(runs) == 8
    assert min(contrast(each, paper) for each in runs) >= 4.5  # WCAG 2, level AA
    pairs = [(a, b) for i, a in enumerate(runs) for b in runs[:i]]
    assert min(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5 for a, b in pairs) > 40


def contrast(first: list[float], second: list[float]) -> float:
    """Contrast ratio of two colours by WCAG 2."""

    def light(colour: list[float]) -> float:
        linear = [c / 3294.6 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05

    bright, dark = sorted((light(first), light(second)), reverse=True)
    return bright / dark


@pytest.mark.parametrize("width", [1200, 700, 390])
def test_rows_of_runs_line_up_so_that_the_same_value_stands_below_itself(
    browser: Browser, page: Path, width: int
) -> None:
    browser.open(page, width, "light")
    lefts = browser.evaluate(
        """[...document.querySelectorAll('.counterpart')].map(figure =>
          [...figure.querySelectorAll('img')].map(i => i.getBoundingClientRect()).map(box => [box.left, box.width]))"""
    )
    assert all(len({tuple(box) for box in figure}) == 1 for figure in lefts)
    assert all(box[1] > 150 for figure in lefts for box in figure)


@pytest.mark.parametrize("width", [390, 700, 1280, 1920])
def test_nothing_sticks_out(browser: Browser, page: Path, width: int) -> None:
    browser.open(page, width, "light")
    browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert browser.evaluate("innerWidth") == width
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
