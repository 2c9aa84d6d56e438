"""How long a training step takes: ours against pythae's trainer, a plain DataLoader loop, and a step written by hand.

Run as ``python -m benchmarks.training_step [--json]`` (pythae 0.1.2 comes with the extra ``[bench]``). Every contender
trains the few-labels study's convolutional VAE from the same starting weights on the same pictures, batch 64, 64×64,
fetching data included. Each has a process of its own, and they take turns, round after round: ratios are medians of
those within a round, so that a machine whose speed drifts does not decide. The processes are launched anew several
times, since where memory happens to lie changes the speed of one by up to a third. ``--elbo STEPS`` then trains each
afresh and compares the ELBO on pictures held out.
"""

import argparse
import contextlib
import json
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing import get_context
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from metaprior.core import Counter, generator
from metaprior.data import Dataset, load
from metaprior.methods import VAE, VAERecipe
from metaprior.nets import AutoencoderNets, study_nets
from metaprior.objectives import bernoulli_nll, kl_normal, sample_normal
from metaprior.training import Loop
from metaprior.training.loop import Training
from metaprior.training.memory import keep_freed_memory

BATCH, LR = 64, 1e-4
TRAIN, TEST = 8192, 2048
WARM_UP = 10


def pictures() -> tuple[Tensor, Tensor]:
    """Pictures of rendered dSprites, uint8, to train on and to test on: no picture is in both."""
    world = load("dsprites")
    index = torch.randperm(len(world), generator=generator(0, "pictures"))[: TRAIN + TEST]
    images = world.render(world.factors_of(index))
    return images[:TRAIN], images[TRAIN:]


def fresh_nets(plain: bool = False) -> AutoencoderNets:
    """The study's nets from the same starting weights; ``plain`` has PyTorch's own transposed convolutions."""
    torch.manual_seed(0)
    nets = study_nets((1, 64, 64))
    if plain:
        for layer in nets.modules():
            if isinstance(layer, nn.ConvTranspose2d):
                layer.__class__ = nn.ConvTranspose2d  # the subclass adds a forward pass, and no state
    return nets


class Contender(Protocol):
    """Something that trains: ``steps`` more steps, and the nets as they are."""

    nets: AutoencoderNets

    def steps(self, count: int) -> None: ...


class Ours:
    """``metaprior train vae``: the loop, with its counters, checks and metrics."""

    def __init__(self, images: Tensor, **options: Any) -> None:
        method = VAERecipe(nets="study", batch=BATCH, lr=LR).build(Dataset("pictures", images).spec)
        assert isinstance(method, VAE)
        method.nets = self.nets = fresh_nets()
        loop = Loop(steps=10**9, device="cpu", **options)
        self.training = Training(method, {"train": Dataset("pictures", images)}, loop, None, ())
        self.open = contextlib.ExitStack()
        self.open.enter_context(self.training.prepared(resume=False))

    def steps(self, count: int) -> None:
        for _ in range(count):
            self.training.advance()


class ByHand:
    """The best loop we can write for this one model: bytes held as tensors, channels last, fused Adam, no more."""

    def __init__(self, images: Tensor, bf16: bool = False) -> None:
        keep_freed_memory()
        self.images, self.bf16 = images, bf16
        self.nets = fresh_nets().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self.optimizer = torch.optim.Adam(self.nets.parameters(), lr=LR, fused=True)

    def steps(self, count: int) -> None:
        nets = self.nets
        for _ in range(count):
            batch = self.images[torch.randint(len(self.images), (BATCH,))].float().div_(255)
            batch = batch.as_strided(batch.shape, (64 * 64, 1, 64, 1))  # one channel: PyTorch would not call it last
            with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
                mean, logvar = nets.encoder(batch)
                mean, logvar = mean.float(), logvar.float()
                logits = nets.decoder(sample_normal(mean, logvar, torch.randn_like(mean))).float()
            error = F.binary_cross_entropy_with_logits(logits, batch, reduction="sum")
            loss = (error + kl_normal(mean, logvar).sum()) / BATCH
            loss.backward()
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)


class Plain:
    """What one writes first: a TensorDataset of floats, a shuffling DataLoader, PyTorch's layers, torch.optim.Adam."""

    def __init__(self, images: Tensor) -> None:
        self.nets = fresh_nets(plain=True)
        self.loader = DataLoader(TensorDataset(images.float() / 255), BATCH, shuffle=True, drop_last=True)
        self.optimizer = torch.optim.Adam(self.nets.parameters(), lr=LR)
        self.batches = self.endless()

    def endless(self) -> Iterator[Tensor]:
        while True:
            yield from (batch for (batch,) in self.loader)

    def steps(self, count: int) -> None:
        for _ in range(count):
            batch = next(self.batches)
            mean, logvar = self.nets.encoder(batch)
            logits = self.nets.decoder(sample_normal(mean, logvar, torch.randn_like(mean)))
            loss = bernoulli_nll(logits, batch).mean() + kl_normal(mean, logvar).sum(dim=1).mean()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()


