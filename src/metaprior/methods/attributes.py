"""What is known of an example beside its input: its class, or the value of one of its factors."""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from metaprior.core import Batch, DataSpec, MetapriorError, Method, unknown


@dataclass(frozen=True)
class Attribute:
    """One column of a batch whose values are 0 to ``size`` - 1: its labels, or the factor at ``place``."""

    name: str
    size: int
    place: int | None = None

    def of(self, batch: Batch) -> Tensor:
        """Its values, int64, B; -1 where one is missing."""
        return batch.labels if self.place is None else batch.factors[:, self.place]

    def one_hot(self, batch: Batch) -> Tensor:
        """Its values as indicators, B×size, of the inputs' type; where one is missing, the uniform distribution."""
        values = self.of(batch)
        indicators = F.one_hot(values.clamp(min=0), self.size).to(batch.inputs.dtype)
        return indicators.where(values[:, None] >= 0, 1 / self.size)

    def told(self, rows: Tensor, values: Tensor | None) -> Tensor:
        """What a net is told beside each of B rows, B×size in their type: indicators of its values, int64 B, or
        probabilities as they are, B×size; without either the uniform distribution."""
        if values is None:
            return rows.new_full((len(rows), self.size), 1 / self.size)
        return (values if values.is_floating_point() else F.one_hot(values, self.size)).to(rows.dtype)


def told_of_each(method: Method) -> tuple[str, ...]:
    """The names of the attributes that a method reads of its examples."""
    return tuple(dict.fromkeys(each.name for each in vars(method).values() if isinstance(each, Attribute)))


def find_attribute(data: DataSpec, name: str | None = None) -> Attribute:
    """The factor of that name, or ``label``; without a name the label, or the first factor where there are no classes.

    >>> find_attribute(DataSpec(classes=10)), find_attribute(DataSpec(factor_names=("hue",), factor_sizes=(4,)), "hue")
    (Attribute(name='label', size=10, place=None), Attribute(name='hue', size=4, place=0))
    """
    known = {"label": Attribute("label", data.classes)} if data.classes > 1 else {}
    known |= {
        each: Attribute(each, size, place)
        for place, (each, size) in enumerate(zip(data.factor_names, data.factor_sizes, strict=False))
        if size > 1
    }
    if not known:
        raise MetapriorError(
            "this method is told something of each example, and this data has neither classes nor factors that vary; "
            "take data with labels"
        )
    if name in data.factor_names and name not in known:
        raise MetapriorError(
            f"'{name}' has one value in all examples, so that there is nothing to be told; name another"
        )
    if name is not None and name not in known:
        raise unknown("attribute", name, known)
    return next(iter(known.values())) if name is None else known[name]


def find_known_attribute(data: DataSpec, name: str | None = None) -> Attribute:
    """As :func:`find_attribute`, for a method that is told it of every example: an error where some lack it.

    >>> find_known_attribute(DataSpec(classes=10, missing_labels=3, examples=50))
    Traceback (most recent call last):
    metaprior.core.errors.MetapriorError: 'label' is missing in 3 of 50 examples, and this method is told it of each; \
leave those out, or name another attribute
    """
    attribute = find_attribute(data, name)
    of_factors = dict(enumerate(data.missing_factors))
    missing = data.missing_labels if attribute.place is None else of_factors.get(attribute.place, 0)
    if missing:
        raise MetapriorError(
            f"'{attribute.name}' is missing in {missing} of {data.examples} examples, and this method is told it of "
            "each; leave those out, or name another attribute"
        )
    return attribute


def find_labelled_attribute(data: DataSpec, name: str | None = None) -> Attribute:
    """As :func:`find_attribute`, of the few labelled examples, whose columns are the factors as labelled.

    Of data with classes alone, the classes are the one factor.
    """
    if not data.labelled_factors:
        raise MetapriorError("this method learns from a few labels, and there are none; say how many: --labels 100")
    if data.labelled_factors == ("class",):
        data = DataSpec(classes=data.labelled_factor_sizes[0])
    else:
        data = DataSpec(factor_names=data.labelled_factors, factor_sizes=data.labelled_factor_sizes)
    return find_attribute(data, name)
