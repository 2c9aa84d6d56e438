"""A player's turn: its loss, its parameters, its optimiser, its average."""

import fnmatch
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from metaprior.core import Batch, MetapriorError, Method, Player, Scalar, Schedule, Step, Term, value_at
from metaprior.training.options import Loop
from metaprior.training.spread import laid_out_as, whole_tensor


class PlayerLoss(nn.Module):
    """A method's loss as one player sees it: it owns only that player's modules, so DDP reduces only those."""

    def __init__(self, method: Method, player: Player) -> None:
        super().__init__()
        self.own = nn.ModuleList(player_module(method, player, name) for name in player.modules)
        self.name = player.name
        self.__dict__["play"] = method.__call__  # seen, not owned: the other players' parameters stay theirs

    def forward(self, batches: Mapping[str, Batch], step: Step) -> tuple[Tensor, dict[str, Term]]:
        """The weighted sum that the player minimises, and its terms."""
        terms: dict[str, Term] = self.__dict__["play"](self.name, batches, step)
        return weighted_sum(terms), terms


def weighted_sum(terms: Mapping[str, Term]) -> Tensor:
    """The loss that a player minimises."""
    first, *others = (term.value * term.weight for term in terms.values())
    for other in others:
        first = first + other
    return first


def player_module(method: Method, player: Player, name: str) -> nn.Module:
    """The sub-module of that name, or an error."""
    try:
        return method.get_submodule(name)
    except AttributeError:
        kind = type(method).__name__
        raise MetapriorError(f"player '{player.name}' names the module '{name}', which {kind} lacks") from None


def player_parameters(method: Method, player: Player) -> dict[str, nn.Parameter]:
    """The player's parameters by their names in the method."""
    return {
        f"{module}.{name}": parameter
        for module in player.modules
        for name, parameter in player_module(method, player, module).named_parameters()
    }


def parameter_groups(player: Player, parameters: Mapping[str, nn.Parameter]) -> list[tuple[Scalar, float, list[str]]]:
    """(learning rate, weight decay, names) for each group that holds a parameter; the first matching pattern wins."""
    optimizer = player.optimizer
    decay = getattr(optimizer, "weight_decay", 0.0)
    rules = [
        (g.pattern, optimizer.lr if g.lr is None else g.lr, decay if g.weight_decay is None else g.weight_decay)
        for g in player.groups
    ]
    rules.append(("*", optimizer.lr, decay))
    members: list[list[str]] = [[] for _ in rules]
    for name in parameters:
        members[next(i for i, rule in enumerate(rules) if fnmatch.fnmatch(name, rule[0]))].append(name)
    for (pattern, _, _), names in zip(rules[:-1], members, strict=False):
        if not names:
            raise MetapriorError(f"the group '{pattern}' of player '{player.name}' matches no parameter")
    return [(lr, wd, names) for (_, lr, wd), names in zip(rules, members, strict=True) if names]


class Turns:
    """All that one player needs over a training."""

    def __init__(self, method: Method, player: Player, loop: Loop) -> None:
        self.player = player
        self.parameters = player_parameters(method, player)
        self.groups = parameter_groups(player, self.parameters)
        self.optimizer = player.optimizer.build(
            [
                {"params": [self.parameters[n] for n in names], "lr": value_at(lr, 0), "weight_decay": decay}
                for lr, decay, names in self.groups
            ],
            fused=loop.fused,
        )
        rates = zip(self.optimizer.param_groups, (lr for lr, _, _ in self.groups), strict=True)
        self.scheduled = [(group, lr) for group, lr in rates if isinstance(lr, Schedule)]
        self.average = (
            {name: parameter.detach().clone() for name, parameter in self.parameters.items()} if player.ema else None
        )
        self.clip = loop.clip
        self.loss: nn.Module = PlayerLoss(method, player)

    def update(self, step: int) -> Tensor | None:
        """One step of the optimiser at the schedule's rate, from the gradients that are there; returns their norm."""
        for group, lr in self.scheduled:
            group["lr"] = value_at(lr, step)
        norm = nn.utils.clip_grad_norm_(self.parameters.values(), self.clip) if self.clip else None
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        if self.average is not None:
            with torch.no_grad():
                for name, average in self.average.items():
                    average.lerp_(self.parameters[name].detach(), 1 - (self.player.ema or 0.0))
        return None if norm is None else whole_tensor(norm)

    def state(self) -> dict[str, Tensor]:
        """The optimiser's tensors, named player/parameter/quantity; an error if it keeps anything else."""
        state = {
            f"{self.player.name}/{name}/{key}": value
            for name, parameter in self.parameters.items()
            for key, value in self.optimizer.state.get(parameter, {}).items()
        }
        for name, value in state.items():
            if not isinstance(value, Tensor):
                kind = type(self.optimizer).__name__
                raise MetapriorError(f"{kind} keeps {name} as {type(value).__name__}; only tensors can be saved")
        return state

    def load_state(self, tensors: Mapping[str, Tensor]) -> None:
        """Take the optimiser's tensors back."""
        for name, parameter in self.parameters.items():
            prefix = f"{self.player.name}/{name}/"
            state = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
            if state:  # laid out in memory as the parameter is: fused optimisers go through both side by side
                self.optimizer.state[parameter] = {
                    key: laid_out_as(parameter, value) if value.shape == parameter.shape else value
                    for key, value in state.items()
                }

    def averages(self) -> Iterator[tuple[str, Tensor]]:
        """The averaged parameters by their names in the method."""
        yield from (self.average or {}).items()

    def load_averages(self, tensors: Mapping[str, Tensor]) -> None:
        """Take the averaged parameters back."""
        for name, average in (self.average or {}).items():
            average.copy_(laid_out_as(average, tensors[name]))
