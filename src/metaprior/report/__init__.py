"""Scores to pictures: one self-contained page a run, comparisons of several, tables for the terminal."""

from metaprior.report.animations import CYCLES, Cycle, animation, cycle_interval, cycle_normal, gif
from metaprior.report.drawn import Drawn, from_mixture, from_prior, interpolations, reconstructed, write_drawn
from metaprior.report.effects import Effect, Effects, interventional_effects
from metaprior.report.examples import Examples, Extent, examples_of, extent
from metaprior.report.figures import drawn, effects_figure, matrix_figure
from metaprior.report.opened import view_run
from metaprior.report.page import write_report
from metaprior.report.pictures import address, grid, reconstructions, samples, traversals
from metaprior.report.study_page import write_study_report
from metaprior.report.study_view import StudyView, view_study
from metaprior.report.tables import MATRICES, HeatMap, Matrix, heat_map
from metaprior.report.terminal import judgement, score_table
from metaprior.report.view import RunView, load_history
from metaprior.report.visuals import Visuals, visualize
from metaprior.report.vtab_page import write_vtab_page
from metaprior.report.vtab_terminal import published_table, status_table, vtab_table

__all__ = [
    "CYCLES", "MATRICES", "Cycle", "Drawn", "Effect", "Effects", "Examples", "Extent", "HeatMap", "Matrix",
    "RunView", "StudyView", "Visuals", "address", "animation", "cycle_interval", "cycle_normal", "drawn",
    "effects_figure", "examples_of", "extent", "from_mixture", "from_prior", "gif", "grid", "heat_map",
    "interpolations", "interventional_effects", "judgement", "load_history", "matrix_figure", "published_table",
    "reconstructed", "reconstructions", "samples", "score_table", "status_table", "traversals", "view_run",
    "view_study", "visualize", "vtab_table", "write_drawn", "write_report", "write_study_report", "write_vtab_page",
]  # fmt: skip
