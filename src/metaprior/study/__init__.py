"""Recipe, data and loop joined into runs; runs joined into cohorts, of which the best is selected."""

from metaprior.study.cost import Cost, Estimate, estimate
from metaprior.study.experiment import Experiment, build_method, load
from metaprior.study.judging import clusters_of_run, find_extractor, judge_run, rate_distortion_of_run, vtab_of_run
from metaprior.study.pipeline import Outcome, members, pipeline
from metaprior.study.plan import Judging, Study, Task, study_of
from metaprior.study.pretrained import from_pretrained, push_to_hub, save_pretrained
from metaprior.study.results import compact
from metaprior.study.running import Progress, run_study
from metaprior.study.runs import carry_out, finish, train
from metaprior.study.selection import Candidate, Labels, Selection, select
from metaprior.study.study_file import read_study

__all__ = [
    "Candidate", "Cost", "Estimate", "Experiment", "Judging", "Labels", "Outcome", "Progress", "Selection", "Study",
    "Task", "build_method", "carry_out", "clusters_of_run", "compact", "estimate", "find_extractor", "finish",
    "from_pretrained", "judge_run", "load", "members", "pipeline", "push_to_hub", "rate_distortion_of_run",
    "read_study", "run_study", "save_pretrained", "select", "study_of", "train", "vtab_of_run",
]  # fmt: skip
