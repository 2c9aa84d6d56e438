"""The aggregate posterior of a data set by the posteriors of one batch."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Literal, TypeAlias

from torch import Tensor

from metaprior.core import DataSpec, Epochs, MetapriorError, Step, Stream
from metaprior.nets import Posterior
from metaprior.objectives import Aggregate, aggregate, mss_log_weights, mws_log_weights

Estimator: TypeAlias = Literal["mws", "mss"]
WEIGHTS: dict[str, Callable[[int, int], Tensor]] = {"mws": mws_log_weights, "mss": mss_log_weights}
"""Minibatch-weighted and minibatch-stratified sampling."""


def distinct(batch: int) -> Stream:
    """The batches that such weights are of: no example is in one twice."""
    return Epochs(batch, drop_last=True)


def batch_log_weights(estimator: str, batch: int, data: DataSpec) -> Tensor:
    """What each posterior of a batch weighs, B×B: it depends on how many examples there are.

    Of a world there are as many as combinations of its factors.

    >>> batch_log_weights("mws", 2, DataSpec(examples=8)).exp()
    tensor([[0.0625, 0.0625],
            [0.0625, 0.0625]])
    """
    examples = prod(data.factor_sizes) if data.examples is None else data.examples
    if batch > examples:
        raise MetapriorError(f"batch must be at most {examples}, the number of examples there are, not {batch}")
    return WEIGHTS[estimator](batch, examples)


def batch_aggregate(
    codes: Tensor,
    posterior: Posterior,
    log_weights: Tensor,
    step: Step,
    group_sizes: Sequence[int] | None = None,
) -> Aggregate:
    """Densities of this part's codes by the posteriors of the whole batch, B×B of which have these weights."""
    mean, logvar = map(step.gather, posterior)
    first = step.part.index * len(codes)
    return aggregate(codes, mean, logvar, step.part.slice(log_weights).to(codes), first, group_sizes)