class Pythae:
    """pythae's VAE and BaseTrainer with the same layers; one call of its ``train_step`` is one of its epochs."""

    def __init__(self, images: Tensor, epoch: int = 10) -> None:
        from pythae.data.datasets import BaseDataset
        from pythae.models import VAE as PythaeVAE
        from pythae.models import VAEConfig
        from pythae.models.base.base_utils import ModelOutput
        from pythae.models.nn import BaseDecoder, BaseEncoder
        from pythae.trainers import BaseTrainer, BaseTrainerConfig

        nets = self.nets = fresh_nets(plain=True)

        class Encoder(BaseEncoder):
            def __init__(self) -> None:
                super().__init__()
                self.net = nets.encoder

            def forward(self, x: Tensor) -> Any:
                mean, logvar = self.net(x)
                return ModelOutput(embedding=mean, log_covariance=logvar)

        class Decoder(BaseDecoder):
            def __init__(self) -> None:
                super().__init__()
                self.net = nets.decoder

            def forward(self, z: Tensor) -> Any:
                return ModelOutput(reconstruction=self.net(z).sigmoid())  # its Bernoulli loss takes probabilities

        logging.getLogger("pythae").setLevel(logging.WARNING)
        model = PythaeVAE(
            VAEConfig(input_dim=(1, 64, 64), latent_dim=10, reconstruction_loss="bce"), Encoder(), Decoder()
        )
        self.images, self.epoch, self.done = images.float() / 255, epoch * BATCH, 0
        config = BaseTrainerConfig(
            tempfile.mkdtemp(), learning_rate=LR, per_device_train_batch_size=BATCH, optimizer_cls="Adam", no_cuda=True
        )
        data = BaseDataset(self.images, torch.zeros(len(images)))
        self.trainer = BaseTrainer(model, train_dataset=data, training_config=config)
        self.trainer.prepare_training()

    def steps(self, count: int) -> None:
        """Its epochs are of a part of the pictures, the next part each time, so that they are short."""
        data = self.trainer.train_dataset
        for _ in range(count * BATCH // self.epoch):
            begin = self.done % (len(self.images) - self.epoch + 1)
            data.data = self.images[begin : begin + self.epoch]
            data.labels = torch.zeros(self.epoch)
            self.done += self.epoch
            with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):  # its progress bar
                self.trainer.train_step(self.done)


CONTENDERS: dict[str, Callable[[Tensor], Contender]] = {
    "pythae 0.1.2": Pythae,
    "plain DataLoader loop": Plain,
    "by hand, float32": ByHand,
    "metaprior, float32": Ours,
    "by hand, bf16": partial(ByHand, bf16=True),
    "metaprior, bf16": partial(Ours, precision="bf16"),
}
BASELINE = "pythae 0.1.2"


def negative_elbo(nets: AutoencoderNets, images: Tensor) -> float:
    """Reconstruction + KL in nats a picture, float32, with one posterior sample of the same noise for everybody."""
    total = 0.0
    with torch.inference_mode():
        for i, part in enumerate((images.float() / 255).split(256)):
            mean, logvar = nets.encoder(part)
            noise = Counter(0, step=i)("normal", "elbo", tuple(mean.shape))
            logits = nets.decoder(sample_normal(mean, logvar, noise))
            total += (bernoulli_nll(logits, part) + kl_normal(mean, logvar).sum(dim=1)).sum().item()
    return total / len(images)


def work(connection: Any, name: str, threads: int) -> None:
    """A worker: trains as many steps as it is told, answers with the seconds they took, until told 0."""
    torch.set_num_threads(threads)
    contender = CONTENDERS[name](pictures()[0])
    contender.steps(WARM_UP)
    connection.send("ready")
    while steps := connection.recv():
        began = time.perf_counter()
        contender.steps(steps)
        connection.send(time.perf_counter() - began)
    os._exit(0)


def times(launches: int, rounds: int, steps: int, threads: int) -> dict[str, list[float]]:
    """Milliseconds a step of each contender in each round of each launch."""
    found: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    context = get_context("spawn")
    for launch in range(launches):
        connections = {}
        for name in CONTENDERS:
            connections[name], theirs = context.Pipe()
            context.Process(target=work, args=(theirs, name, threads), daemon=True).start()
        for connection in connections.values():
            connection.recv()
        for round_ in range(rounds):
            for name, connection in connections.items():
                connection.send(steps)
                found[name].append(1000 * connection.recv() / steps)
            print(f"launch {launch + 1} of {launches}, round {round_ + 1} of {rounds}", file=sys.stderr)
        for connection in connections.values():
            connection.send(0)
    return found


def row(name: str, found: dict[str, list[float]]) -> dict[str, Any]:
    """A contender's median time, and how many times faster than pythae and than the step by hand it is."""
    own = found[name]
    by_hand = found.get(f"by hand, {name.rpartition(', ')[2]}")

    def speed(other: list[float]) -> float:
        return round(statistics.median(b / a for a, b in zip(own, other, strict=True)), 3)

    return {
        "step": name,
        "ms": round(statistics.median(own), 1),
        "ms_min": round(min(own), 1),
        "ms_max": round(max(own), 1),
        "speed_to_pythae": speed(found[BASELINE]),
        "time_to_by_hand": round(1 / speed(by_hand), 3) if by_hand else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--launches", type=int, default=5, help="of each contender's process")
    parser.add_argument("--rounds", type=int, default=4, help="of each launch")
    parser.add_argument("--steps", type=int, default=20, help="of each contender in a round, a multiple of 10")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--elbo", type=int, default=0, metavar="STEPS", help="also train so long and compare the ELBO")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    train, test = pictures()
    found = times(options.launches, options.rounds, options.steps, options.threads)
    rows = [row(name, found) for name in CONTENDERS]
    for each in rows if options.elbo else ():
        contender = CONTENDERS[each["step"]](train)
        contender.steps(options.elbo)
        each["test_negative_elbo"] = round(negative_elbo(contender.nets, test), 2)
        print(f"{each['step']}: test -ELBO {each['test_negative_elbo']} nats", file=sys.stderr)
    if options.json:
        print(json.dumps({"torch": torch.__version__, "threads": options.threads, "rows": rows}))
        return
    print("| " + " | ".join(rows[0]) + " |\n" + "|---" * len(rows[0]) + "|")
    for each in rows:
        print("| " + " | ".join("" if value is None else str(value) for value in each.values()) + " |")


if __name__ == "__main__":
    main()
