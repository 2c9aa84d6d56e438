"""The one loop: every method is trained by :func:`fit`, whatever its players, streams and terms."""

import contextlib
import math
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from metaprior.core import (
    Batch,
    Counter,
    Diverged,
    MetapriorError,
    Method,
    Part,
    Source,
    Step,
    Stream,
    derived_seed,
    value_at,
)
from metaprior.training.callbacks import Callback, listening, loggers
from metaprior.training.checkpoint import newest_sound
from metaprior.training.interrupt import interruptible
from metaprior.training.memory import keep_freed_memory
from metaprior.training.options import Loop
from metaprior.training.processes import join_processes, refuse_to_gather
from metaprior.training.run import Run
from metaprior.training.saving import go_back, time_to_save, write_checkpoint, write_weights
from metaprior.training.turns import Turns
from metaprior.training.weights import channels_last


@dataclass(frozen=True)
class Result:
    """What :func:`fit` did: steps done, whether a signal stopped it, the last record, and seconds of training."""

    steps: int
    interrupted: bool
    record: dict[str, Any]
    seconds: float


def fit(
    method: Method,
    sources: Mapping[str, Source],
    loop: Loop,
    run: Run | None = None,
    callbacks: Sequence[Callback] = (),
    resume: bool = False,
) -> Result:
    """Train a method.

    ``sources`` holds the data by the names that the method's streams give (``train``, ``labelled``…). With a ``run``
    the loop keeps checkpoints and ``metrics.jsonl`` there and leaves ``model.safetensors`` at the end; ``resume``
    goes on from its newest sound checkpoint, and the weights are then those of a run never stopped, bit for bit
    (CPU, float32, same number of threads).

    Raises :class:`~metaprior.core.Diverged` when a term is NaN or explodes, naming the step, the term and the last
    checkpoint.
    """
    training = Training(method, sources, loop, run, callbacks)
    with training.prepared(resume), interruptible() as stopped:
        while training.step < loop.steps and not training.told_to_stop(stopped):
            training.advance()
        interrupted = training.step < loop.steps
        training.close(interrupted)
    return Result(training.step, interrupted, training.record, training.seconds)


