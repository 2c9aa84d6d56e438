"""A data set: named columns, one row an example, held in memory."""

import dataclasses
import hashlib
import math
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float32, Int64, UInt8
from torch import Tensor

from metaprior.core import Batch, DataSpec, MetapriorError

COLUMNS = ("images", "values", "tokens", "labels", "factors")


def shown(column: Tensor) -> str:
    """The shape of a column, for a line about it.

    >>> shown(torch.zeros(3, 1, 8, 8))
    '3×1×8×8'
    """
    return "×".join(map(str, column.shape))


@dataclass(frozen=True)
class Combinations:
    """How many combinations of the factors there could be, are among the rows, and are there more than once."""

    possible: int
    present: int
    repeated: int


@dataclass(frozen=True, eq=False)
class Dataset:
    """Columns of N examples; those a set does not have are ``None``. It is a :class:`metaprior.core.Source`.

    ``images`` keep their bytes, 0 to 255; ``values`` are any numbers; ``tokens`` are one long text. ``factors`` are
    indices below ``factor_sizes``, -1 where a value is missing. ``caveat`` is to be printed wherever a number from this
    set is quoted.

    >>> data = Dataset("two", images=torch.zeros(2, 1, 4, 4, dtype=torch.uint8), labels=torch.tensor([1, 0]))
    >>> data.gather(torch.tensor([[0, 1, 1]])).images.shape
    torch.Size([1, 3, 1, 4, 4])
    >>> data
    <Dataset 'two': images 2×1×4×4, labels 2>
    """

    name: str
    images: UInt8[Tensor, "n c h w"] | None = None
    values: Float32[Tensor, "n ..."] | None = None
    tokens: Int64[Tensor, " n"] | None = None
    labels: Int64[Tensor, " n"] | None = None
    factors: Int64[Tensor, "n f"] | None = None
    factor_names: tuple[str, ...] = ()
    factor_sizes: tuple[int, ...] = ()
    class_names: tuple[str, ...] = ()
    vocabulary: int = 256
    """How many tokens there may be: bytes, unless said otherwise."""
    caveat: str = ""
    factor_values: tuple[tuple[str, ...], ...] = ()
    """What each factor's indices stand for, where that is known."""

    def __post_init__(self) -> None:
        lengths = {name: len(column) for name, column in self.columns.items()}
        if len(set(lengths.values())) != 1:
            raise MetapriorError(f"data set '{self.name}' needs columns of one length, and has {lengths or 'none'}")
        if self.factors is not None:
            named = (len(self.factor_names), len(self.factor_sizes))
            if named != (self.factors.shape[1],) * 2:
                raise MetapriorError(
                    f"data set '{self.name}' has {self.factors.shape[1]} factors, "
                    f"but {named[0]} names and {named[1]} sizes for them"
                )
            if empty := [name for name, size in zip(self.factor_names, self.factor_sizes, strict=True) if size < 1]:
                raise MetapriorError(f"data set '{self.name}' has a factor without values, '{empty[0]}'; leave it out")

    @property
    def columns(self) -> dict[str, Tensor]:
        """The columns that are there, by name."""
        found = {name: getattr(self, name) for name in COLUMNS}
        return {name: column for name, column in found.items() if column is not None}

    def __repr__(self) -> str:
        columns = ", ".join(f"{name} {shown(column)}" for name, column in self.columns.items())
        return f"<Dataset '{self.name}': {columns}>"

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def gather(self, indices: Tensor) -> Batch:
        """The rows at ``indices``, int64 of any shape, which each column begins with; images float32 in [0, 1]."""
        columns = {}
        for name, column in self.columns.items():
            rows = column[indices.to(column.device)]
            columns[name] = rows.float() / 255 if name == "images" else rows
        return Batch(columns)

    def to(self, device: torch.device | str) -> "Dataset":
        """The same set with its columns on ``device``; images stay uint8 there."""
        return dataclasses.replace(self, **{name: column.to(device) for name, column in self.columns.items()})

    def take(self, indices: Int64[Tensor, " m"]) -> "Dataset":
        """A smaller set: the rows at ``indices``, in that order."""
        rows = {name: column[indices.to(column.device)] for name, column in self.columns.items()}
        return dataclasses.replace(self, **rows)

    @property
    def spec(self) -> DataSpec:
        """What a recipe must know to build its nets."""
        shape = None if self.images is None else (self.images.shape[1], self.images.shape[2], self.images.shape[3])
        return DataSpec(
            image_shape=shape,
            value_shape=None if self.values is None else tuple(self.values.shape[1:]),
            factor_sizes=self.factor_sizes,
            factor_names=self.factor_names,
            classes=self.classes,
            vocabulary=0 if self.tokens is None else max(self.vocabulary, int(self.tokens.max()) + 1),
            examples=len(self),
            missing_labels=0 if self.labels is None else int((self.labels < 0).sum()),
            missing_factors=self._missing_factors(),
        )

    def _missing_factors(self) -> tuple[int, ...]:
        missing = () if self.factors is None else tuple((self.factors < 0).sum(dim=0).tolist())
        return missing if any(missing) else ()

    @property
    def classes(self) -> int:
        """The number of classes: of their names, or as many as the labels count up to."""
        return len(self.class_names) or (0 if self.labels is None else int(self.labels.max()) + 1)

    @property
    def combinations(self) -> Combinations | None:
        """Which combinations of its factors there are, by the rows that miss none; None without factors."""
        if self.factors is None:
            return None
        rows, times = self.factors[(self.factors >= 0).all(dim=1)].unique(dim=0, return_counts=True)
        return Combinations(math.prod(self.factor_sizes), len(rows), int((times > 1).sum()))

    @cached_property
    def digest(self) -> str:
        """16 hexadecimal digits that depend on every value of every column; for a run's provenance."""
        content = hashlib.blake2b(digest_size=8)
        for name, column in self.columns.items():
            content.update(f"{name}{tuple(column.shape)}".encode())
            content.update(column.cpu().contiguous().numpy().data)
        return content.hexdigest()
