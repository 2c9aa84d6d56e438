"""How long a training step of each method takes that pythae has too: ours against its trainer, same nets, same batch.

Run as ``python -m benchmarks.autoencoders [--json]`` (pythae 0.1.2 comes with the extra ``[bench]``). Both train the
library's small convolutional nets on the same 32×32 pictures, batch 64, from the same starting weights, critics
included; fetching data is part of a step. The two take turns, round after round, each in a process of its own, and a
ratio is the median over rounds, so that a machine whose speed drifts does not decide. Memory is the peak of a process.
"""

import argparse
import contextlib
import json
import logging
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import torch
from torch import Tensor, nn

from metaprior.core import Method, generator
from metaprior.data import Dataset, load
from metaprior.methods import RECIPES
from metaprior.nets import small_nets
from metaprior.study.experiment import build_method
from metaprior.training import Loop
from metaprior.training.loop import Training

BATCH, LR, CODES = 64, 1e-4, 10
PICTURES = 8192
WARM_UP = 10
EPOCH = 10
"""Steps of one of pythae's epochs here."""


def pictures() -> Tensor:
    """Pictures of rendered dSprites, uint8, 32×32."""
    world = load("dsprites:size=32")
    index = torch.randperm(len(world), generator=generator(0, "pictures"))[:PICTURES]
    return world.render(world.factors_of(index))


@dataclass(frozen=True)
class Pair:
    """A method here and there: our recipe and choices; pythae's model, its config's class and content, trainer, batch.

    pythae's FactorVAE parts its batch: one half is reconstructed, the other permuted. So its batch is of twice as many.
    """

    recipe: str
    choices: dict[str, Any]
    model: str
    config: str
    content: dict[str, Any]
    trainer: str = "Base"
    batch: int = BATCH


PAIRS = {
    "AE": Pair("ae", {"likelihood": "normal", "variance": 0.5}, "AE", "AEConfig", {}),
    "VAE": Pair("vae", {}, "VAE", "VAEConfig", {}),
    "beta-VAE": Pair("beta-vae", {"beta": 4.0}, "BetaVAE", "BetaVAEConfig", {"beta": 4.0}),
    "AnnealedVAE": Pair(
        "annealed-vae",
        {},
        "DisentangledBetaVAE",
        "DisentangledBetaVAEConfig",
        {"beta": 1000.0, "C": 25.0, "warmup_epoch": 100},
    ),
    "beta-TCVAE": Pair("beta-tcvae", {"beta": 4.0}, "BetaTCVAE", "BetaTCVAEConfig", {"beta": 4.0, "use_mss": False}),
    "FactorVAE": Pair(
        "factor-vae", {"gamma": 10.0}, "FactorVAE", "FactorVAEConfig", {"gamma": 10.0}, "Adversarial", 2 * BATCH
    ),
    "InfoVAE": Pair("info-vae", {}, "INFOVAE_MMD", "INFOVAE_MMD_Config", {"alpha": 0.0, "lbd": 1000.0}),
    "WAE-MMD": Pair("wae-mmd", {}, "WAE_MMD", "WAE_MMD_Config", {"reg_weight": 10.0}),
    "AAE": Pair("aae", {}, "Adversarial_AE", "Adversarial_AE_Config", {"deterministic_posterior": True}, "Adversarial"),
    "IWAE": Pair("iwae", {"samples": 5}, "IWAE", "IWAEConfig", {"number_samples": 5}),
    "VAE/GAN": Pair("vae-gan", {}, "VAEGAN", "VAEGANConfig", {}, "CoupledOptimizerAdversarial"),
}


def built(pair: Pair) -> Method:
    """Our method, with the weights of seed 0."""
    recipe: Any = RECIPES[pair.recipe].recipe
    shared = {"nets": "small", "latent_dim": CODES, "batch": BATCH, "lr": LR}
    recipe = type(recipe)(**vars(recipe) | shared | pair.choices)
    return build_method(recipe, Dataset("pictures", pictures()[:2]).spec, seed=0)


