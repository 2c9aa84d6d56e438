import html
import re
from pathlib import Path

import numpy as np
import pytest

from metaprior.core import MetapriorError
from metaprior.report import write_report
from metaprior.report.page import render
from tests.report.views import CONFIG, HISTORY, SCORES, examples, scored, view


@pytest.fixture(scope="module")
def one() -> str:
    return render([view()])


@pytest.fixture(scope="module")
def two() -> str:
    return render([view(), view("beta-vae-0", config=CONFIG | {"recipe": "beta-vae", "labels": None})])


def test_every_score_and_every_cell_of_a_table_is_in_the_page(one: str) -> None:
    values = set(re.findall(r'<data value="([^"]+)">', one))
    for judged in SCORES.values():
        scored = {str(score["value"]) for score in judged["scores"].values() if score["value"] is not None}
        cells = {str(v) for row in judged["tables"]["mutual_information"]["values"] for v in row}
        assert scored | cells <= values


def test_a_score_without_a_value_says_why(one: str) -> None:
    assert "every code is constant" in one


def test_n_seed_protocol_and_ceiling_stand_by_the_score(one: str) -> None:
    line = re.sub(r"<[^>]+>", " ", one[one.index("All scores") :]).split("MIG")[1].split("DCI")[0]
    assert line.split() == ["0.313", "0.902", "10,000", "3", "world"]


def test_codes_stand_in_the_order_of_the_factors_and_the_silent_one_is_folded_away(one: str) -> None:
    drawn = re.findall(r"<strong>(z\d)</strong>\s+(\w[\w ]*?)\s*<small>", one)
    assert drawn == [("z2", "row"), ("z1", "column of it"), ("z0", "column of it")]
    assert "1 inactive code: z0" in one


def test_rows_of_inactive_codes_are_faint_and_said_to_be(one: str) -> None:
    page = render([view(examples=examples())])
    heat = page[page.index('class="heat"') :].split("</table>")[0]
    assert re.findall(r'<tr class="silent"><th scope="row">(z\d)', heat) == ["z0"]
    assert re.findall(r'<tr><th scope="row">(z\d)', heat) == ["z2", "z1"]
    assert "Faint rows: inactive codes." in page
    assert "Faint rows" not in one


def test_names_from_files_are_escaped() -> None:
    evil = '<script>alert("x")</script>'
    table = {"rows": [evil, "b", "c"], "columns": [evil], "values": [[1.0], [0.0], [0.0]]}
    score = {"value": 0.5, "n": 1, "seed": 0, "protocol": evil}
    scores = {evil: {"scores": {evil: score}, "tables": {"mutual_information": table}}}
    history = [{"step": 1, "seconds": 1.0, "terms": {evil: 1.0}}]
    text = render([view(evil, config={"recipe": evil, "data": evil}, scores=scores, history=history, notes=(evil,))])
    assert "<script>alert" not in text
    assert text.count("<script>") == 1
    assert html.escape(evil, quote=False).split("(")[0] in text


def test_nothing_outside_is_asked_for(one: str, two: str) -> None:
    for text in (one, two):
        addresses = re.findall(r"""(?:src|href|action)\s*=\s*["']([^"']*)""", text) + re.findall(
            r"url\(([^)]*)\)", text
        )
        assert all(address.startswith(("data:", "${picture.src}")) for address in addresses)
        assert not re.search(r"@import|<iframe|<object|https?://", text)


def test_the_command_that_repeats_the_run_is_there(one: str) -> None:
    assert "metaprior train --config runs/s2-beta-vae-0/config.json" in one
    spaced = render([view(folder=Path("my runs/a"))])
    assert html.escape("--config 'my runs/a/config.json'", quote=True) in spaced.replace("&#39;", "&#x27;")


def test_provenance_and_the_whole_config_are_there(one: str) -> None:
    assert "abc1234" in one
    assert "&#34;beta&#34;: 4.0" in one


