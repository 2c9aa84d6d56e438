"""What the tests of methods with critics ask of each."""

import torch

from metaprior.core import Batch, Counter, Method, Step


def turn(method: Method, player: str, batches: dict[str, Batch], step: Step) -> torch.Tensor:
    """A player's loss."""
    return sum(term.value * term.weight for term in method(player, batches, step).values())  # pyright: ignore


def step_of(method: Method, seed: int = 0, **options) -> Step:
    """A step with the method's own scalars, in float64."""
    hyper = {name: torch.tensor(value, dtype=torch.float64) for name, value in method.hyper.items()}
    return Step(hyper=hyper, draws=Counter(seed, dtype=torch.float64), **options)


def gradients(method: Method, player: str, batches: dict[str, Batch], step: Step) -> set[str]:
    """The names of the parameters that a player's loss would move, were no parameter frozen."""
    method.zero_grad(set_to_none=True)
    turn(method, player, batches, step).backward()
    return {name for name, parameter in method.named_parameters() if parameter.grad is not None}
