"""Frozen probes: simple predictors on features that no longer change."""

from metaprior.judge.probes.few_shot import few_shot
from metaprior.judge.probes.knn import knn_predict, knn_probe
from metaprior.judge.probes.logistic import LogisticPath, logistic_path, logistic_probe
from metaprior.judge.probes.result import Probe
from metaprior.judge.probes.ridge import RidgePath, ridge_path, ridge_probe, ridge_regression

__all__ = [
    "LogisticPath", "Probe", "RidgePath", "few_shot", "knn_predict", "knn_probe", "logistic_path", "logistic_probe",
    "ridge_path", "ridge_probe", "ridge_regression",
]  # fmt: skip
