"""Ranges of a method's choices: asked for in one line where a recipe builds, refused in one line."""

from math import inf, isfinite

from metaprior.core.errors import MetapriorError
from metaprior.core.schedule import Scalar, Schedule


def require_at_least(least: float, why: str = "", /, **choices: Scalar | None) -> None:
    """Raise unless each choice is finite and at least so much, a schedule at all the values it moves between.

    None, a choice left to the method, passes. ``why`` ends the message.

    >>> require_at_least(2, "one example has no covariance", batch=1)
    Traceback (most recent call last):
    metaprior.core.errors.MetapriorError: batch must be at least 2, not 1: one example has no covariance
    """
    for name, choice in choices.items():
        if not all(least <= value < inf for value in _values(choice)):
            raise _refusal(name, f"at least {least:g}", choice, why)


def require_above(least: float, why: str = "", /, **choices: Scalar | None) -> None:
    """Raise unless each choice is finite and more than so much, otherwise as :func:`require_at_least`.

    A schedule may touch the bound, as a learning rate does that warms up from 0, but not stay there.

    >>> require_above(0, lr=0.0)
    Traceback (most recent call last):
    metaprior.core.errors.MetapriorError: lr must be above 0, not 0.0
    """
    for name, choice in choices.items():
        values = _values(choice)
        if not all(least <= value < inf for value in values) or (values and max(values) <= least):
            raise _refusal(name, f"above {least:g}", choice, why)


def _values(choice: Scalar | None) -> tuple[float, ...]:
    if isinstance(choice, Schedule):
        return choice.extremes()
    return () if choice is None else (choice,)


def _refusal(name: str, rule: str, choice: Scalar | None, why: str) -> MetapriorError:
    finite = "" if all(map(isfinite, _values(choice))) else "finite and "
    return MetapriorError(f"{name} must be {finite}{rule}, not {choice}{why and ': ' + why}")
