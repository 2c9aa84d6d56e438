"""Heat maps of codes and factors, and what they say of each code."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from metaprior.report.codes import order_by_information
from metaprior.report.view import RunView


@dataclass(frozen=True, eq=False)
class HeatMap:
    """A table of codes × factors in the order it is shown in."""

    rows: list[str]
    columns: list[str]
    values: Float[np.ndarray, "codes factors"]
    order: list[int]

    @property
    def best(self) -> list[int]:
        """For each factor, the code that has the most of it."""
        return [int(code) for code in self.values.argmax(axis=0)]

    @property
    def leads(self) -> list[float]:
        """For each factor, by how much its best code leads the next one."""
        ranked = np.sort(np.vstack([self.values, np.zeros((1, len(self.columns)))]), axis=0)
        return (ranked[-1] - ranked[-2]).tolist()

    def tells(self, code: int) -> int:
        """The factor a code has the most of."""
        return int(self.values[code].argmax())


def heat_map(run: RunView, name: str, order: Sequence[int] | None = None) -> HeatMap | None:
    """The table of that name from the first protocol that has it, if it is whole; in ``order`` where that fits."""
    for judged in run.scores.values():
        table: Any = judged.get("tables", {}).get(name)
        try:
            values = np.array([[0.0 if v is None else v for v in row] for row in table["values"]], dtype=float)
            found, columns = [str(r) for r in table["rows"]], [str(c) for c in table["columns"]]
        except (KeyError, TypeError, ValueError):
            continue
        if values.size and values.shape == (len(found), len(columns)):
            fits = order is not None and sorted(order) == list(range(len(found)))
            return HeatMap(found, columns, values, list(order or []) if fits else order_by_information(values))
    return None