class Ours:
    """The loop, with its counters, checks and metrics."""

    def __init__(self, pair: Pair) -> None:
        method = built(pair)
        sources = {"train": Dataset("pictures", pictures())}
        self.training = Training(method, sources, Loop(steps=10**9, device="cpu"), None, ())
        self.open = contextlib.ExitStack()
        self.open.enter_context(self.training.prepared(resume=False))

    def steps(self, count: int) -> None:
        for _ in range(count):
            self.training.advance()


class Pythae:
    """pythae's model and trainer around our nets with PyTorch's own layers."""

    def __init__(self, pair: Pair) -> None:
        import pythae.models
        import pythae.trainers
        from pythae.data.datasets import BaseDataset
        from pythae.models.base.base_utils import ModelOutput
        from pythae.models.nn import BaseDecoder, BaseDiscriminator, BaseEncoder

        logging.getLogger("pythae").setLevel(logging.WARNING)
        method = built(pair)
        nets: Any = method.nets
        if len(list(nets.encoder(torch.zeros(1, 1, 32, 32)))) == 1:  # its VAEs take a log-variance, used or not
            torch.manual_seed(0)
            nets = nets if pair.model in ("AE", "WAE_MMD") else small_nets((1, 32, 32), CODES)
        for layer in method.modules():
            if isinstance(layer, nn.ConvTranspose2d):
                layer.__class__ = nn.ConvTranspose2d  # the subclass adds a forward pass, and no state

        class Encoder(BaseEncoder):
            def __init__(self) -> None:
                super().__init__()
                self.net = nets.encoder

            def forward(self, x: Tensor) -> Any:
                return ModelOutput(**dict(zip(("embedding", "log_covariance"), self.net(x), strict=False)))

        class Decoder(BaseDecoder):
            def __init__(self) -> None:
                super().__init__()
                self.net = nets.decoder

            def forward(self, z: Tensor) -> Any:
                return ModelOutput(reconstruction=self.net(z).sigmoid())

        class Discriminator(BaseDiscriminator):
            def __init__(self, critic: nn.Module) -> None:
                super().__init__()
                self.critic = critic
                self.depth = 2

            def forward(self, x: Tensor, output_layer_levels: list[int] | None = None) -> Any:
                if output_layer_levels is None:
                    return ModelOutput(embedding=self.critic(x).sigmoid())
                layer: Any = self.critic
                return ModelOutput(**{f"embedding_layer_{output_layer_levels[0]}": layer.features(x)})

        config: Any = getattr(pythae.models, pair.config)
        loss = {} if pair.model in ("AE", "WAE_MMD", "VAEGAN") else {"reconstruction_loss": "bce"}
        settings = config(input_dim=(1, 32, 32), latent_dim=CODES, **loss, **pair.content)
        critic = getattr(method, "critic", None)
        others = {} if critic is None or pair.model == "FactorVAE" else {"discriminator": Discriminator(critic)}
        model = getattr(pythae.models, pair.model)(settings, encoder=Encoder(), decoder=Decoder(), **others)
        if pair.model == "FactorVAE":
            model.discriminator = critic
        training: Any = getattr(pythae.trainers, f"{pair.trainer}TrainerConfig")
        rates = {
            "Base": {"learning_rate": LR, "optimizer_cls": "Adam"},
            "Adversarial": {"autoencoder_learning_rate": LR, "discriminator_learning_rate": LR},
            "CoupledOptimizerAdversarial": {
                f"{player}_learning_rate": LR for player in ("encoder", "decoder", "discriminator")
            },
        }
        options = training(
            tempfile.mkdtemp(), per_device_train_batch_size=pair.batch, no_cuda=True, **rates[pair.trainer]
        )
        self.images, self.done, self.rows = pictures().float() / 255, 0, EPOCH * pair.batch
        data = BaseDataset(self.images, torch.zeros(len(self.images)))
        self.trainer = getattr(pythae.trainers, f"{pair.trainer}Trainer")(
            model, train_dataset=data, training_config=options
        )
        self.trainer.prepare_training()

    def steps(self, count: int) -> None:
        """Its epochs are of a part of the pictures, the next part each time, so that they are short."""
        data = self.trainer.train_dataset
        rows = self.rows
        for _ in range(count // EPOCH):
            begin = self.done % (len(self.images) - rows + 1)
            data.data, data.labels = self.images[begin : begin + rows], torch.zeros(rows)
            self.done += rows
            with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):  # its progress bar
                self.trainer.train_step(self.done)


