"""The disk fills up in earnest: with a limit on the size of files, it is the system itself that refuses to write."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from metaprior.study import Experiment, carry_out
from metaprior.training import Run

pytest.importorskip("resource", reason="this system has no limits on the size of files")

WORLD = "dsprites:size=16,scale=2,orientation=2,position_x=4,position_y=4"
OPTIONS = ["--data", WORLD, "--batch", "4", "--steps", "20", "--log-every", "1", "--threads", "1", "--quiet"]
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
from metaprior.cli import main
main(sys.argv[2:])
"""
FULL_AT = {
    "config.json": (100, []),
    "metrics.jsonl": (2000, []),
    "checkpoint/000000002": (2_000_000, ["--checkpoint-every", "2"]),  # its weights fit, its optimiser's state does not
}


@pytest.mark.parametrize("file", FULL_AT)
def test_a_full_disk_is_one_line_and_what_is_left_is_whole(file: str, tmp_path: Path) -> None:
    (limit, more), run = FULL_AT[file], Run(tmp_path / "run")
    command = [sys.executable, "-c", LIMITED, str(limit), "train", "vae", *OPTIONS, *more, "--out", str(run.folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    expected = rf"metaprior: error: cannot write {re.escape(str(run.folder / file))}: File too large[^\n]*\n"
    assert re.fullmatch(expected, done.stderr)
    assert done.returncode == 2
    assert done.stdout == ""
    if file == "config.json":
        assert not list(tmp_path.iterdir())
        return
    left = {path.name for path in run.folder.rglob("*")} - {"checkpoint"}
    assert left == {"config.json", "metrics.jsonl"}
    steps = [json.loads(line)["step"] for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) < 20

    carry_out(Experiment.from_plain(run.config), run.folder, resume=True, progress=False)  # there is room again
    assert run.finished
    assert len((run.folder / "metrics.jsonl").read_text().splitlines()) == 20
