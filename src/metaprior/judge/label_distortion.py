"""Usefulness of a model's codes: label distortion and accuracy, of labels or, where there are none, of factors.

Mean codes are what one takes from a model. Samples of them tell no more nats of a label than the rate; means may, where
they differ by far less than the noise about them.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from metaprior.core import Encodes, Explains, MetapriorError, derived_seed, generator
from metaprior.judge.explained import Explained, explained
from metaprior.judge.features import Gathers, features
from metaprior.judge.scores import Score, Table
from metaprior.judge.usefulness import Usefulness, usefulness

NAMES = ("label_distortion", "probe_accuracy")
COLUMNS = ("labels", "factors")
TRAIN_SHARE = 2 / 3
"""Of the rows, where no others are there to learn from."""
Found = tuple[dict[str, Score], dict[str, Table]]


@dataclass(frozen=True, eq=False)
class Examples:
    """What a predictor learns from and what it is tested on: codes N×Z, and what is to be told of each, N×T."""

    train: np.ndarray
    train_targets: np.ndarray
    test: np.ndarray
    test_targets: np.ndarray


def label_distortion(
    model: Explains, data: Gathers, rows: Tensor, found: Explained, train: Gathers | None, most: int, seed: int = 0
) -> Found:
    """The scores of the rows by mean codes and, where codes are noisy, by samples; of factors, a table of each too.

    ``found`` is what the model makes of the rows. ``train`` gives up to ``most`` examples to learn from. Scores are of
    the label, and of the factors where there is none.
    """
    means = mean_codes(model, data, rows, found)
    if means is None:
        return _none(len(rows), seed, "the model does not encode")
    tested = all_targets(data, rows)
    if not tested:
        return _none(len(rows), seed, "the data have neither labels nor factors")
    codes = {"mean": means} | ({"sampled": found.codes.float().numpy()} if found.noisy else {})
    if train is None:
        shuffled = torch.randperm(len(rows), generator=generator(seed, "rd held out")).numpy()
        learn, hold = np.split(shuffled, [round(TRAIN_SHARE * len(rows))])
        learned = {column: (names, values[learn]) for column, (names, values) in tested.items()}
        tested = {column: (names, values[hold]) for column, (names, values) in tested.items()}
        learnt = {kind: each[learn] for kind, each in codes.items()}
        codes = {kind: each[hold] for kind, each in codes.items()}
    else:
        chosen = torch.randperm(len(train), generator=generator(seed, "rd train"))[:most].sort().values
        learned = all_targets(train, chosen)
        drawn = explained(model, train, chosen, 1, derived_seed(seed, "label distortion")) if found.noisy else found
        learnt = {"mean": mean_codes(model, train, chosen, drawn), "sampled": drawn.codes.float().numpy()}
    scores: dict[str, Score] = {}
    tables: dict[str, Table] = {}
    for column, (names, values) in tested.items():
        if column not in learned or learned[column][1].shape[1] != values.shape[1]:
            if not scores:
                return _none(len(rows), seed, "the examples to learn from do not have the labels that are tested")
            continue
        for kind, each in codes.items():
            told, by_factor = _scores(names, Examples(learnt[kind], learned[column][1], each, values), kind, seed)
            scores = told | scores  # of the first column
            tables |= by_factor
    return scores, tables


def mean_codes(model: object, data: Gathers, rows: Tensor, found: Explained) -> np.ndarray | None:
    """Means of the posteriors by all that the encoder is told of the rows, otherwise what ``encode`` gives, N×Z.

    What is told counts: codes that keep an attribute out do so only where the encoder knows it.
    """
    if found.posterior is not None:
        return found.posterior[0].float().numpy()
    return features(model, data, rows) if isinstance(model, Encodes) else None


def targets(data: Gathers, rows: Tensor, batch: int = 512) -> tuple[tuple[str, ...], np.ndarray | None]:
    """What there is to be told of the rows: the label, otherwise the factors, N×T by their names; None: nothing."""
    return next(iter(all_targets(data, rows, batch).values()), ((), None))


def all_targets(data: Gathers, rows: Tensor, batch: int = 512) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
    """The label and the factors of the rows, those of both that there are, N×T by their names."""
    held = {name: column for name in COLUMNS if isinstance(column := getattr(data, name, None), Tensor)}
    if not held:  # else a set in memory: no need to read its images
        parts = [data.gather(some) for some in rows.split(batch)]
        there = [name for name in COLUMNS if name in parts[0]]
        return {name: _named(name, torch.cat([part[name].cpu() for part in parts]), data) for name in there}
    return {name: _named(name, column[rows.to(column.device)], data) for name, column in held.items()}


def _named(name: str, column: Tensor, data: Gathers) -> tuple[tuple[str, ...], np.ndarray]:
    values = column.cpu().numpy()
    if name == "labels":
        return ("label",), values[:, None]
    return tuple(getattr(data, "factor_names", ())) or tuple(f"factor_{k}" for k in range(values.shape[1])), values


def _scores(names: tuple[str, ...], given: Examples, kind: str, seed: int) -> Found:
    train, train_targets, test, test_targets = vars(given).values()
    after = "" if kind == "mean" else f"_{kind}"
    found: dict[str, Usefulness] = {}
    losses = np.full(test_targets.shape, np.nan)
    hits = np.full(test_targets.shape, np.nan)
    reason = ""
    for k, name in enumerate(names):
        learn, hold = train_targets[:, k] >= 0, test_targets[:, k] >= 0  # -1: not known
        try:
            each = usefulness(train[learn], train_targets[learn, k], test[hold], test_targets[hold, k], seed=seed)
        except MetapriorError as fault:  # a factor that does not vary, say: the others may still work
            reason = str(fault)
            continue
        found[name], losses[hold, k], hits[hold, k] = each, each.loss, each.correct
    if not found:
        return _none(len(test), seed, reason, after)
    columns = [k for k, name in enumerate(names) if name in found]
    learned_from, tested = ((each[:, columns] >= 0).any(axis=1).sum() for each in (train_targets, test_targets))
    protocol = f"logistic regression on {kind} codes, {learned_from:,} training examples"
    about = {
        "label_entropy": float(np.mean([each.entropy for each in found.values()])),
        "strength": next(iter(found.values())).strength if len(found) == 1 else None,
        "unseen_labels": int((np.isnan(losses) & (test_targets >= 0))[:, columns].sum()) or None,
    }
    values = {
        "label_distortion": [each.distortion for each in found.values()],
        "probe_accuracy": [each.accuracy for each in found.values()],
    }
    rows = {"label_distortion": losses, "probe_accuracy": hits}
    scores = {
        name + after: Score(
            float(np.mean(values[name])), int(tested), seed, protocol, int(tested), se=_error(rows[name][:, columns]),
            details=about if name == "label_distortion" else {},
        )
        for name in NAMES
    }  # fmt: skip
    table = np.array([[*each] for each in zip(*values.values(), strict=True)])
    told = Table(table, tuple(found), NAMES)
    return scores, {} if names == ("label",) else {f"usefulness_by_factor{after}": told}


def _error(values: np.ndarray) -> float | None:
    """Standard error of the mean over examples of their means over factors."""
    known = values[~np.isnan(values).all(axis=1)]
    return float(np.nanmean(known, axis=1).std(ddof=1) / len(known) ** 0.5) if len(known) > 1 else None


def _none(n: int, seed: int, reason: str, after: str = "") -> Found:
    missing = Score(None, n, seed, "logistic regression", n, reason=reason)
    return {name + after: missing for name in NAMES}, {}
