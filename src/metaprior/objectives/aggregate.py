r"""The aggregate posterior q(z) = E_x q(z | x), and the three parts of the KL that it gives:

.. math:: E_x KL(q(z | x) \,\|\, p(z)) = I(x; z) + TC(q(z)) + \sum_j KL(q(z_j) \,\|\, p(z_j))

The total correlation in turn is that between groups of codes, and that within each:

.. math:: TC(q(z)) = KL(q(z) \,\|\, \prod_G q(z_G)) + \sum_G TC(q(z_G))

Its density at a sample is a weighted sum over posteriors. All N posteriors of a data set give it exactly; a minibatch
gives an estimate, by one of two weightings.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from metaprior.core import MetapriorError
from metaprior.objectives.posterior import log_normal

Layout: TypeAlias = Literal["own", "reference"]


@dataclass(frozen=True)
class Aggregate:
    """Log-densities of B codes, each a sample of its own posterior, in nats."""

    joint: Float[Tensor, " b"]
    """log q(z)"""
    each: Float[Tensor, "b z"]
    """log q(z_j) of every code by itself"""
    own: Float[Tensor, " b"]
    """log q(z | x) of the example that the code is of"""
    prior: Float[Tensor, "b z"]
    """log p(z_j)"""
    groups: Float[Tensor, "b g"]
    """log q(z_G) of each group of codes by itself"""

    @property
    def mutual_information(self) -> Float[Tensor, ""]:
        """I(x; z): what codes tell of which example they are of."""
        return (self.own - self.joint).mean()

    @property
    def total_correlation(self) -> Float[Tensor, ""]:
        """KL(q(z) || prod_j q(z_j)): how much codes depend on each other."""
        return (self.joint - self.each.sum(dim=1)).mean()

    @property
    def correlation_between_groups(self) -> Float[Tensor, ""]:
        """KL(q(z) || prod_G q(z_G)): how much groups depend on each other."""
        return (self.joint - self.groups.sum(dim=1)).mean()

    @property
    def correlation_within_groups(self) -> Float[Tensor, ""]:
        """sum_G KL(q(z_G) || prod_{j in G} q(z_j)): how much codes depend on the others of their group."""
        return (self.groups.sum(dim=1) - self.each.sum(dim=1)).mean()

    @property
    def dimension_wise_kl(self) -> Float[Tensor, ""]:
        """sum_j KL(q(z_j) || p(z_j)): how far every code by itself is from the prior."""
        return (self.each - self.prior).sum(dim=1).mean()


def aggregate(
    codes: Float[Tensor, "b z"],
    mean: Float[Tensor, "n z"],
    logvar: Float[Tensor, "n z"],
    log_weights: Float[Tensor, "b n"] | None = None,
    first: int = 0,
    group_sizes: Sequence[int] | None = None,
) -> Aggregate:
    """Densities of codes by the posteriors of N examples; code i is a sample of posterior ``first + i``.

    ``log_weights`` are those of a minibatch (:func:`mws_log_weights`, :func:`mss_log_weights`); none mean that the N
    examples are all there are, and that densities are exact. B·N·Z numbers are held: give large sets in parts.
    ``group_sizes`` part the codes into groups of consecutive ones; none: each code is a group.

    Source: Chen et al. 2018, section 3; appendix C for the weights. Groups: Esmaeili et al. 2019, section 3.
    """
    log_density = log_normal(codes[:, None], mean, logvar)  # b n z
    if log_weights is None:
        log_weights = log_density.new_full(log_density.shape[:2], -math.log(len(mean)))
    joint = (log_density.sum(dim=2) + log_weights).logsumexp(dim=1)
    parts = log_density.split(1 if group_sizes is None else list(group_sizes), dim=2)
    groups = torch.stack([(part.sum(dim=2) + log_weights).logsumexp(dim=1) for part in parts], dim=1)
    each = (log_density + log_weights[:, :, None]).logsumexp(dim=1)
    here = torch.arange(len(codes), device=codes.device)
    nothing = torch.zeros_like(codes)
    own = log_density[here, first + here].sum(dim=1)
    return Aggregate(joint, each, own, log_normal(codes, nothing, nothing), groups)


def mws_log_weights(batch: int, examples: int) -> Float[Tensor, "b b"]:
    """Minibatch-weighted sampling: every posterior of the batch weighs 1 / (B N).

    Densities come out too low: of a total correlation by them only the gradient is of use, not the value, which is too
    high by about (Z - 1) ln N.

    Source: Chen et al. 2018, appendix C.1.
    """
    _require_sizes(batch, examples)
    return torch.full((batch, batch), -math.log(batch * examples))


def mss_log_weights(batch: int, examples: int, layout: Layout = "own") -> Float[Tensor, "b b"]:
    """Minibatch-stratified sampling: q(z) of a sample without bias, from a batch drawn without replacement.

    A code's own posterior weighs 1 / N, one other (N - M) / (N M) and the rest 1 / M, where M = B - 1. The published
    code gives 1 / N to the first posterior of the batch, whosever the code is, so that a code's own counts as much as
    any: densities come out too high, and ``layout="reference"`` does the same.

    Source: Chen et al. 2018, appendix C.2.

    >>> weights = mss_log_weights(4, 100).exp()
    >>> torch.allclose(weights.sum(dim=1), torch.ones(4))  # they are a mean
    True
    """
    _require_sizes(batch, examples)
    if batch < 2:
        raise MetapriorError("stratified weights need a batch of at least 2")
    others = batch - 1
    weights = torch.full((batch, batch), 1 / others)
    own = torch.arange(batch) if layout == "own" else torch.zeros(batch, dtype=torch.long)
    rows, rest = torch.arange(batch), (examples - others) / (examples * others)
    weights[rows, (own + 1) % batch] = rest
    weights[rows, own] = 1 / examples
    if layout == "reference":
        weights[others - 1, 0] = rest  # one row of the published matrix is otherwise
    return weights.log()


def _require_sizes(batch: int, examples: int) -> None:
    if not 1 <= batch <= examples:
        raise MetapriorError(f"a batch of {batch} cannot be drawn without replacement from {examples} examples")
