"""Whether a preparation of Caltech101 holds the 1,000 examples that were published.

TFDS draws 30 pictures a class by a seed, from names in the order that a file system lists them in: prepared anew, the
draw is another. The one list that was published (with VPT, Jia et al. 2022) has names such as ``image_0001.jpg``, which
recur in every class, and no classes. It does not tell which pictures to take, but whether they are the same.
"""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

SAME = 0.98
"""The share of names in common: of twelve other draws, .80 to .83 are, since most numbers are below 60."""


@lru_cache(maxsize=1)
def published() -> tuple[Counter[int], Counter[int]]:
    """How often each number of a picture occurs in train800, and in val200."""
    text = (files("metaprior.data.vtab.lists") / "caltech101_1k.txt").read_text()
    train, val = (Counter(map(int, line.split()[1:])) for line in text.splitlines())
    return train, val


def caltech101_caveat(train: Sequence[str], val: Sequence[str]) -> str:
    """What to say of the 1,000 examples with these keys; empty if they are those that were published."""
    own = (Counter(int(key[-8:-4]) for key in keys) for keys in (train, val))
    common = sum((mine & its).total() for mine, its in zip(own, published(), strict=True))
    share = common / sum(its.total() for its in published())
    if share >= SAME:
        return ""
    return f"another draw of TFDS than the 1,000 that were published: {share:.0%} of the pictures' numbers are the same"
