from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from metaprior.core import MetapriorError
from metaprior.report import Examples, visualize
from metaprior.report.pictures import reconstructions
from metaprior.report.sheets import GAP, TEXT
from metaprior.report.visuals import start_of
from tests.report.views import CONFIG, Linear, examples, view

CYCLES = [f"cycle-{kind}.gif" for kind in ("standard-normal", "fitted-normal", "two", "two-sd", "min-max")]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_run_with_everything_gets_every_file(tmp_path: Path) -> None:
    found = visualize(view(examples=examples()), tmp_path / "out")
    assert found.left_out == {}
    expected = ["reconstructions.png", "samples.png", "traversals.png", *CYCLES, "effects.png"]
    assert [path.name for path in found.files] == [*expected, "matrix-mutual-information.png"]
    assert sorted(path.name for path in found.files) == names(tmp_path / "out")
    for path in found.files:
        Image.open(path).load()


def test_figures_are_vectors_where_asked_for_and_pictures_stay_pictures(tmp_path: Path) -> None:
    visualize(view(examples=examples()), tmp_path, file_format="svg")
    assert names(tmp_path) == sorted(
        [
            *CYCLES,
            "effects.svg",
            "matrix-mutual-information.svg",
            "reconstructions.png",
            "samples.png",
            "traversals.png",
        ]
    )


def test_what_cannot_be_drawn_is_left_out_with_the_reason(tmp_path: Path) -> None:
    without = Examples(examples().codes)
    found = visualize(view(scores={}, examples=without), tmp_path)
    assert set(found.left_out) == {"effects of factors", "matrices"}
    assert "no factors" in found.left_out["effects of factors"]
    assert "the data have no factors" in found.left_out["matrices"]
    factors = view(scores={}, examples=without, config=CONFIG | {"data_spec": {"factor_sizes": [4, 4]}})
    assert "to get some: metaprior judge disentanglement runs/" in visualize(factors, tmp_path).left_out["matrices"]


def test_a_model_that_only_encodes_still_has_its_effects(tmp_path: Path) -> None:
    class Encoder:
        def encode(self, images):
            return images.flatten(1)[:, :3]

    found = visualize(view(model=Encoder(), examples=examples()), tmp_path)
    assert names(tmp_path) == ["effects.png", "matrix-mutual-information.png"]
    assert "sample" in found.left_out["samples"]


def test_a_run_without_a_model_says_why(tmp_path: Path) -> None:
    run = view(model=None, scores={}, notes=("metrics.jsonl is missing", "no model: the weights are torn"))
    found = visualize(run, tmp_path)
    assert found.files == ()
    assert found.left_out["samples"] == "no model: the weights are torn"


def test_pairs_stand_above_each_other(tmp_path: Path) -> None:
    run = view()  # 24 examples
    visualize(run, tmp_path)
    sheet = np.asarray(Image.open(tmp_path / "reconstructions.png"))
    again = (reconstructions(Linear(), run.images)[:, 0] * 255).round().byte().numpy()
    originals = (run.images[:, 0] * 255).round().byte().numpy()
    left = sheet.shape[1] - 16 * (128 + GAP)
    for row, (pictures, begin) in enumerate([(originals, 0), (again, 0), (originals, 16), (again, 16)]):
        top = GAP + row * (128 + GAP)
        for column in range(min(16, 24 - begin)):
            tile = sheet[top : top + 128 : 8, left + column * (128 + GAP) :][:, :128:8]
            assert (tile == pictures[begin + column]).all()
    assert (sheet[GAP + 2 * (128 + GAP) :, left + 8 * (128 + GAP) :] == 255).all()


def test_traversals_go_over_the_range(tmp_path: Path) -> None:
    """The model's second code is the row of a blurred square: from the top to the bottom of the picture."""
    visualize(view(), tmp_path, span=(-2.0, 2.0))
    sheet = np.asarray(Image.open(tmp_path / "traversals.png")).astype(float)
    left, top = sheet.shape[1] - 11 * (128 + GAP), 2 * GAP + TEXT + 128 + GAP  # z1 is the second row
    tiles = [sheet[top : top + 128, left + k * (128 + GAP) :][:, :128] for k in range(11)]
    centres = [(tile.sum(axis=1) @ np.arange(128)) / tile.sum() for tile in tiles]
    assert (np.diff(centres) > 0).all()
    assert centres[0] < 30
    assert centres[-1] > 98


@pytest.mark.parametrize("span", [(1.0, 1.0), (2.0, -2.0), (float("nan"), 1.0), (0.0, float("inf"))])
def test_a_range_goes_from_a_smaller_to_a_larger_number(tmp_path: Path, span: tuple[float, float]) -> None:
    with pytest.raises(MetapriorError, match="from a smaller to a larger number"):
        visualize(view(), tmp_path, span=span)
    assert names(tmp_path) == []


def test_files_are_whole_or_not_there_and_others_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "samples.png").write_bytes(b"of an earlier call")

    def torn(self: Path, content: bytes) -> int:
        with self.open("wb") as file:
            file.write(content[:10])
        if "samples" in self.name:
            raise OSError(28, "No space left on device")
        return 10

    monkeypatch.setattr(Path, "write_bytes", torn)
    with pytest.raises(MetapriorError, match=r"cannot write .*samples\.png"):
        visualize(view(), tmp_path)
    assert names(tmp_path) == ["mine.txt", "reconstructions.png", "samples.png"]
    assert (tmp_path / "samples.png").read_bytes() == b"of an earlier call"


def test_labels_name_what_a_code_tells_and_which_are_inactive() -> None:
    _, order, labels = start_of(view(examples=examples()))
    assert order == [2, 1, 0]
    assert labels == ["z2 row", "z1 column of it", "z0 inactive"]
