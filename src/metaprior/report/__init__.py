"""Scores to pictures: one self-contained page a run, comparisons of several, tables for the terminal."""

from metaprior.report.opened import view_run
from metaprior.report.page import write_report
from metaprior.report.pictures import grid, png, reconstructions, samples, traversals
from metaprior.report.terminal import judgement, score_table
from metaprior.report.view import RunView, load_history

__all__ = [
    "RunView", "grid", "judgement", "load_history", "png", "reconstructions", "samples", "score_table", "traversals",
    "view_run", "write_report",
]  # fmt: skip
