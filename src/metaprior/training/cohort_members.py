"""The members of a cohort, and who may not be one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from metaprior.core import MetapriorError, Method, Player, Source
from metaprior.training.callbacks import Callback
from metaprior.training.options import Loop
from metaprior.training.processes import join_processes
from metaprior.training.run import Run
from metaprior.training.turns import player_parameters


@dataclass(frozen=True)
class Member:
    """What a run of a cohort has of its own: what :func:`metaprior.training.fit` would be given for it alone.

    ``method`` brings the starting weights, the scalars of ``hyper`` and the learning rates. ``sources`` replace some
    of the cohort's by name, such as another labelled set. Members go in step, so that a progress bar among the
    ``callbacks`` of one shows all.
    """

    method: Method
    seed: int
    run: Run | None = None
    sources: Mapping[str, Source] = field(default_factory=dict)
    callbacks: Sequence[Callback] = ()


def check_loop(loop: Loop) -> None:
    """Refuse the options of the loop that a cohort has not."""
    asked = {
        "accumulate": loop.accumulate > 1,
        "compile": loop.compile,
        "tensorboard": loop.tensorboard,
        "wandb": bool(loop.wandb),
    }
    for name in (name for name, given in asked.items() if given):
        raise MetapriorError(f"a cohort cannot take loop.{name}; leave it out, or train the members one by one")
    if join_processes().count > 1:
        raise MetapriorError("a cohort trains in one process; give each process a cohort of its own")


def check_members(members: Sequence[Member]) -> None:
    """Refuse methods that cannot be members of one cohort, saying why."""
    if not members:
        raise MetapriorError("a cohort needs at least one member")
    first = members[0].method
    kind, players = type(first).__name__, first.players()
    if not first.cohort:
        raise MetapriorError(f"{kind} does not opt in to cohorts (cohort = True); train its runs one by one")
    if type(first).after is not Method.after:
        raise MetapriorError(f"{kind} acts after its updates, which no cohort can; train its runs one by one")
    if any(player.ema for player in players):
        raise MetapriorError(f"{kind} averages its weights, which a cohort does not; train its runs one by one")
    trained = [id(p) for player in players for p in player_parameters(first, player).values()]
    if len(set(trained)) < len(trained):
        raise MetapriorError(f"{kind} trains some parameter twice, which no cohort can; train its runs one by one")
    if len({id(member.method) for member in members}) < len(members):
        raise MetapriorError("two members of the cohort are one and the same method; build each its own")
    for i, method in enumerate(member.method for member in members):
        same = {
            "class": (type(method), type(first)),
            "nets": (repr(method), repr(first)),
            "shapes": (shapes(method), shapes(first)),
            "streams": (method.streams(), first.streams()),
            "hyper": (set(method.hyper), set(first.hyper)),
            "players": ([without_rates(p) for p in method.players()], [without_rates(p) for p in players]),
        }
        for name, (own, expected) in same.items():
            if own != expected:
                raise MetapriorError(
                    f"member {i} of the cohort differs from the first in its {name}; members may differ only in seed, "
                    "in the values of hyper and in learning rate and weight decay"
                )


def shapes(method: Method) -> dict[str, torch.Size]:
    """The shape of every tensor of a method."""
    return {name: value.shape for name, value in method.state_dict().items()}


def without_rates(player: Player) -> Player:
    """The player with its learning rates and weight decays forgotten."""
    optimizer: Any = player.optimizer
    decay = {"weight_decay": 0.0} if hasattr(optimizer, "weight_decay") else {}
    groups = tuple(replace(group, lr=None, weight_decay=None) for group in player.groups)
    return replace(player, optimizer=replace(optimizer, lr=0.0, **decay), groups=groups)
