import numpy as np
import pytest
from matplotlib.patches import Rectangle

from metaprior.report import MATRICES, HeatMap, drawn, effects_figure, interventional_effects, matrix_figure

FACTORS = np.indices((3, 8)).reshape(2, -1).T.repeat(10, axis=0)
RNG = np.random.default_rng(0)
CODES = np.stack([FACTORS[:, 1] - 3.5 + RNG.normal(size=240), 1e-3 * RNG.normal(size=240), FACTORS[:, 0] - 1.0], axis=1)
EFFECTS = interventional_effects(CODES, FACTORS, ["shape", "position_x"], (("square", "ellipse", "heart"), ("",) * 8))
TABLE = HeatMap(["code_0", "code_1"], ["shape", "scale"], np.array([[0.1, 1.5], [0.9, 0.2]]), [1, 0])


def test_active_codes_are_rows_in_their_order_and_factors_columns() -> None:
    figure = effects_figure(EFFECTS, [2, 1, 0])
    assert len(figure.axes) == 4
    assert [axes.get_ylabel() for axes in figure.axes[::2]] == ["z2", "z0"]
    assert [axes.get_title("left") for axes in figure.axes[:2]] == ["shape", "position x"]
    assert [axes.get_title("right") for axes in figure.axes[:2]] == ["100%", "0%"]
    assert "Left out, inactive: z1." in figure.texts[0].get_text()
    assert [text.get_text() for text in figure.axes[2].get_xticklabels()] == ["square", "ellipse", "heart"]


def test_lines_are_the_means_and_the_main_factor_is_held_in_the_other_panels() -> None:
    figure = effects_figure(EFFECTS)
    other, main = figure.axes[:2]  # the first code follows the second factor
    assert np.allclose(main.lines[-1].get_ydata(), EFFECTS.cells[0][1].mean)
    assert len(main.lines) == 1
    assert len(other.lines) == 1 + len(EFFECTS.held(0, 0))
    assert np.allclose([line.get_ydata() for line in other.lines[:-1]], EFFECTS.held(0, 0))


def test_a_representation_without_active_codes_still_has_a_figure() -> None:
    assert len(effects_figure(interventional_effects(0 * CODES, FACTORS)).axes) == 6


@pytest.mark.parametrize(("kind", "outlined"), [("mutual_information", 2), ("irs", 2), ("factor_vae_votes", 2)])
def test_a_matrix_shows_every_number_and_outlines_the_best(kind: str, outlined: int) -> None:
    figure = matrix_figure(TABLE, MATRICES[kind])
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.texts] == [MATRICES[kind].number(v) for v in (0.9, 0.2, 0.1, 1.5)]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["z1", "z0"]
    boxes = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert sorted((box.get_x(), box.get_y()) for box in boxes) == [(-0.5, -0.5), (0.5, 0.5)]
    assert len(boxes) == outlined


@pytest.mark.parametrize(("file_format", "begins"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_files_are_of_their_format_and_the_same_again(file_format: str, begins: bytes) -> None:
    first, second = (drawn(matrix_figure(TABLE, MATRICES["irs"]), file_format) for _ in range(2))  # type: ignore[arg-type]
    assert first.startswith(begins)
    assert first == second


def test_text_of_a_vector_figure_stays_text() -> None:
    assert b">position x</text>" in drawn(effects_figure(EFFECTS), "svg")
