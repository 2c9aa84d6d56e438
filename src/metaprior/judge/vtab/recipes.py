"""How encoders are fine-tuned: published recipes, as data, and reduced budgets that say so in their names."""

from dataclasses import dataclass

import numpy as np

from metaprior.core import MetapriorError
from metaprior.judge.vtab.trial import Trial


@dataclass(frozen=True)
class FineTuning:
    """Trials, of which validation accuracy picks one; with a single one there is nothing to pick."""

    summary: str
    source: str
    """Where it is from, and how sure that is."""
    trials: tuple[Trial, ...]
    clip: float | None = None
    """Largest norm of the gradient."""
    most: int | None = None
    """Training examples that the recipe is for, at most."""

    def refuse_more_than(self, examples: int) -> None:
        """An error where the recipe says nothing of so many training examples."""
        if self.most is not None and examples > self.most:
            raise MetapriorError(
                f"this recipe is for at most {self.most} training examples, and these are {examples}; take another "
                "recipe, or the setting 1k"
            )


LIGHTWEIGHT = tuple(
    Trial(lr, 512, steps, drops=drops)
    for lr in (0.1, 0.01)
    for steps, drops in ((2500, (750, 1500, 2250)), (10_000, (3000, 6000, 9000)))
)
"""VTAB's four trials."""
VPT_RATES = (50.0, 25.0, 10.0, 5.0, 2.5, 1.0, 0.5, 0.25, 0.1, 0.05)
VPT_LINEAR = tuple(
    Trial(lr * 1024 / 256, 1024, 100, "epochs", warmup=10, weight_decay=decay)
    for lr in VPT_RATES
    for decay in (1e-2, 1e-3, 1e-4, 0.0)
)
"""Of a linear layer on features: visual prompt tuning's grid of 40."""
VPT_FINE_TUNING = tuple(
    Trial(lr * 384 / 256, 384, 100, "epochs", warmup=5, optimizer="adamw", weight_decay=decay)
    for lr in (5e-3, 1e-3, 5e-4, 1e-4)
    for decay in (0.01, 0.0)
)
"""Its four decays are two: its AdamW decays by 0.01 whatever the grid says above 0."""


def random_search(count: int, seed: int = 0) -> tuple[Trial, ...]:
    """Trials of the heavyweight sweep: every range is from memory, and to be read up before it is quoted."""
    rng = np.random.default_rng(seed)

    def one() -> Trial:
        optimizer = ("sgd", "adam")[rng.integers(2)]
        low, high = (-3, -0.5) if optimizer == "sgd" else (-5, -2.5)
        steps = (2500, 5000, 10_000, 20_000, 40_000)[rng.integers(5)]
        return Trial(
            lr=float(10 ** rng.uniform(low, high)),
            batch=(128, 256, 512)[rng.integers(3)],
            length=steps,
            drops=tuple(steps * tenths // 10 for tenths in (3, 6, 9)),
            optimizer=optimizer,
            weight_decay=float(10 ** rng.uniform(-5, -2)) if rng.random() < 0.5 else 0.0,
        )

    return tuple(one() for _ in range(count))


def reduced(recipe: FineTuning, by: int, batch: int) -> FineTuning:
    """The same trials for a fraction of the steps, in smaller batches: a desk budget, comparable with nothing else."""
    trials = tuple(trial.shortened(by, batch) for trial in recipe.trials)
    summary = f"{recipe.summary}; reduced: steps and drops divided by {by}, batch {batch}"
    return FineTuning(summary, recipe.source, trials, recipe.clip, recipe.most)


_LIGHTWEIGHT = FineTuning(
    "VTAB's lightweight sweep: SGD, rates 0.1 and 0.01, for 2,500 and 10,000 steps, batch 512, no weight decay",
    "Zhai et al. 2019; the 10,000 steps are from memory, the others in the released code's documentation",
    LIGHTWEIGHT,
)

FINE_TUNING: dict[str, FineTuning] = {
    "lightweight": _LIGHTWEIGHT,
    "lightweight/10": reduced(_LIGHTWEIGHT, 10, batch=64),
    "lightweight/50": reduced(_LIGHTWEIGHT, 50, batch=64),
    "lightweight/100": reduced(_LIGHTWEIGHT, 100, batch=64),
    "heavyweight": FineTuning(
        "VTAB's heavyweight search: 40 random trials of optimiser, rate, decay, batch and length; resolution and "
        "cropping are the preset's and not searched",
        "from memory, ranges and number of trials included",
        random_search(40),
    ),
    "vit-g": FineTuning(
        "ViT-G's recipe: SGD at 0.01 for 2,500 steps, batch 512, 200 steps of warm-up, cosine, gradients clipped at 1",
        "Scenic's configuration 'plain ViT on VTAB'",
        (Trial(0.01, 512, 2500, warmup=200),),
        clip=1.0,
    ),
    "bit-hyperrule": FineTuning(
        "BiT's rule for fewer than 20,000 examples: SGD at 0.003 for 500 steps, batch 512, 100 steps of warm-up",
        "bit_hyperrule.py of google-research/big_transfer, as public copies quote it; its resolution is the preset's",
        (Trial(0.003, 512, 500, warmup=100, drops=(200, 300, 400)),),
        most=19_999,
    ),
    "vpt-finetune": FineTuning(
        "visual prompt tuning's baseline: AdamW for 100 epochs, batch 384, 5 epochs of warm-up, cosine; 4 rates by 2 "
        "decays",
        "KMnP/vpt, whose rates change once an epoch; here at every step",
        VPT_FINE_TUNING,
    ),
    "adapter-plus": FineTuning(
        "Adapter+'s full fine-tuning: AdamW at 1e-4 for 100 epochs, batch 64, 10 epochs of warm-up, cosine",
        "visinf/adapter_plus; its drop-path of 0.1 is the net's to have",
        (Trial(1e-4, 64, 100, "epochs", warmup=10, optimizer="adamw", weight_decay=1e-4),),
    ),
}
"""Fine-tuning protocols."""
