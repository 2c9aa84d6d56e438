"""What a fresh interpreter meets: quick to import, everything named at the top, the README's own words work."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import metaprior

README = (Path(__file__).parents[1] / "README.md").read_text()


def fresh(code: str) -> str:
    """What a new interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_does_not_import_torch():
    assert fresh("import sys, metaprior; print('torch' in sys.modules, metaprior.__version__)").startswith("False")


def test_rooms_need_no_import_of_their_own():
    code = "import metaprior; print(metaprior.metrics.mig([[0.0], [1.0]], [[0], [1]]).value)"
    assert fresh(code) == "1.0"
    assert "metaprior.metrics.mig(codes, factors)" in README


@pytest.mark.parametrize("name", metaprior.__all__)
def test_every_public_name_is_there_and_says_what_it_is(name):
    assert name in dir(metaprior)
    assert getattr(metaprior, name).__doc__


def test_the_first_python_of_the_readme_runs(tmp_path):
    snippet = re.search(r"^```python\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)[1]
    shorter = snippet.replace("steps=5000", "steps=20, progress=False, threads=1")
    assert shorter != snippet
    printed = fresh(f"import os; os.chdir({str(tmp_path)!r})\n{shorter}")
    assert len([float(number) for number in printed.split()]) == 2
