"""Cohorts: runs of one method that differ in seed and scalars, trained as one program.

The members' parameters are stacked, ``torch.vmap`` runs the method's forward over all members at once, and one
backward pass over the sum of their losses gives every member its own gradient. Each member draws what it would draw
alone, so it ends with the weights of its single run, up to the rounding of batched kernels.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call

from metaprior.core import Batch, Counter, MetapriorError, Method, Scalar, Schedule, Source, Step, value_at
from metaprior.training.callbacks import listening
from metaprior.training.checkpoint import Checkpoint, checkpoints, load_checkpoint, save_checkpoint
from metaprior.training.cohort_members import Member, check_loop, check_members
from metaprior.training.cohort_turns import CohortTurns, Draw, Drawn, Recorder
from metaprior.training.interrupt import interruptible
from metaprior.training.loop import metrics_line
from metaprior.training.options import Loop
from metaprior.training.progress import print_warning
from metaprior.training.saving import time_to_save
from metaprior.training.turns import weighted_sum
from metaprior.training.weights import load_tensors, saved_tensors


@dataclass(frozen=True)
class CohortResult:
    """What :func:`fit_cohort` did: steps, whether a signal stopped it, seconds, each member's last line of metrics.

    ``diverged`` says what befell the members that diverged, by their place in the cohort.
    """

    steps: int
    interrupted: bool
    seconds: float
    records: tuple[dict[str, Any], ...]
    diverged: Mapping[int, str]


def fit_cohort(
    members: Sequence[Member], sources: Mapping[str, Source], loop: Loop, resume: bool = False
) -> CohortResult:
    """Train all members as one program; ``loop.seed`` gives way to the members' seeds.

    Each member's method ends with its own weights and each run folder as :func:`metaprior.training.fit` would leave
    it (the caller writes ``config.json``); ``seconds`` in ``metrics.jsonl`` are a member's share of the cohort's,
    whose ``members`` it counts. Checkpoints
    are a single run's, so a member may also go on alone. A member that diverges is no longer updated, keeps no final
    weights and is named in the result; the others go on.

    The method must say ``cohort = True``: pure tensor code under ``torch.vmap``, whose only random numbers are those
    of the step (no dropout), without an ``after`` hook or carried state. Members may differ in seeds, ``hyper``,
    learning rates and weight decay, and in nothing else.
    """
    cohort = Cohort(members, sources, loop)
    with cohort.prepared(resume), interruptible() as stopped:
        while cohort.step < loop.steps and any(cohort.alive) and not stopped.is_set():
            cohort.advance()
        interrupted = cohort.step < loop.steps and any(cohort.alive)
        cohort.close(interrupted)
    return CohortResult(cohort.step, interrupted, cohort.seconds, tuple(cohort.records), cohort.diverged)


class Cohort:
    """The state of the trainings of all members, and their one step. N is the number of members."""

    def __init__(self, members: Sequence[Member], sources: Mapping[str, Source], loop: Loop) -> None:
        check_loop(loop)
        check_members(members)
        self.members, self.loop = members, loop
        self.device = loop.find_device()
        if loop.threads:
            torch.set_num_threads(loop.threads)
        self.methods = [member.method.to(self.device, loop.dtype) for member in members]
        self.method = self.methods[0].train()  # whose code runs for all, given all their tensors
        self.step, self.seconds = 0, 0.0
        self.streams = [method.streams() for method in self.methods]
        self.sources = self.place_sources(sources)
        self.hyper = {
            name: Scalars([method.hyper[name] for method in self.methods], loop.dtype, self.device)
            for name in self.method.hyper
        }
        self.repeats = max(player.repeats for player in self.method.players())
        self.asked = self.record_draws()
        players = [method.players() for method in self.methods]
        self.turns = [CohortTurns(self.methods, each, loop) for each in zip(*players, strict=True)]
        self.rest = stack_rest(self.methods, {name for turns in self.turns for name in turns.names})
        self.names = [m.run.folder.name if m.run else f"member {i}" for i, m in enumerate(members)]
        self.alive, self.diverged = [True] * len(members), {}
        self.records: list[dict[str, Any]] = [{} for _ in members]

    def place_sources(self, sources: Mapping[str, Source]) -> list[dict[str, Source]]:
        """Each member's sources on the device; one that members share is placed, and later gathered from, once."""
        each = [{**sources, **member.sources} for member in self.members]
        for name, stream in self.streams[0].items():
            if any(stream.source not in own for own in each):
                raise MetapriorError(f"the stream '{name}' draws from '{stream.source}', and no such data was given")
        distinct = {id(source): source for own in each for source in own.values()}
        placed = {key: source.to(self.device) for key, source in distinct.items()}
        return [{name: placed[id(source)] for name, source in own.items()} for own in each]

    @contextlib.contextmanager
    def prepared(self, resume: bool) -> Iterator[None]:
        """The state to begin from; at the end every member has its tensors to itself again."""
        if self.loop.deterministic:
            torch.use_deterministic_algorithms(True)
        if resume:
            self.restore()
        for method in self.methods:
            method.train()
        self.bad = torch.full((len(self.members),), -1, dtype=torch.int64, device=self.device)
        self.logged_at, self.saved_at = time.monotonic(), time.monotonic()
        self.saving, self.logged_step = 0.0, self.step
        with contextlib.ExitStack() as stack:
            stack.callback(self.put_back)
            for member in self.members:
                loop = replace(self.loop, seed=member.seed)
                for callback in member.callbacks:
                    stack.enter_context(listening(callback, member.method, loop, member.run, self.step))
            yield

    def put_back(self) -> None:
        """Give every member its tensors to itself again."""
        for method in self.methods:
            method.eval()
            for tensor in (*method.parameters(), *method.buffers()):
                tensor.data = tensor.data.clone()
        if self.loop.deterministic:
            torch.use_deterministic_algorithms(False)

    def record_draws(self) -> dict[str, list[Draw]]:
        """What each player draws in a turn, from one forward pass of the first member that changes nothing."""
        shared: dict[str, Tensor] = {}
        asked: dict[str, list[Draw]] = {}
        batches = {n: Batch(columns).map(lambda column: column[0]) for n, columns in self.draw(0).items()}
        hyper = {name: scalars.at(self.step)[0] for name, scalars in self.hyper.items()}
        for name in (player.name for player in self.method.players()):
            recorder = Recorder(Counter(self.members[0].seed, self.step, 0, self.device, self.loop.dtype))
            step = Step(self.step, 0, hyper, recorder, shared=shared)
            buffers = {n: buffer.clone() for n, buffer in self.method.named_buffers()}
            with torch.no_grad():
                functional_call(self.method, buffers, (name, batches, step))
            if step.state:
                raise MetapriorError(f"{type(self.method).__name__} carries state between steps, which no cohort can")
            asked[name] = list(recorder.asked)
        return asked

    def advance(self) -> None:
        """One step of every member: each player takes its turns, then logging, checks and checkpoints when due."""
        values: dict[str, Tensor] = {}
        shared: dict[str, Tensor] = {}
        drawn = [self.draw(turn) for turn in range(self.repeats)]
        for turns in self.turns:
            name = turns.player.name
            for turn in range(turns.player.repeats):
                matrix = turns.matrix.detach().requires_grad_()
                state = self.rest | turns.stacked(matrix)
                for other in self.turns:
                    state |= other.stacked(other.matrix) if other is not turns else {}
                losses, terms, shared = self.losses(name, turn, state, drawn[turn], shared)
                (gradient,) = torch.autograd.grad(losses.sum(), matrix)
                values |= {f"{name}/{key}": value.detach() for key, value in terms.items()}
                values[f"{name}/loss"] = losses.detach()
                norm = turns.update(self.step, gradient, self.alive)
                if norm is not None:
                    values[f"{name}/gradient_norm"] = norm
        self.step += 1
        self.watch(values)
        self.report(values)

    def draw(self, turn: int) -> dict[str, dict[str, Tensor]]:
        """Every stream's columns, each N×B×…: every member its own examples."""
        return {name: self.examples(name, turn) for name in self.streams[0]}

    def examples(self, name: str, turn: int) -> dict[str, Tensor]:
        """One stream's columns: indices N×B gathered at once where the members share the source."""
        count = self.step * self.repeats + turn
        streams = [own[name] for own in self.streams]
        sources = [own[stream.source] for own, stream in zip(self.sources, streams, strict=True)]
        indices = [
            stream.indices(len(source), member.seed, name, count).to(self.device)
            for stream, source, member in zip(streams, sources, self.members, strict=True)
        ]
        if all(source is sources[0] for source in sources):
            columns = sources[0].gather(torch.stack(indices)).columns
        else:
            each = [source.gather(own).columns for source, own in zip(sources, indices, strict=True)]
            columns = {key: torch.stack([own[key] for own in each]) for key in each[0]}
        return {
            key: column.to(self.device, self.loop.dtype if column.is_floating_point() else None)
            for key, column in columns.items()
        }

    def losses(
        self,
        player: str,
        turn: int,
        state: dict[str, Tensor],
        columns: dict[str, dict[str, Tensor]],
        shared: dict[str, Tensor],
    ) -> tuple[Tensor, dict[str, Tensor], dict[str, Tensor]]:
        """A player's losses N, its terms N each, and what it shares; all inputs begin with the members' axis."""
        asked = self.asked[player]
        counters = [Counter(m.seed, self.step, turn, self.device, self.loop.dtype) for m in self.members]
        noise = [torch.stack([counter(*ask) for counter in counters]) for ask in asked]
        hyper = {name: scalars.at(self.step) for name, scalars in self.hyper.items()}

        def one_member(
            state: dict[str, Tensor],
            columns: dict[str, dict[str, Tensor]],
            hyper: dict[str, Tensor],
            noise: list[Tensor],
            shared: dict[str, Tensor],
        ) -> tuple[Tensor, dict[str, Tensor], dict[str, Tensor]]:
            draws = Drawn(dict(zip(asked, noise, strict=True)))
            step = Step(self.step, turn, hyper, draws, shared=dict(shared))
            batches = {name: Batch(own) for name, own in columns.items()}
            terms = functional_call(self.method, state, (player, batches, step))
            return weighted_sum(terms), {key: term.value for key, term in terms.items()}, step.shared

        every_member: Callable[..., Any] = torch.vmap(one_member)
        mixed = torch.autocast(self.device.type, torch.bfloat16, enabled=self.loop.precision == "bf16")
        try:
            with mixed:
                return every_member(state, columns, hyper, noise, shared)
        except RuntimeError as fault:
            if "randomness" not in str(fault):
                raise
            raise MetapriorError(
                f"{type(self.method).__name__} draws random numbers that are not the step's (dropout, say), which no "
                "cohort can; train its members one by one"
            ) from fault

    def watch(self, values: dict[str, Tensor]) -> None:
        """Leave behind the members with a term that is NaN or explodes: at once on a CPU, at log lines on a device."""
        table = torch.stack([value.to(torch.float64) for value in values.values()])
        self.bad = torch.where((self.bad < 0) & ~(table.abs() <= self.loop.explode).all(dim=0), self.step, self.bad)
        if self.device.type != "cpu" and not self.due:
            return
        for i, step in enumerate(self.bad.tolist()):
            if step < 0 or not self.alive[i]:
                continue
            pairs = zip(values, table[:, i].tolist(), strict=True)
            named = [f"{name} = {value:g}" for name, value in pairs if not abs(value) <= self.loop.explode]
            self.give_up(
                i,
                f"{self.names[i]} diverged at step {step}: {', '.join(named) or 'a term was not finite'}; try a lower "
                "learning rate or loop.clip",
            )

    def give_up(self, member: int, reason: str) -> None:
        """Leave a member behind, and say why."""
        self.alive[member], self.diverged[member] = False, reason
        print_warning(f"{reason}; the other members go on")
        if run := self.members[member].run:
            run.write_diverged(reason)

    @property
    def due(self) -> bool:
        """Whether a line of metrics is due."""
        return self.step % self.loop.log_interval == 0 or self.step == self.loop.steps

    def report(self, values: dict[str, Tensor]) -> None:
        """Lines of metrics, the callbacks, checkpoints, each when due; the diverged are silent."""
        extra: list[dict[str, float]] = [{} for _ in self.members]
        for member, alive, values_of_callbacks in zip(self.members, self.alive, extra, strict=True):
            for callback in member.callbacks if alive else ():
                values_of_callbacks.update(callback.stepped(member.method, self.step) or {})
        if self.due or any(extra):
            self.log(values, extra)
        every = self.loop.checkpoint_every
        if self.step < self.loop.steps and (
            self.step % every == 0 if every else time_to_save(self.saved_at, self.saving)
        ):
            self.save()

    def log(self, values: dict[str, Tensor], extra: list[dict[str, float]]) -> None:
        """A line of metrics for each member that is due one."""
        now = time.monotonic()
        elapsed = now - self.logged_at
        self.seconds += elapsed
        rate = next(iter(self.streams[0].values())).batch * (self.step - self.logged_step) / max(elapsed, 1e-9)
        table = torch.stack([value.to(torch.float64) for value in values.values()], dim=1).tolist()
        self.logged_at, self.logged_step, count = now, self.step, len(self.members)
        for i, member in enumerate(self.members):
            if not self.alive[i]:
                continue
            terms = dict(zip(values, table[i], strict=True)) | extra[i]
            self.records[i] = metrics_line(self.step, self.seconds / count, rate, terms) | {"members": count}
            if member.run:
                member.run.append_metrics(self.records[i])
            for callback in member.callbacks:
                callback.logged(self.records[i])

    def save(self) -> None:
        """A checkpoint in each living member's run folder, in the form of a single run's."""
        began = time.monotonic()
        for i, member in enumerate(self.members):
            weights = saved_tensors(member.method)
            finite = all(value.isfinite().all() for value in weights.values() if value.is_floating_point())
            if member.run is None or not self.alive[i] or not finite:
                continue
            groups = {
                "model": weights,
                "optimizer": {k: v for turns in self.turns for k, v in turns.state(i).items()},
                "average": {},
                "carried": {},
                "clock": {"seconds": torch.tensor(self.seconds / len(self.members), dtype=torch.float64)},
            }
            save_checkpoint(member.run.folder / "checkpoint", Checkpoint(self.step, groups), self.loop.keep)
        self.saved_at = time.monotonic()
        self.saving = self.saved_at - began

    def restore(self) -> None:
        """Go back to the newest step of which every member that had not diverged has a sound checkpoint."""
        runs = [member.run for member in self.members if member.run]
        if len(runs) < len(self.members):
            raise MetapriorError("a cohort can only be resumed when every member has a run")
        self.diverged = {i: run.diverged for i, run in enumerate(runs) if run.diverged}
        self.alive = [i not in self.diverged for i in range(len(runs))]
        living = [i for i, alive in enumerate(self.alive) if alive]
        self.step, found = newest_in_common([runs[i].folder / "checkpoint" for i in living], self.device)
        for i in living:
            runs[i].cut_metrics(self.step)
        for i, checkpoint in zip(living, found, strict=False):
            load_tensors(self.members[i].method, checkpoint.groups["model"])
            for turns in self.turns:
                turns.load_state(i, checkpoint.groups["optimizer"])
            self.seconds = checkpoint.groups["clock"]["seconds"].item() * len(self.members)

    def close(self, interrupted: bool) -> None:
        """The final weights of the members that are alive; or, when interrupted, checkpoints to go on from."""
        self.save()
        for i, member in enumerate(self.members):
            if member.run is None or not self.alive[i] or interrupted:
                continue
            weights = saved_tensors(member.method)
            if all(value.isfinite().all() for value in weights.values() if value.is_floating_point()):
                member.run.write_weights(weights)
            else:
                self.give_up(i, f"{self.names[i]}: the weights were no longer finite at step {self.step}")


