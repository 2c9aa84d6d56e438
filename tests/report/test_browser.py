from collections.abc import Iterator
from pathlib import Path

import pytest

from metaprior.report import write_report
from tests.report.browser import PROGRAM, Browser
from tests.report.views import CONFIG, view

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no chromium on this machine")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture(scope="module", params=["one run", "two runs"])
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    other = view("a-rather-long-name-of-a-run/beta-vae-0", config=CONFIG | {"recipe": "beta-vae", "labels": None})
    runs = [view(), other][: 1 + (request.param == "two runs")]
    return write_report(runs, tmp_path_factory.mktemp("page") / "report.html")


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


@pytest.mark.parametrize("width", [400, 700, 1200])
def test_nothing_sticks_out(browser: Browser, page: Path, width: int) -> None:
    browser.open(page, width, "light")
    browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert browser.evaluate("innerWidth") == width
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