SIDES: dict[str, Callable[[Pair], Any]] = {"metaprior": Ours, "pythae": Pythae}


def work(connection: Any, side: str, name: str, threads: int) -> None:
    """A worker: trains as many steps as it is told and answers with the seconds; told 0, with its peak memory."""
    torch.set_num_threads(threads)
    contender = SIDES[side](PAIRS[name])
    contender.steps(WARM_UP)
    connection.send("ready")
    while steps := connection.recv():
        began = time.perf_counter()
        contender.steps(steps)
        connection.send(time.perf_counter() - began)
    connection.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    os._exit(0)


def measured(name: str, launches: int, rounds: int, steps: int, threads: int) -> dict[str, Any]:
    """One row: milliseconds a step of both, their ratio within rounds, megabytes of both."""
    found: dict[str, list[float]] = {side: [] for side in SIDES}
    memory: dict[str, list[float]] = {side: [] for side in SIDES}
    context = get_context("spawn")
    for _ in range(launches):
        connections = {}
        for side in SIDES:
            connections[side], theirs = context.Pipe()
            context.Process(target=work, args=(theirs, side, name, threads), daemon=True).start()
        for connection in connections.values():
            connection.recv()
        for _ in range(rounds):
            for side, connection in connections.items():
                connection.send(steps)
                found[side].append(1000 * connection.recv() / steps)
        for side, connection in connections.items():
            connection.send(0)
            memory[side].append(connection.recv())
    ratios = [theirs / own for own, theirs in zip(found["metaprior"], found["pythae"], strict=True)]
    return {
        "method": name,
        "recipe": PAIRS[name].recipe,
        "ms": round(statistics.median(found["metaprior"]), 1),
        "pythae_ms": round(statistics.median(found["pythae"]), 1),
        "times_as_fast": round(statistics.median(ratios), 2),
        "least": round(min(ratios), 2),
        "most": round(max(ratios), 2),
        "mb": round(statistics.median(memory["metaprior"])),
        "pythae_mb": round(statistics.median(memory["pythae"])),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--launches", type=int, default=3, help="of each contender's process")
    parser.add_argument("--rounds", type=int, default=4, help="of each launch")
    parser.add_argument("--steps", type=int, default=20, help="of each contender in a round, a multiple of 10")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--only", nargs="*", default=list(PAIRS), choices=list(PAIRS), help="methods")
    options = parser.parse_args()
    rows = []
    for name in options.only:
        rows.append(measured(name, options.launches, options.rounds, options.steps, options.threads))
        print(f"{name}: {rows[-1]['times_as_fast']} times as fast", file=sys.stderr)
    median = round(statistics.median(row["times_as_fast"] for row in rows), 2)
    if options.json:
        print(json.dumps({"torch": torch.__version__, "threads": options.threads, "median": median, "rows": rows}))
        return
    print("| " + " | ".join(rows[0]) + " |\n" + "|---" * len(rows[0]) + "|")
    for row in rows:
        print("| " + " | ".join(map(str, row.values())) + " |")
    print(f"\nmedian {median} times as fast, {options.threads} threads, torch {torch.__version__}")


if __name__ == "__main__":
    main()
