"""Counter-based randomness: a number depends on (seed, name, counters), never on what was drawn before it.

A run that is killed and resumed therefore draws what it would have drawn, and so does a run split over processes.
"""

import hashlib

import torch


def derived_seed(seed: int, name: str, *counters: int) -> int:
    """A 63-bit seed of its own for each (seed, name, counters).

    >>> derived_seed(0, "noise", 7) == derived_seed(0, "noise", 7) != derived_seed(0, "noise", 8)
    True
    """
    key = f"{seed}/{name}/" + "/".join(map(str, counters))
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "little") >> 1


def generator(seed: int, name: str, *counters: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator that is at the beginning of the sequence of (seed, name, counters)."""
    return torch.Generator(device).manual_seed(derived_seed(seed, name, *counters))