def test_a_comparison_shows_what_differs_and_both_maps(two: str) -> None:
    differences = two[two.index("Where the configurations differ") :].split("</table>")[0]
    assert re.findall(r'<th scope="row">([^<]+)', differences) == ["recipe", "labels"]
    assert two.count('<table class="heat">') == 2
    assert "+0.000" in two


def test_a_run_with_nothing_but_a_config_still_has_a_page() -> None:
    text = render([view(model=None, images=None, scores={}, history=[])])
    assert text.count("no model was given") == 3
    assert "No scores yet" in text
    assert "metaprior judge disentanglement runs/s2-beta-vae-0" in text
    assert "No history was logged" in text


def test_a_code_is_not_called_after_a_factor_that_it_hardly_tells() -> None:
    score = {"value": 0.3, "n": 10_000, "seed": 0, "protocol": "world", "bins": 20, "entropy": [1.1, 2.08]}
    table = {"rows": ["code_0", "code_1", "code_2"], "columns": ["a", "b"], "values": [[0, 0], [0, 1.5], [0.02, 0.1]]}
    scores = {"p": {"scores": {"mig": score}, "tables": {"mutual_information": table}}}
    text = render([view(scores=scores)])
    told = re.findall(r"<strong>(z\d)</strong>\s+(\w[\w ]*?)\s*<", text)
    assert sorted(told) == [("z0", "tells nothing"), ("z1", "b"), ("z2", "tells nothing")]
    assert "more than 5 % of the entropy" in text
    assert len(re.findall(r'<td class="[^"]*best', text)) == 1


def test_losses_that_differ_by_method_are_not_laid_over_each_other() -> None:
    history = [record | {"terms": record["terms"] | {"vae/loss": 3.0}} for record in HISTORY]
    mine, again = view(history=history), view(history=history, config=CONFIG | {"loop": {"seed": 8}})
    other = view(history=history, config=CONFIG | {"recipe": "beta-vae"})
    for runs, shown in [([mine], True), ([mine, again], True), ([mine, other], False)]:
        text = render(runs)
        assert ("vae/loss over the steps" in text) is shown
        assert ("Left out: vae/loss" in text) is not shown


def test_chance_rows_and_seen_stand_where_they_are_known(one: str) -> None:
    assert "by chance" not in one
    score = {"value": 0.6, "n": 5000, "rows": 36, "chance": 0.59, "seed": 0, "protocol": "finite"}
    text = render([view(scores={"disentanglement": {"scores": {"factor_vae_score": score}, "seen": True}})])
    line = re.sub(r"<[^>]+>", " ", text[text.index("All scores") :].split("<tbody>")[1].split("</tbody>")[0])
    assert line.split() == ["FactorVAE", "score", "0.600", "0.590", "5,000", "36", "0", "finite"]
    assert "by chance 0.590" in text
    assert "at most" not in text
    assert "trained on" in text


class Encoder:
    def encode(self, images):
        return images.flatten(1)[:, :3]


def test_sections_whose_capability_is_missing_are_left_out_with_a_note() -> None:
    text = render([view(model=Encoder())])
    assert "the model decodes no codes" in text
    assert "the model does not sample" in text


def test_a_table_that_is_not_whole_is_left_out() -> None:
    torn = {"rows": ["a", "b"], "columns": ["f"], "values": [[1.0]]}
    scores = {"p": {"scores": {}, "tables": {"mutual_information": torn}}}
    assert '<table class="heat">' not in render([view(scores=scores)])


def test_three_runs_are_compared_without_a_difference() -> None:
    text = render([view("a"), view("b"), view("c")])
    assert "first − second" not in text
    assert text.count('<table class="heat">') == 3


