"""The benchmark's page: well formed, self-contained, saying what the table says and nothing more."""

import html
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from metaprior.core import MetapriorError
from metaprior.data.vtab import VTAB
from metaprior.papers.vtab.published import comparable
from metaprior.report.vtab_page import facts, published_beside, render_vtab, words_of, write_vtab_page
from tests.report.judged import complete, desk, of_vtab, partial, scored

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Parsed(HTMLParser):
    """Elements that are closed in order, and the rows of tables."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.addresses: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "action")]
        if tag in VOID:
            return
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if any(tag in ("th", "td") for tag in self.open):
            self.rows[-1][-1] += data.strip()

    def row(self, name: str) -> list[str]:
        """The cells of the first row of that name."""
        return next(cells[1:] for cells in self.rows if cells and cells[0] == name)


def text_of(page: str) -> str:
    """What a reader sees, on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", page, flags=re.S))).split())


@pytest.mark.parametrize(
    "judged",
    [[complete()], [partial("mine", "pets")], [desk()], [of_vtab("none", {})], [complete("a"), partial("b", "dtd")]],
    ids=["complete", "partial", "stand-ins", "nothing", "two"],
)
@pytest.mark.parametrize("compare", [False, True])
def test_the_page_is_well_formed_and_fetches_nothing(judged, compare) -> None:
    page = render_vtab(judged, compare)
    assert set(Parsed(page).addresses) == {"data:,"}
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!data:)", page.replace("<!doctype html>", ""))
    assert "default-src 'none'" in html.unescape(page)


def test_it_holds_every_task_and_mean_of_the_table() -> None:
    found = Parsed(render_vtab([complete()]))
    assert {cells[0] for cells in found.rows} >= set(VTAB)
    assert found.row("pets")[:2] == ["3,669", "88.1 ± 1.2"]
    assert found.row("structured")[1].startswith("55.5 ±")
    assert found.row("mean of the tasks")[1].startswith("68.0 ±")
    assert found.row("mean of the groups")[1].startswith("70.7 ±")


def test_values_are_there_in_full_and_stand_on_their_axis() -> None:
    page = render_vtab([complete()])
    assert f'value="{complete().scores["pets"].value}"' in page
    assert re.search(r'class="mark r0" style="--v:0\.8810" title="mine: 88\.1 ± 1\.2"', page)
    assert re.search(r'class="error r0" style="--v:0\.8687;--w:0\.0246"', page)
    assert page.count('title="the commonest class: 10.0"') == 19


def test_models_stand_beside_each_other_under_their_names() -> None:
    found = Parsed(render_vtab([partial("first", "pets"), partial("second", "dtd")]))
    assert found.rows[0][:4] == ["task", "test", "first", "second"]
    assert found.row("pets")[:3] == ["3,669", "40.0 ± 1.2", "–"]
    assert found.row("dtd")[:3] == ["1,880", "–", "40.0 ± 1.2"]
    chosen = found.rows[[cells[:2] for cells in found.rows].index(["task", "first"]) :]
    told = {cells[0]: cells[1:] for cells in chosen}
    assert told["pets"] == ["lr 0.01; batch 512; 62.5 on val", ""]
    assert told["dtd"] == ["", "lr 0.01; batch 512; 62.5 on val"]


def test_a_part_of_the_benchmark_says_so() -> None:
    text = text_of(render_vtab([partial("mine", "pets", "eurosat")]))
    assert "2 of 19 tasks: no VTAB score" in text
    assert "40.0 ± 0.9 (2 of 19)" in text
    assert "no data for 2: dmlab, sun397" in text
    assert "VTAB, complete" not in text


def test_stand_ins_are_never_called_vtab() -> None:
    page = render_vtab([desk()], compare=True)
    text = text_of(page)
    assert "stand-ins for the visual task adaptation benchmark" in text
    assert "12 of 12 stand-ins: not a VTAB score" in text
    assert "VTAB" not in text.replace("not a VTAB score", "")
    assert 'class="other"' not in page
    assert "Among published models" not in page


