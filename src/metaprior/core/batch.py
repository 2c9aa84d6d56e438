"""A batch: named columns of the examples that one draw gave."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from metaprior.core.errors import MetapriorError


@dataclass(frozen=True)
class Batch:
    """Named tensors whose first axis is the example.

    The usual columns: ``images`` float32 in [0, 1], B×C×H×W; ``values`` float32, B×…, any numbers; ``labels`` int64, B;
    ``factors`` int64, B×F; ``tokens`` int64, B×T. A stream that draws groups of examples adds axes after the first.

    >>> import torch
    >>> batch = Batch({"labels": torch.tensor([3, 1])})
    >>> batch.size, batch.labels.tolist()
    (2, [3, 1])
    """

    columns: dict[str, Tensor]

    def __getitem__(self, name: str) -> Tensor:
        if name not in self.columns:
            raise MetapriorError(
                f"this method needs the column '{name}', and the data has only: {', '.join(self.columns) or 'nothing'}"
            )
        return self.columns[name]

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    @property
    def size(self) -> int:
        """The number of examples."""
        return len(next(iter(self.columns.values())))

    @property
    def images(self) -> Tensor:
        """Images, float32 in [0, 1], B×C×H×W."""
        return self["images"]

    @property
    def values(self) -> Tensor:
        """Any numbers of any shape, float32, B×…"""
        return self["values"]

    @property
    def inputs(self) -> Tensor:
        """What an encoder sees: the images, or the values of data without images."""
        return self.values if "values" in self and "images" not in self else self.images

    @property
    def labels(self) -> Tensor:
        """Class indices, int64, B."""
        return self["labels"]

    @property
    def factors(self) -> Tensor:
        """Values of the factors of variation as indices, B×F."""
        return self["factors"]

    @property
    def tokens(self) -> Tensor:
        """Token indices, int64, B×T."""
        return self["tokens"]

    def map(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        """The same columns, each changed by a function."""
        return Batch({name: change(column) for name, column in self.columns.items()})