class Training:
    """The state of one training, and its one step."""

    def __init__(
        self, method: Method, sources: Mapping[str, Source], loop: Loop, run: Run | None, callbacks: Sequence[Callback]
    ) -> None:
        self.method, self.loop, self.run = method, loop, run
        self.processes = join_processes()
        self.device = loop.find_device(self.processes.local_rank)
        if loop.threads:
            torch.set_num_threads(loop.threads)
        if self.device.type == "cpu":
            keep_freed_memory()
        if self.processes.count > 1:  # first of all: a method may be too large for one device, or not yet on any
            self.processes = replace(self.processes, mesh=method.parallelize(self.device.type))
        method.to(self.device, loop.dtype)
        for parameter in method.parameters() if loop.channels_last else ():
            parameter.data = channels_last(parameter.data)
        self.wanted = {parameter: parameter.requires_grad for parameter in method.parameters()}
        self.streams = method.streams()
        self.sources = {name: source.to(self.device) for name, source in sources.items()}
        self.turns = [Turns(method, player, loop) for player in method.players()]
        self.parts = self.processes.parts * loop.accumulate
        self.check_streams()
        self.carried: list[dict[str, Tensor]] = [{} for _ in range(loop.accumulate)]
        self.repeats = max(turns.player.repeats for turns in self.turns)
        self.step, self.seconds, self.record = 0, 0.0, {}
        self.callbacks = [*callbacks, *(loggers(loop) if self.processes.first else ())]

    def check_streams(self) -> None:
        """Players and streams make sense: names, sources, batches that divide among processes and micro-batches."""
        kind = type(self.method).__name__
        names = [turns.player.name for turns in self.turns]
        if not names or len(set(names)) < len(names):
            raise MetapriorError(f"{kind} needs players of different names, not {names or 'none'}")
        if not self.streams:
            raise MetapriorError(f"{kind} draws no stream, so it would learn from nothing")
        if self.loop.accumulate > 1 and type(self.method).after is not Method.after:
            raise MetapriorError(
                f"{kind} acts after its updates on the whole batch, which accumulate > 1 would split; set it to 1"
            )
        for name, stream in self.streams.items():
            if stream.source not in self.sources:
                raise MetapriorError(f"the stream '{name}' draws from '{stream.source}', and no such data was given")
            if stream.batch % self.parts:
                raise MetapriorError(
                    f"the stream '{name}' draws {stream.batch} examples, which do not divide among {self.parts} parts "
                    f"({self.processes.parts} processes, accumulate={self.loop.accumulate})"
                )

    @contextlib.contextmanager
    def prepared(self, resume: bool) -> Iterator[None]:
        """The state to begin from, wrapped for devices and processes; everything is undone at the end."""
        self.were_deterministic = torch.are_deterministic_algorithms_enabled()
        torch.use_deterministic_algorithms(self.loop.deterministic or self.were_deterministic)
        if resume and self.run:
            go_back(self, self.run)
        for turns in self.turns:
            self.give_gradients_to(turns)  # DDP looks after the parameters that take gradients when it is made
            turns.loss = self.processes.parallel(turns.loss)
            for module in turns.player.modules if self.loop.compile else ():
                compile_callable(self.method.get_submodule(module))
        self.give_gradients_to(self.turns[0])
        self.method.train()
        for name in self.method.frozen:
            self.method.get_submodule(name).eval()
        self.bad = torch.full((), -1, dtype=torch.int64, device=self.device)
        self.logged_at, self.saved_at = time.monotonic(), time.monotonic()
        self.saving, self.logged_step = 0.0, self.step
        with contextlib.ExitStack() as stack:
            stack.callback(self.put_back)
            for callback in self.callbacks:
                stack.enter_context(listening(callback, self.method, self.loop, self.run, self.step))
            yield

    def put_back(self) -> None:
        """What a training changes of the method and of torch, as one who uses the method expects it."""
        for parameter, wanted in self.wanted.items():
            parameter.requires_grad_(wanted)
        self.method.eval()
        torch.use_deterministic_algorithms(self.were_deterministic)

    def advance(self) -> None:
        """One step: each player takes its turns, then logging, checks and checkpoints as they fall due."""
        values: dict[str, Tensor] = {}
        hyper = {
            name: torch.tensor(value_at(scalar, self.step), dtype=self.loop.dtype, device=self.device)
            for name, scalar in self.method.hyper.items()
        }
        drawn: dict[tuple[int, int], dict[str, Batch]] = {}
        shared: list[dict[str, Tensor]] = [{} for _ in range(self.loop.accumulate)]
        for order, turns in enumerate(self.turns):
            if len(self.turns) > 1:
                self.give_gradients_to(turns)
            for turn in range(turns.player.repeats):
                step = None
                for micro in range(self.loop.accumulate):
                    if (turn, micro) not in drawn:
                        drawn[turn, micro] = self.draw(turn, micro)
                    step = self.moment(turn, micro, hyper, shared[micro])
                    last = micro == self.loop.accumulate - 1
                    self.reseed(order, turn, micro)
                    for name, value in self.backward(turns, drawn[turn, micro], step, last).items():
                        values[name] = values[name] + value if micro else value
                norm = turns.update(self.step)
                if norm is not None:
                    values[f"{turns.player.name}/gradient_norm"] = norm
                if step is not None:
                    with torch.no_grad():
                        self.method.after(turns.player.name, step)
        self.step += 1
        self.watch(values)
        self.report(values)

    def told_to_stop(self, stopped: threading.Event) -> bool:
        """Whether a signal came; several processes ask each other only where they log."""
        if self.processes.count > 1 and self.step % self.loop.log_interval:
            return False
        return self.processes.worst(stopped.is_set())

    def give_gradients_to(self, turns: Turns) -> None:
        """Only this player's parameters take gradients, and of those only what did before."""
        own = set(turns.parameters.values())
        for parameter, wanted in self.wanted.items():
            parameter.requires_grad_(wanted and parameter in own)

    def draw(self, turn: int, micro: int) -> dict[str, Batch]:
        """This part's examples of every stream."""
        part = Part(self.processes.part * self.loop.accumulate + micro, self.parts)
        return {name: self.examples(name, stream, turn, part) for name, stream in self.streams.items()}

    def examples(self, name: str, stream: Stream, turn: int, part: Part) -> Batch:
        """This part's examples of one stream, in the loop's precision and memory format."""
        source = self.sources[stream.source]
        indices = stream.indices(len(source), self.loop.seed, name, self.step * self.repeats + turn)
        batch = source.gather(part.slice(indices).to(self.device))
        return batch.map(self.placed)

    def placed(self, column: Tensor) -> Tensor:
        """A column on the device, floats in the loop's type, images in its memory format."""
        column = column.to(self.device, self.loop.dtype if column.is_floating_point() else None)
        return channels_last(column) if self.loop.channels_last else column

    def moment(self, turn: int, micro: int, hyper: dict[str, Tensor], shared: dict[str, Tensor]) -> Step:
        """What the method is told of this turn."""
        gather = refuse_to_gather if self.loop.accumulate > 1 else self.processes.gather
        return Step(
            index=self.step,
            turn=turn,
            hyper=hyper,
            draws=Counter(self.loop.seed, self.step, turn, self.device, self.loop.dtype),
            part=Part(self.processes.part * self.loop.accumulate + micro, self.parts, gather),
            state=self.carried[micro],
            shared=shared,
            restarted=frozenset(
                name
                for name, stream in self.streams.items()
                if stream.restarts(len(self.sources[stream.source]), self.step * self.repeats + turn)
            ),
        )

    def reseed(self, order: int, turn: int, micro: int) -> None:
        """Reseed the default generators, for dropout and for nets that draw on their own."""
        seed = derived_seed(self.loop.seed, "default", self.step, order, turn, micro, self.processes.part)
        torch.default_generator.manual_seed(seed)
        if self.device.type == "cuda":
            torch.cuda.manual_seed(seed)

    def backward(self, turns: Turns, batches: dict[str, Batch], step: Step, last: bool) -> dict[str, Tensor]:
        """Add a micro-batch's gradients to the player's; its terms, detached and divided by the micro-batches."""
        share = 1 / self.loop.accumulate
        no_sync = getattr(turns.loss, "no_sync", None)
        waiting = no_sync() if no_sync and not last else contextlib.nullcontext()
        mixed = torch.autocast(self.device.type, torch.bfloat16, enabled=self.loop.precision == "bf16")
        with waiting:
            with mixed, explained(self.loop):
                total, terms = turns.loss(batches, step)
            (total if share == 1 else total * share).backward()
        name = turns.player.name
        values = {f"{name}/{key}": term.value.detach() * share for key, term in terms.items()}
        return values | {f"{name}/loss": total.detach() * share}

    def watch(self, values: dict[str, Tensor]) -> None:
        """Stop at the first term that is NaN or explodes.

        At once, where one process trains on a CPU; else at the next log line, so that nobody waits at every step.
        """
        precise = torch.float32 if self.device.type == "mps" else torch.float64
        stacked = torch.stack([value.to(precise).reshape(()) for value in values.values()])
        fault = ~(stacked.abs() <= self.loop.explode).all()
        if self.device.type == "cpu" and self.processes.count == 1:
            if not fault:
                return
            step = self.step
        else:
            self.bad = torch.where((self.bad < 0) & fault, self.step, self.bad)
            if self.step % self.loop.log_interval and self.step != self.loop.steps:
                return
            steps = [bad for bad in self.processes.all(int(self.bad)) if bad >= 0]
            if not steps:
                return
            step = min(steps)
        named = [f"{n} = {v.item():g}" for n, v in values.items() if not abs(v.item()) <= self.loop.explode]
        raise Diverged(
            f"the training diverged at step {step}: {', '.join(named) or 'a term was not finite'}; "
            f"{self.last_good()}; try a lower learning rate or loop.clip"
        )

    def last_good(self) -> str:
        """Where to go back to."""
        if self.run is None:
            return "this training kept no checkpoints"
        checkpoint, _ = newest_sound(self.run.folder / "checkpoint")
        return f"the last good checkpoint is {checkpoint}" if checkpoint else "there is no checkpoint yet"

    def report(self, values: dict[str, Tensor]) -> None:
        """A line of metrics, the callbacks, a checkpoint, each when due."""
        extra: dict[str, float] = {}
        for callback in self.callbacks:
            extra |= callback.stepped(self.method, self.step) or {}
        due = self.step % self.loop.log_interval == 0 or self.step == self.loop.steps
        if due or extra:
            self.log(values, extra)
        if self.run and self.step < self.loop.steps and self.checkpoint_due(due):
            self.save(self.run)

    def log(self, values: dict[str, Tensor], extra: dict[str, float]) -> None:
        """Write a line of metrics; terms are means over processes only where the method made them so."""
        now = time.monotonic()
        elapsed = now - self.logged_at
        self.seconds += elapsed
        examples = next(iter(self.streams.values())).batch * (self.step - self.logged_step)
        terms = {name: value.item() for name, value in values.items()} | extra
        self.record = metrics_line(self.step, self.seconds, examples / max(elapsed, 1e-9), terms)
        self.logged_at, self.logged_step = now, self.step
        if self.run and self.processes.first:
            self.run.append_metrics(self.record)
        for callback in self.callbacks:
            callback.logged(self.record)

    def save(self, run: Run) -> None:
        """Write a checkpoint, and note when and how long it took."""
        began = time.monotonic()
        write_checkpoint(self, run)
        self.saved_at = time.monotonic()
        self.saving = self.saved_at - began

    def checkpoint_due(self, logged: bool) -> bool:
        """By steps where asked so, else by time; several processes look at the clock only where they log."""
        if self.loop.checkpoint_every:
            return self.step % self.loop.checkpoint_every == 0
        if self.processes.count > 1 and not logged:
            return False
        return bool(self.processes.agree(time_to_save(self.saved_at, self.saving)))

    def close(self, interrupted: bool) -> None:
        """The final weights; or, when interrupted, a checkpoint to go on from."""
        if self.run is None:
            return
        self.save(self.run)
        if not interrupted:
            write_weights(self, self.run)


@contextlib.contextmanager
def explained(loop: Loop) -> Iterator[None]:
    """Say what to do where a net cannot take channels-last images."""
    try:
        yield
    except RuntimeError as fault:
        if loop.channels_last and "view size is not compatible" in str(fault):
            raise MetapriorError(
                "a net reshapes images with view(), which channels-last memory does not allow; write flatten(1) or "
                "reshape() there, or train with --channels-last False"
            ) from fault
        raise


def compile_callable(module: nn.Module) -> None:
    """Compile a module in place, or its parts where it only holds them together and is never called itself."""
    if type(module).forward is not nn.Module.forward:
        return module.compile()
    for part in module.children():
        compile_callable(part)


def metrics_line(step: int, seconds: float, rate: float, terms: Mapping[str, float]) -> dict[str, Any]:
    """A line of ``metrics.jsonl``: ``seconds`` so far, ``rate`` examples a second, null for terms not finite."""
    return {
        "step": step,
        "seconds": round(seconds, 3),
        "examples_per_second": round(rate, 1),
        "terms": {name: value if math.isfinite(value) else None for name, value in terms.items()},
    }
