"""``metaprior train``: which config it begins from."""

import json
from pathlib import Path

import pytest

from metaprior.core import MetapriorError
from metaprior.study import train
from tests.test_cli import call

CONFIGS = {
    "no name": (None, ["train", "--config"], "--config needs the name of a file"),
    "no file": (None, ["train", "--config", "c.json"], "the config c.json cannot be read: No such file"),
    "no JSON": ("{recipe: vae}", ["train", "--config", "c.json"], "the config c.json is not JSON"),
    "no object": ("[1]", ["train", "--config", "c.json"], "the config c.json must be a JSON object"),
    "no recipe": ("{}", ["train", "--config=c.json"], "say what to train"),
    "another method": (
        json.dumps({"recipe": "vae"}),
        ["train", "--config", "c.json", "beta-vae"],
        "the config is of the method 'vae', not 'beta-vae'",
    ),
    "a flat one of before": (
        json.dumps({"recipe": "s2-beta-vae", "method": {"gamma_sup": 8}}),
        ["train", "--config", "c.json"],
        "unknown key 'method.gamma_sup'; it lies in method.supervision",
    ),
}


@pytest.mark.parametrize("mistake", CONFIGS)
def test_a_config_that_will_not_do_is_named(mistake, capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    content, words, said = CONFIGS[mistake]
    if content is not None:
        Path("c.json").write_text(content)
    code, out, err = call(capsys, *words)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1


def test_a_resumed_run_is_named() -> None:
    with pytest.raises(MetapriorError, match="none is given: name it as 'out'"):
        train("vae", resume=True, progress=False)