def test_every_matrix_that_the_scores_hold_has_a_map_and_no_other() -> None:
    cells = np.array([[0.91, 0.13], [0.2, 0.31], [0.4, 0.75]])
    counts = np.array([[1203, 4], [0, 7], [12, 950]])
    scores = scored(irs=0.6, sap_scores=cells, irs_matrix=cells, factor_vae_votes=counts)
    scores["disentanglement"]["tables"]["irs"] = scores["disentanglement"]["tables"].pop("irs_matrix")
    text = render([view(scores=scores)])
    assert text.count('<table class="heat">') == 4
    for title in ("Which code alone predicts", "Which code only one factor moves", "Which code varies least"):
        assert title in text
    assert "Which code a predictor needs" not in text
    assert ">1,203<" in text
    assert "guessing scores" in text


def test_what_factors_do_to_codes_is_shown_where_examples_have_factors(one: str) -> None:
    assert "What each factor moves" not in one
    text = render([view(examples=examples())])
    section = text[text.index("What each factor moves") :].split("</section>")[0]
    assert re.findall(r"<strong>(z\d)</strong>", section) == ["z2", "z1"]  # z0 is always 0
    shares = [float(v) for v in re.findall(r'<data class="[^"]*" value="([\d.]+)"', section)]
    assert shares == [1, 1]  # the code of the column is explained by the column, that of the row by the row
    both = render([view(examples=examples()), view("b")])
    assert "No factors are known of this run" in both


def test_scores_by_the_number_of_examples_become_a_curve(one: str) -> None:
    assert "Sample efficiency" not in one
    text = render([view(scores=scored(downstream_accuracy_10=0.3, downstream_accuracy_100=0.6))])
    assert "downstream accuracy over the number of labelled examples" in text


def crowd(count: int) -> list:
    return [view(f"run-{i}", config=CONFIG | {"loop": {"steps": 30, "seed": i}}) for i in range(count)]


def test_more_than_four_runs_are_rows_of_the_tables_of_scores() -> None:
    four, five = render(crowd(4)), render(crowd(5))
    assert "<h1>5 runs" in five
    assert four.count('class="scores crowd"') == four.count('class="board"') == 0
    table = five[five.index('class="scores crowd"') :].split("</table>")[0]
    assert re.findall(r"<small>(run-\d)</small>", table) == [f"run-{i}" for i in range(5)]
    head = re.findall(r'<th scope="col" class="n">([^<]+)', table)
    assert head == ["MIG", "DCI disentanglement", "IRS"]
    board = five[five.index('class="board"') :].split("</table>")[0]
    assert "squares:size=16" not in board  # what is the same for all stands once below
    assert "All: data squares:size=16" in five


def test_why_many_runs_have_no_value_is_said_once_below_their_table() -> None:
    text = render(crowd(5))
    assert text.count(">No IRS: every code is constant.<") == 1
    assert text.count('title="every code is constant"') == 5


def test_runs_of_one_method_and_as_many_labels_go_by_their_names() -> None:
    text = render(crowd(2))
    assert "run-0</small></span> <i>beside</i>" in text


def test_each_factor_is_drawn_by_every_run_and_what_is_left_is_folded_away(two: str) -> None:
    assert two.count('<figure class="counterpart">') == 2
    assert two.count("1 more code<") == 2  # z0, which is always 0
    apart = render([view(), view("b", scores={})])
    assert '<figure class="counterpart">' not in apart
    assert apart.count("1 inactive code: z0") == 2


def test_the_picture_that_traversals_begin_at_is_shown_where_all_runs_share_it(two: str) -> None:
    assert "begin at the codes of this picture" in two
    other = render([view(), view("b", images=1 - view().images)])
    assert "begin at the codes of this picture" not in other


def test_no_run_is_an_error() -> None:
    with pytest.raises(MetapriorError, match="at least one run"):
        render([])


def test_the_file_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "new" / "report.html"
    assert write_report([view()], path) == path
    before = path.read_text()
    assert before.rstrip().endswith("</html>")

    def torn(self: Path, text: str, encoding: str) -> int:
        self.write_bytes(text.encode()[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", torn)
    with pytest.raises(MetapriorError, match="cannot write"):
        write_report([view("other")], path)
    assert path.read_text() == before
    assert list(path.parent.iterdir()) == [path]
