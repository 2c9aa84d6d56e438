"""Arrays that are made once and kept."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from metaprior.data.vtab.kept import kept


def test_made_once_then_read(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.npy"
    calls = []

    def make() -> np.ndarray:
        calls.append(1)
        return np.arange(6, dtype=np.uint8).reshape(2, 3)

    assert kept(path, make).tolist() == kept(path, make).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert len(calls) == 1


def test_it_is_a_file_of_numpys(tmp_path: Path) -> None:
    kept(tmp_path / "b.npy", lambda: np.arange(6))
    assert np.load(tmp_path / "b.npy").tolist() == list(range(6))


def test_what_could_not_be_made_leaves_no_file(tmp_path: Path) -> None:
    def make() -> np.ndarray:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept(tmp_path / "b.npy", make)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [lambda held: held[:300], lambda held: b"", lambda held: held[:-1] + b"\x01"])
def test_a_damaged_file_is_made_anew(damage, tmp_path: Path) -> None:
    path = tmp_path / "b.npy"
    kept(path, lambda: np.zeros(100))
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    os.utime(path, ns=(0, 1))
    assert kept(path, lambda: np.zeros(100)).tolist() == [0.0] * 100
    assert path.read_bytes() == whole


def test_threads_that_ask_at_once_make_it_once(tmp_path: Path) -> None:
    made = []

    def make() -> np.ndarray:
        made.append(1)
        time.sleep(0.05)
        return np.arange(3)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: kept(tmp_path / "a.npy", make), range(8)))
    assert len(made) == 1
    assert all(each.tolist() == [0, 1, 2] for each in found)