def test_a_complete_run_is_seen_among_the_published_models() -> None:
    page = render_vtab([complete()], compare=True)
    lines = page[page.index("Among published models") :].split("</section>")[0]
    names = [html.unescape(name) for name in re.findall(r'<tr(?: class="own")?><th scope="row">([^<]+)', lines)]
    assert set(names) == {"mine", *(line.model for line in comparable("lightweight", "1k"))}
    means = [float(n) for n in re.findall(r'</th><td class="n">([\d.]+)', lines)]
    assert means == sorted(means, reverse=True)
    assert lines.count('class="own"') == 1
    row = page[page.index('<th scope="row">pets') :].split("</tr>")[0]
    assert 'title="Sup-100%: 89.9"' in row
    assert page.count('title="VAE: 38.2"') == 1


def test_without_being_asked_no_published_model_is_shown() -> None:
    page = render_vtab([complete()])
    assert "Among published models" not in page
    assert "Sup-100%" not in page


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        (partial("mine", "pets"), "mine: 1 of 19 tasks: no VTAB score"),
        (desk(), "mine: vtab-desk, 12 of 12 stand-ins: not a VTAB score"),
        (complete(protocol="ridge"), "mine: nothing was published by the protocol ridge, 1k"),
        (complete(preset="peft"), "mine: those by lightweight are of pictures by the preset vtab-2019"),
    ],
    ids=["some tasks", "stand-ins", "another protocol", "another preset"],
)
def test_what_may_not_be_compared_is_not_and_the_reason_is_told(scores, said) -> None:
    page = render_vtab([scores], compare=True)
    assert f"Not shown among published results: {said}" in text_of(page)
    assert "Among published models" not in page
    assert 'class="other"' not in page


def test_published_dots_stand_beside_models_only_where_they_may_beside_all() -> None:
    assert len(published_beside([complete("a"), complete("b")])) == 16
    for other in (partial("b", "pets"), complete("b", protocol="ridge"), complete("b", preset="native")):
        assert not published_beside([complete("a"), other])
        assert not published_beside([other, complete("a")])


def test_names_from_files_are_escaped() -> None:
    evil = '<script>alert("&")</script>'
    page = render_vtab([of_vtab(evil, {"pets": scored(0.5, caveat=evil, chosen={evil: evil})}, {"dtd": evil})], True)
    assert evil not in page
    assert "<script" not in page
    assert text_of(page).count(evil) >= 6
    Parsed(page)


def test_caveats_are_said_once_for_all_their_tasks() -> None:
    several = {"pets": scored(0.5, caveat="lossy"), "dtd": scored(0.5, caveat="lossy"), "svhn": scored(0.5)}
    text = text_of(render_vtab([of_vtab("a", several), of_vtab("b", several)]))
    assert text.count("lossy") == 1
    assert "pets, dtd: lossy." in text


def test_how_models_were_judged_is_told_of_all() -> None:
    both = dict(facts([complete("a"), complete("b", preset="native")]))
    assert (both["suite"], both["protocol"], both["preset"]) == ("vtab", "lightweight", "vtab-2019, native")
    assert (both["pictures"], both["seeds"]) == ("224 px", "0")


def test_what_was_chosen_is_told_without_validation_too() -> None:
    assert words_of(replace(scored(0.5), details={"chosen": {"shots": 5}})) == "shots 5"
    assert words_of(replace(scored(0.5), details={})) == ""


def test_the_page_is_a_file(tmp_path: Path) -> None:
    path = write_vtab_page([desk("größe")], tmp_path / "new" / "page.html")
    assert path == tmp_path / "new" / "page.html"
    assert "größe" in path.read_text(encoding="utf-8")


def test_a_page_of_nothing_is_refused() -> None:
    with pytest.raises(MetapriorError, match="at least one model"):
        render_vtab([])
