"""Recipe, data and loop joined into runs; runs joined into cohorts, of which the best is selected."""

from metaprior.study.experiment import Experiment, build_method, carry_out, finish, load, train
from metaprior.study.judging import judge_run
from metaprior.study.pipeline import Outcome, members, pipeline
from metaprior.study.pretrained import from_pretrained, push_to_hub, save_pretrained
from metaprior.study.selection import Candidate, Labels, Selection, select

__all__ = [
    "Candidate", "Experiment", "Labels", "Outcome", "Selection", "build_method", "carry_out", "finish",
    "from_pretrained", "judge_run", "load", "members", "pipeline", "push_to_hub", "save_pretrained", "select", "train",
]  # fmt: skip
