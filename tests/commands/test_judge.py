"""``metaprior judge``: what is given to it."""

import numpy as np
import pytest

from tests.test_cli import call

GIVEN = {
    "nothing": (["disentanglement"], "judge run folders, or arrays with --codes and --factors"),
    "both": (["disentanglement", "runs/x", "--codes", "good.npy"], "judge run folders, or arrays"),
    "codes to a probe": (["probe", "--codes", "good.npy"], "are for the protocol disentanglement; probe takes runs"),
    "codes alone": (["disentanglement", "--codes", "good.npy"], "--factors is missing: give both"),
    "no file": (["disentanglement", "--codes", "no.npy", "--factors", "good.npy"], "no.npy cannot be read: No such"),
    "text": (["disentanglement", "--codes", "bad.npy", "--factors", "good.npy"], "bad.npy is no .npy or .npz file"),
    "an empty file": (["disentanglement", "--codes", "empty.npy", "--factors", "good.npy"], "is no .npy or .npz file"),
    "a pickle": (["disentanglement", "--codes", "pickle.npy", "--factors", "good.npy"], "holds Python objects; save"),
    "two arrays": (["disentanglement", "--codes", "two.npz", "--factors", "good.npy"], "two.npz holds z, v; save"),
    "factors beside a run": (["disentanglement", "runs/x", "--factors", "good.npy"], "--factors goes with --codes"),
    "data beside codes": (
        ["disentanglement", "--codes", "good.npy", "--factors", "good.npy", "--data", "digits"],
        "--data goes with runs",
    ),
    "metrics of a probe": (["probe", "runs/x", "--metrics", "mig"], "--metrics is of the protocol disentanglement"),
    "samples for udr": (["udr", "runs/x", "--representation", "sampled"], "--representation is of the protocol"),
    "no examples": (
        ["disentanglement", "--codes", "good.npy", "--factors", "good.npy", "--train", "0"],
        "train must be at least 1, not 0",
    ),
}


@pytest.mark.parametrize("mistake", GIVEN)
def test_what_cannot_be_judged_is_named(mistake, capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("good.npy", np.arange(12).reshape(6, 2))
    np.savez("two.npz", z=np.zeros(2), v=np.zeros(2))
    np.save("pickle.npy", np.array([{}], dtype=object), allow_pickle=True)
    (tmp_path / "bad.npy").write_text("0.1 0.2")
    (tmp_path / "empty.npy").touch()
    words, said = GIVEN[mistake]
    code, out, err = call(capsys, "judge", *words)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1
