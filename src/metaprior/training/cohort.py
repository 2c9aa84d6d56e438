"""Cohorts: runs of one method that differ in seed and scalars, trained as one program.

The members' parameters are stacked, ``torch.vmap`` runs the method's forward over all members at once, and one
backward pass over the sum of their losses gives every member its own gradient. Each member draws what it would draw
alone, so it ends with the weights of its single run, up to the rounding of batched kernels.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call

from metaprior.core import Batch, Counter, MetapriorError, Method, Source, Step, value_at
from metaprior.training.callbacks import listening
from metaprior.training.cohort_members import Member, check_loop, check_members
from metaprior.training.cohort_saving import go_back, write_checkpoints, write_weights
from metaprior.training.cohort_turns import CohortTurns, Draw, Drawn, Recorder
from metaprior.training.interrupt import interruptible
from metaprior.training.loop import metrics_line
from metaprior.training.options import Loop
from metaprior.training.progress import print_warning
from metaprior.training.saving import time_to_save
from metaprior.training.turns import weighted_sum


@dataclass(frozen=True)
class CohortResult:
    """What :func:`fit_cohort` did."""

    steps: int
    """How far the members have come; 0 where all had diverged before it was resumed."""
    interrupted: bool
    """Whether a signal stopped it."""
    seconds: float
    """Of all members together."""
    records: tuple[dict[str, Any], ...]
    """Each member's last line of metrics."""
    diverged: Mapping[int, str]
    """Why members were given up, by their places in the cohort."""


def fit_cohort(
    members: Sequence[Member], sources: Mapping[str, Source], loop: Loop, resume: bool = False
) -> CohortResult:
    """Train all members as one program; ``loop.seed`` gives way to the members' seeds.

    Each member's method ends with its own weights, each run folder as :func:`metaprior.training.fit` would leave it
    (the caller writes ``config.json``). Lines of metrics also say how many ``members`` the cohort has; ``seconds`` are
    a member's share, the cohort's divided among all, and ``examples_per_second`` are a member's in its share.

    A member that diverges is no longer updated and keeps no final weights; the others go on. Checkpoints are a single
    run's, so a member may also go on alone. ``resume`` goes on from the newest step of which all members that have not
    diverged have a sound checkpoint, and warns of newer ones that it passes over.

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
    return CohortResult(cohort.step, interrupted, sum(cohort.seconds), tuple(cohort.records), cohort.diverged)


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
        self.method = self.methods[0]  # whose code runs for all, given all their tensors
        for method in self.methods:
            method.train()
            for name in method.frozen:
                method.get_submodule(name).eval()
        self.step, self.seconds = 0, [0.0] * len(members)
        self.streams = [method.streams() for method in self.methods]
        self.sources = self.place_sources(sources)
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
        with contextlib.ExitStack() as stack:
            were_deterministic = torch.are_deterministic_algorithms_enabled()
            stack.callback(torch.use_deterministic_algorithms, were_deterministic)
            stack.callback(self.put_back)
            torch.use_deterministic_algorithms(self.loop.deterministic or were_deterministic)
            if resume:
                go_back(self)
            self.bad = torch.full((len(self.members),), -1, dtype=torch.int64, device=self.device)
            self.logged_at, self.saved_at = time.monotonic(), time.monotonic()
            self.saving, self.logged_step = 0.0, self.step
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

    def record_draws(self) -> dict[str, list[Draw]]:
        """What each player draws in a turn, from one forward pass of the first member that changes nothing."""
        shared: dict[str, Tensor] = {}
        asked: dict[str, list[Draw]] = {}
        batches = {n: Batch(columns).map(lambda column: column[0]) for n, columns in self.draw(0).items()}
        hyper = {name: scalars[0] for name, scalars in self.hyper().items()}
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

    def hyper(self) -> dict[str, Tensor]:
        """The scalars of the loss at this step, N each."""
        values = {
            name: [value_at(method.hyper[name], self.step) for method in self.methods] for name in self.method.hyper
        }
        return {name: torch.tensor(each, dtype=self.loop.dtype, device=self.device) for name, each in values.items()}

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
                return every_member(state, columns, self.hyper(), noise, shared)
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
        save = self.step % every == 0 if every else time_to_save(self.saved_at, self.saving)
        if save and self.step < self.loop.steps:
            write_checkpoints(self)

    def close(self, interrupted: bool) -> None:
        """Checkpoints of the members; unless interrupted, their final weights too."""
        write_checkpoints(self)
        if not interrupted:
            write_weights(self)

    def log(self, values: dict[str, Tensor], extra: list[dict[str, float]]) -> None:
        """A line of metrics for each living member that is due one, in its share of the cohort's time."""
        now, count = time.monotonic(), len(self.members)
        share = (now - self.logged_at) / count
        rate = next(iter(self.streams[0].values())).batch * (self.step - self.logged_step) / max(share, 1e-9)
        self.logged_at, self.logged_step = now, self.step
        self.seconds = [seconds + share for seconds in self.seconds]
        table = torch.stack([value.to(torch.float64) for value in values.values()], dim=1).tolist()
        for i, member in enumerate(self.members):
            if not self.alive[i] or not (self.due or extra[i]):
                continue
            terms = dict(zip(values, table[i], strict=True)) | extra[i]
            self.records[i] = metrics_line(self.step, self.seconds[i], rate, terms) | {"members": count}
            if member.run:
                member.run.append_metrics(self.records[i])
            for callback in member.callbacks:
                callback.logged(self.records[i])


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
