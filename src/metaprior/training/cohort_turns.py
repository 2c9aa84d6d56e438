"""One player of all members of a cohort: its parameters are a matrix with a row a member."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import torch
from torch import Tensor

from metaprior.core import Counter, Draws, MetapriorError, Method, Player, value_at
from metaprior.training.options import Loop
from metaprior.training.turns import parameter_groups, player_parameters

Draw: TypeAlias = tuple[str, str, tuple[int, ...]]
"""What a method asks of the step's random numbers: kind, name, shape."""


class CohortTurns:
    """What :class:`metaprior.training.turns.Turns` is to one run, for N runs at once.

    ``matrix`` is N×P: row i holds all P numbers of member i's parameters, group after group. The members' own
    parameters become views of their rows, so each :class:`Method` is always up to date; and torch's own optimiser
    updates each row as one tensor, with that member's learning rate, in the very arithmetic of a single run.
    """

    def __init__(self, methods: Sequence[Method], players: Sequence[Player], loop: Loop) -> None:
        self.player, self.clip = players[0], loop.clip
        self.members = [player_parameters(*pair) for pair in zip(methods, players, strict=True)]
        groups = [parameter_groups(*pair) for pair in zip(players, self.members, strict=True)]
        self.groups = [names for _, _, names in groups[0]]
        self.names = [name for names in self.groups for name in names]
        self.shapes = [self.members[0][name].shape for name in self.names]
        self.sizes = [shape.numel() for shape in self.shapes]
        self.matrix = torch.stack([torch.cat([own[n].detach().flatten() for n in self.names]) for own in self.members])
        for own, row in zip(self.members, self.matrix, strict=True):
            for name, part, shape in zip(self.names, row.split(self.sizes), self.shapes, strict=True):
                own[name].data = part.view(shape)
        widths = [sum(self.members[0][name].numel() for name in names) for names in self.groups]
        self.rows = [row.split(widths) for row in self.matrix]
        self.optimizer = self.player.optimizer.build(
            [
                {"params": [part], "lr": value_at(lr, 0), "weight_decay": decay}
                for parts, layout in zip(self.rows, groups, strict=True)
                for part, (lr, decay, _) in zip(parts, layout, strict=True)
            ],
            fused=loop.fused,
        )
        rates = [lr for layout in groups for lr, _, _ in layout]
        self.scheduled = [(g, lr) for g, lr in zip(self.optimizer.param_groups, rates, strict=True) if callable(lr)]

    def stacked(self, matrix: Tensor) -> dict[str, Tensor]:
        """The parameters by their names in the method, each N×its shape: views of the matrix."""
        parts = zip(self.names, matrix.split(self.sizes, dim=1), self.shapes, strict=True)
        return {name: part.view(len(matrix), *shape) for name, part, shape in parts}

    def update(self, step: int, gradient: Tensor, alive: Sequence[bool]) -> Tensor | None:
        """One step of the optimiser for the members that are alive, from an N×P gradient; returns its N norms.

        The gradient is clipped member by member, as ``torch.nn.utils.clip_grad_norm_`` would.
        """
        for group, lr in self.scheduled:
            group["lr"] = value_at(lr, step)
        norm = None
        if self.clip:
            norm = torch.linalg.vector_norm(gradient, dim=1)
            gradient = gradient * (self.clip / (norm + 1e-6)).clamp(max=1.0)[:, None]
        widths = [len(part) for part in self.rows[0]]
        for living, parts, row in zip(alive, self.rows, gradient, strict=True):
            for part, grad in zip(parts, row.split(widths), strict=True):
                part.grad = grad if living else None  # the optimiser passes over a row without a gradient
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return norm

    def state(self, member: int) -> dict[str, Tensor]:
        """A member's optimiser tensors, named player/parameter/quantity as a single run names them."""
        tensors = {}
        for part, names in zip(self.rows[member], self.groups, strict=True):
            shapes = [self.members[member][name].shape for name in names]
            for key, value in self.optimizer.state.get(part, {}).items():
                pieces = value.split([s.numel() for s in shapes]) if value.dim() else [value] * len(names)
                for name, piece, shape in zip(names, pieces, shapes, strict=True):
                    tensors[f"{self.player.name}/{name}/{key}"] = piece.view(shape) if value.dim() else piece.clone()
        return tensors

    def load_state(self, member: int, tensors: Mapping[str, Tensor]) -> None:
        """Take a member's optimiser tensors back."""
        for part, names in zip(self.rows[member], self.groups, strict=True):
            prefix = f"{self.player.name}/{names[0]}/"
            for key in [name.removeprefix(prefix) for name in tensors if name.startswith(prefix)]:
                pieces = [tensors[f"{self.player.name}/{name}/{key}"] for name in names]
                counts = key == "step"  # torch's name for the one quantity that is not per parameter
                whole = pieces[0] if counts else torch.cat([piece.flatten() for piece in pieces])
                self.optimizer.state[part][key] = whole


@dataclass
class Recorder:
    """Draws as a :class:`Counter` makes them, and keeps what was asked for, in order."""

    counter: Counter
    asked: dict[Draw, None] = field(default_factory=dict)

    def __call__(self, kind: str, name: str, shape: tuple[int, ...]) -> Tensor:
        self.asked[kind, name, tuple(shape)] = None
        return self.counter(kind, name, shape)


@dataclass(frozen=True)
class Drawn(Draws):
    """Numbers that were drawn beforehand, looked up: inside ``torch.vmap`` nothing can be drawn."""

    numbers: Mapping[Draw, Tensor]

    def __call__(self, kind: str, name: str, shape: tuple[int, ...]) -> Tensor:
        try:
            return self.numbers[kind, name, tuple(shape)]
        except KeyError:
            raise MetapriorError(
                f"the method drew {kind} numbers '{name}' of shape {tuple(shape)} that it did not draw at its first "
                "turn; in a cohort a player must make the same draws at every turn"
            ) from None