def newest_in_common(folders: Sequence[Path], device: torch.device) -> tuple[int, list[Checkpoint]]:
    """The newest step of which all folders have a sound checkpoint, and these; 0 and none where there is none."""
    steps = [{int(path.name) for path in checkpoints(folder)} for folder in folders]
    for step in sorted(set.intersection(*steps) if steps else (), reverse=True):
        with contextlib.suppress(MetapriorError):  # one is damaged
            return step, [load_checkpoint(folder / f"{step:09d}", device) for folder in folders]
    return 0, []


class Scalars:
    """One scalar of every member, constants or schedules, as a tensor."""

    def __init__(self, scalars: Sequence[Scalar], dtype: torch.dtype, device: torch.device) -> None:
        self.scalars, self.options = scalars, {"dtype": dtype, "device": device}
        self.varies = any(isinstance(scalar, Schedule) for scalar in scalars)
        self.now = self.value(0)

    def value(self, step: int) -> Tensor:
        """The values at a step, computed anew, N."""
        return torch.tensor([value_at(scalar, step) for scalar in self.scalars], **self.options)

    def at(self, step: int) -> Tensor:
        """The values at a step, N."""
        return self.value(step) if self.varies else self.now


def stack_rest(methods: Sequence[Method], owned: set[str]) -> dict[str, Tensor]:
    """Buffers and parameters that no player trains, each N×its shape, the members' becoming views of it.

    What all members share, such as one teacher, stays where it is.
    """
    each = [{**dict(method.named_parameters()), **dict(method.named_buffers())} for method in methods]
    stacked = {}
    for name, first in each[0].items():
        if name in owned or all(own[name] is first for own in each):
            continue
        stacked[name] = torch.stack([own[name].detach() for own in each])
        for own, row in zip(each, stacked[name], strict=True):
            own[name].data = row
    return stacked
