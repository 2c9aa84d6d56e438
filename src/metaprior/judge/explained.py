"""How a model explains examples: a sample of each one's code, what that says of the example, and what it costs."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from metaprior.core import Batch, Counter, Explains, Explanation, MetapriorError, Step
from metaprior.judge.features import Gathers, Progress, evaluating, refuse_other_shapes
from metaprior.methods.attributes import Attribute

VALUES_AT_ONCE = 2**18
"""About so many values of inputs are decoded at a time, and between 64 and 4,096 inputs."""


@dataclass(frozen=True, eq=False)
class Explained:
    """N examples by S samples of each one's posterior, in nats; otherwise as :class:`metaprior.core.Explanation`."""

    codes: Float[Tensor, "n z"]
    """The first of the samples."""
    distortion: Float[Tensor, "n s"] | None
    log_ratio: Float[Tensor, "n s"] | None
    rate: Float[Tensor, "n g"] | None
    standard: int
    posterior: tuple[Float[Tensor, "n z"], Float[Tensor, "n z"]] | None

    @property
    def noisy(self) -> bool:
        """Whether a code is drawn, so that it has a rate."""
        return self.rate is not None or self.log_ratio is not None


@torch.inference_mode()
def explained(
    model: Explains, data: Gathers, rows: Tensor, samples: int, seed: int = 0, progress: Progress | None = None
) -> Explained:
    """The examples at ``rows``, a few at a time, so that memory does not grow with N or S but for the result.

    Samples depend on the seed, the rows and S alone.
    """
    if not len(rows):
        raise MetapriorError("there are no examples to explain")
    parts: list[Explained] = []
    with evaluating(model) as device:
        at_once = _at_once(model, data.gather(rows[:1]))
        sizes = [len(part) for part in torch.arange(samples).split(at_once)]
        done = 0
        for place, some in enumerate(rows.split(max(1, at_once // samples))):
            batch = data.gather(some)
            refuse_other_values(model, data, batch)
            batch = batch.map(lambda column: column.to(device)) if device is not None else batch
            pieces = [model.explain(batch, _step(batch, seed, place, k), size) for k, size in enumerate(sizes)]
            parts.append(_joined(pieces))
            done += len(some)
            if progress is not None:
                progress(done, len(rows))
    laws = [part.posterior for part in parts if part.posterior is not None]
    return Explained(
        torch.cat([part.codes for part in parts]),
        _rows_of([part.distortion for part in parts]),
        _rows_of([part.log_ratio for part in parts]),
        _rows_of([part.rate for part in parts]),
        parts[0].standard,
        (torch.cat([mean for mean, _ in laws]), torch.cat([logvar for _, logvar in laws])) if laws else None,
    )


def refuse_other_values(model: object, data: Gathers, batch: Batch) -> None:
    """An error where a run's model is told attributes, and the data have other factors or a batch other values."""
    config = getattr(model, "config", None) or {}
    told = config.get("told") or ()
    own, here = ((config.get("data_spec") or {}).get("factor_names") or ()), getattr(data, "factor_names", ())
    if told and own and tuple(own) != tuple(here):
        raise MetapriorError(
            f"the model was told '{told[0]}' of data with the factors {', '.join(own)}, and these have "
            f"{', '.join(here) or 'none'}: nothing says which is which; take data laid out like those"
        )
    for each in vars(model).values() if told else ():
        if isinstance(each, Attribute) and (most := int(each.of(batch).max())) >= each.size:
            raise MetapriorError(
                f"the model was told '{each.name}' of 0 to {each.size - 1}, and here it is {most}; take data "
                "like those that it was trained on"
            )


def _at_once(model: object, one: Batch) -> int:
    """How many inputs to decode at a time, by the size of one."""
    refuse_other_shapes(model, one.inputs)
    return min(max(VALUES_AT_ONCE // math.prod(one.inputs.shape), 64), 4096)


def _step(batch: Batch, seed: int, place: int, piece: int) -> Step:
    draws = Counter(seed, step=place, turn=piece, device=batch.inputs.device, dtype=batch.inputs.dtype)
    return Step(draws=draws)


def _joined(pieces: list[Explanation]) -> Explained:
    """The samples of the same examples, on the host."""
    first = pieces[0]
    return Explained(
        first.codes[:, 0].cpu(),
        _rows_of([piece.distortion for piece in pieces], dim=1),
        _rows_of([piece.log_ratio for piece in pieces], dim=1),
        first.rate.cpu() if first.rate is not None else None,
        first.standard,
        (first.posterior[0].cpu(), first.posterior[1].cpu()) if first.posterior is not None else None,
    )


def _rows_of(parts: list[Tensor | None], dim: int = 0) -> Tensor | None:
    known = [part for part in parts if part is not None]
    return torch.cat(known, dim=dim).cpu() if known else None
