"""Random bits by number: a counter-based generator on tensors, the same on every device."""

from jaxtyping import Float32, Int64
from torch import Tensor


def _signed(word: int) -> int:
    return word - 2**64 if word >= 2**63 else word


_STEP, _FIRST, _SECOND = map(_signed, (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def splitmix64(numbers: Int64[Tensor, "*n"]) -> Int64[Tensor, "*n"]:
    """The outputs of SplitMix64 with seed 0 that have these numbers, from 0 on, as 64 random bits each.

    Source: Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators"; the constants are those of
    Vigna's ``splitmix64.c``.

    >>> import torch
    >>> hex(splitmix64(torch.tensor(1)).item())
    '0x6e789e6aa1b965f4'
    """
    word = (numbers + 1) * _STEP
    word = (word ^ _shifted(word, 30)) * _FIRST
    word = (word ^ _shifted(word, 27)) * _SECOND
    return word ^ _shifted(word, 31)


def uniform(words: Int64[Tensor, "*n"]) -> Float32[Tensor, "*n"]:
    """The upper 24 of 64 random bits as numbers in [0, 1)."""
    return _shifted(words, 40).float() * 2**-24


def _shifted(word: Tensor, by: int) -> Tensor:
    """To the right, filled with zeros: torch's own shift copies the sign."""
    return (word >> by) & (2 ** (64 - by) - 1)
