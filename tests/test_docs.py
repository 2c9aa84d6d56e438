"""The documentation says what is true: its example runs, its links lead somewhere, it names what there is."""

import html
import importlib.util
import json
import re
import shlex
from pathlib import Path

import pytest

import metaprior
from metaprior.cli import main
from metaprior.core import Decodes, Encodes, Samples
from metaprior.data import load
from metaprior.judge import probe

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts)])
LINK = re.compile(r"(?<!`)!?\[[^\]\n]*\]\(([^)\s]+)\)")


def prose(page):
    """A page without its code blocks."""
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)


def anchors(page):
    """The anchors of a page's headings, as GitHub and MyST make them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def example():
    page = (ROOT / "docs" / "concepts.md").read_text()
    return re.search(r"^```python\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)[1]


def told(capsys, *arguments):
    """What a command prints with --json."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        main([*map(str, arguments), "--json"])
    printed = capsys.readouterr()
    assert stop.value.code == 0, printed.err
    return json.loads(printed.out)


def test_the_method_in_one_file_trains_and_is_judged(tmp_path, capsys, monkeypatch):
    text = example()
    assert len(text.splitlines()) < 60
    (tmp_path / "mine.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    options = ["--data", "digits", "--steps", "40", "--threads", "1", "--quiet", "--out", "denoiser"]
    schedule = "linear(start=0, end=0.5, steps=20)"  # the page says that noise takes one
    trained = told(capsys, "train", "./mine.py:recipe", *options, "--noise", schedule)
    assert trained["finished"]
    first = json.loads((tmp_path / "denoiser" / "metrics.jsonl").read_text().splitlines()[0])
    assert trained["terms"]["autoencoder/squared_error"] < first["terms"]["autoencoder/squared_error"]
    model = metaprior.load("denoiser")
    assert isinstance(model, Encodes)
    assert isinstance(model, Decodes)
    assert not isinstance(model, Samples)
    scores = probe(model, load("digits"), load("digits", "test"), probes=("ridge",))
    assert scores["ridge_accuracy"].value > 0.3  # ten classes


def examples():
    """The sections of the page of worked examples, by their headings."""
    page = (ROOT / "docs" / "bring-your-own.md").read_text()
    return dict(part.split("\n", 1) for part in page.split("\n## ")[1:])


@pytest.mark.parametrize("heading", examples())
def test_worked_examples_run_as_they_stand(heading, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for language, block in re.findall(r"^```(python|sh)\n(.*?)^```", examples()[heading], re.DOTALL | re.MULTILINE):
        if language == "sh":
            for command in block.splitlines():
                with pytest.raises(SystemExit) as stop:
                    main(shlex.split(command)[1:])
                assert stop.value.code == 0, capsys.readouterr().err
        elif name := re.match(r"# (\w+\.py)\n", block):
            Path(name[1]).write_text(block)
        else:
            exec(compile(block, heading, "exec"), {"__name__": "example"})


def test_the_tutorial_s_method_trains_from_its_file(tmp_path, monkeypatch, capsys):
    page = (ROOT / "docs" / "tutorials" / "own-method.md").read_text()
    text = re.search(r"%%writefile (\w+\.py)\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)
    assert len(text[2].splitlines()) < 60
    (tmp_path / "mine.py").write_text(text[2])
    monkeypatch.chdir(tmp_path)
    options = ["--data", "digits", "--steps", "40", "--lr", "1e-3", "--off-diagonal", "5", "--threads", "1", "--quiet"]
    trained = told(capsys, "train", "./mine.py:recipe", *options, "--log-every", "1", "--out", "dip")
    first = json.loads((tmp_path / "dip" / "metrics.jsonl").read_text().splitlines()[0])
    assert trained["finished"]
    assert trained["terms"]["vae/loss"] < first["terms"]["vae/loss"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for link in LINK.findall(prose(page)):
        place, _, anchor = link.partition("#")
        if "://" in place or place.startswith("mailto:"):
            continue
        target = (page.parent / place).resolve() if place else page
        assert target.exists(), f"{page.name} links to {link}"
        if anchor:
            assert anchor in anchors(target), f"{page.name} links to {link}"


@pytest.mark.parametrize("kind", ["methods", "metrics", "data", "nets", "claims"])
def test_everything_listed_is_documented(kind, capsys):
    pages = "\n".join(page.read_text() for page in PAGES if page.parent.name != "decisions")
    for row in told(capsys, "list")[kind]:
        name = row["name"].rpartition("/")[2]
        assert (f"`{name}`" if row.get("here", True) else name) in pages, f"{name} is in no page"


def test_the_readme_begins_with_the_two_commands():
    text = (ROOT / "README.md").read_text()
    assert "make demo" in text
    assert "make test" in text
    assert "Apache-2.0" in text


def test_every_page_is_on_the_site():
    """Each page is in some table of contents, so that a reader can find it."""
    docs = ROOT / "docs"
    listed = set()
    for page in docs.rglob("*.md"):
        for block in re.findall(r"^```\{toctree\}\n(.*?)^```", page.read_text(), flags=re.DOTALL | re.MULTILINE):
            for line in filter(None, (line for line in block.splitlines() if not line.startswith(":"))):
                listed |= {found.resolve() for found in page.parent.glob(f"{line}.md")}
    pages = {page.resolve() for page in docs.rglob("*.md") if "_build" not in page.parts}
    assert pages - listed == {(docs / "index.md").resolve()}


def test_the_site_is_configured_for_the_installed_version():
    spec = importlib.util.spec_from_file_location("conf", ROOT / "docs" / "conf.py")
    conf = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(conf)
    assert conf.release == metaprior.__version__


def test_equations_are_mathml_in_characters_that_browsers_draw():
    spec = importlib.util.spec_from_file_location("mathml", ROOT / "docs" / "mathml.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def shown(tex):
        return html.unescape(re.sub("<[^>]*>", "", module.mathml(tex, "inline")))

    assert shown(r"\mathcal{R} = \mathbb{E} \texttt{a\_b}") == "ℛ=𝔼a_b"
    with pytest.raises(ValueError, match="one letter in braces"):
        shown(r"\mathcal R")
