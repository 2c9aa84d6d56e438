"""How large the experiments are, by scale.

``smoke`` rehearses: a few short trainings, inside the test suite. ``desk`` takes hours of a few cores: dSprites at 16
px (4,608 images), small nets, 1,000 steps, cohorts of 36 without labels and of 6 with them. ``gpu`` has cohorts of 36
throughout, networks and images of the study and a tenth of its steps, on two worlds that are rendered here. ``paper``
has whole cohorts of 300,000 steps on the few-labels study's four data sets, dSprites as it is rendered here; it is what
the claims ask for, about half of what the study is remembered to have trained.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from metaprior.papers.claim import Scale
from metaprior.study import Judging
from metaprior.study.grid import Grid, Point, product, values

METHODS = ("beta-vae", "beta-tcvae", "factor-vae", "dip-vae-i")
STRENGTH_OF = {"beta-vae": "beta", "beta-tcvae": "beta", "factor-vae": "gamma", "dip-vae-i": "lambda_od"}
"""What each method's strength is called."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What the experiments of one scale are made of. The defaults are the study's, as it is remembered."""

    scale: Scale
    common: Point
    """Choices that all trainings share."""
    worlds: tuple[str, ...]
    """The data of every claim."""
    other_worlds: tuple[str, ...] = ()
    """More data, for the claim of transfer."""
    judging: Judging
    strengths: Mapping[str, tuple[float, ...]]
    """Of methods that learn from no labels."""
    strengths_with_labels: Mapping[str, tuple[float, ...]]
    """Of methods beside a supervised term, of which the published grid is not known."""
    gammas: tuple[float, ...] = (1.0, 4.0, 10.0)
    """Weights of the supervised term, of which the published grid is not known."""
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4, 5)
    """Of models without labels."""
    pipeline_seeds: tuple[int, ...] = (0, 1, 2, 3, 4, 5)
    """Of the cohorts, with labels and without, that S2/S and U/S pick from."""
    label_seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    """The labelled sets."""
    kinds_label_seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    """Those on which kinds of labels and losses are compared."""
    critic: Grid = ({},)
    """Choices of FactorVAE's critic."""

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods without labels."""
        return tuple(self.strengths)

    @property
    def methods_with_labels(self) -> tuple[str, ...]:
        """The methods that have a supervised variant here."""
        return tuple(self.strengths_with_labels)

    @property
    def cohort(self) -> int:
        """How many models without labels a cohort has."""
        return len(self.strengths["beta-vae"]) * len(self.seeds)

    @property
    def pipeline_cohort(self) -> int:
        """How many models S2/S picks from."""
        return len(self.strengths_with_labels["beta-vae"]) * len(self.gammas) * len(self.pipeline_seeds)


STUDIED = {
    "beta-vae": (1.0, 2.0, 4.0, 6.0, 8.0, 16.0),
    "beta-tcvae": (1.0, 2.0, 4.0, 6.0, 8.0, 10.0),
    "factor-vae": (10.0, 20.0, 30.0, 40.0, 50.0, 100.0),
    "dip-vae-i": (1.0, 2.0, 5.0, 10.0, 20.0, 50.0),
}
BESIDE_LABELS = {"beta-vae": (1.0, 4.0), "beta-tcvae": (1.0, 4.0), "factor-vae": (10.0, 30.0), "dip-vae-i": (1.0, 5.0)}
METRICS = (
    "mig",
    "dci",
    "factor_vae_score",
    "beta_vae_score",
    "modularity_explicitness",
    "sap",
    "unsupervised",
    "downstream",
)
SMALL = {"method.lr": 1e-3, "method.latent_dim": 6, "loop.threads": 1}

SMOKE = Bench(
    scale="smoke",
    common=SMALL | {"loop.steps": 10, "label_share": 0.9},
    worlds=("dsprites:size=16,scale=3,orientation=2,position_x=8,position_y=8",),
    other_worlds=("shapes3d-rendered:size=16,floor_hue=2,wall_hue=2,object_hue=4,scale=4,orientation=4",),
    judging=Judging(metrics=METRICS, sampled=("unsupervised",), train=600, test=300),
    strengths={"beta-vae": (1.0, 8.0), "beta-tcvae": (1.0, 8.0)},
    strengths_with_labels={"beta-vae": (1.0,)},
    gammas=(1.0, 10.0),
    seeds=(0, 1),
    pipeline_seeds=(0,),
    label_seeds=(0,),
    kinds_label_seeds=(0,),
)
DESK = Bench(
    scale="desk",
    common=SMALL | {"loop.steps": 1000, "label_share": 0.9},
    worlds=("dsprites:size=16,scale=3,orientation=8,position_x=8,position_y=8",),
    other_worlds=("shapes3d-rendered:size=16,floor_hue=4,wall_hue=4,object_hue=4,scale=2,orientation=4",),
    judging=Judging(metrics=METRICS, sampled=("unsupervised",), train=2000, test=1000),
    strengths=STUDIED,
    strengths_with_labels=BESIDE_LABELS,
    pipeline_seeds=(0,),
    kinds_label_seeds=(0, 1),
    critic=product(values("method.critic_width", 64), values("method.critic_lr", 1e-3)),
)
GPU = Bench(
    scale="gpu",
    common={"loop.steps": 30_000, "loop.threads": 1, "label_share": 0.9},
    worlds=("dsprites", "shapes3d-rendered:floor_hue=5,wall_hue=5,object_hue=5,scale=4,orientation=5"),
    judging=Judging(metrics=METRICS, sampled=("unsupervised",)),
    strengths=STUDIED,
    strengths_with_labels=BESIDE_LABELS,
    kinds_label_seeds=(0, 1),
)
PAPER = Bench(
    scale="paper",
    common={"loop.steps": 300_000, "loop.threads": 1, "label_share": 0.9},
    worlds=("dsprites", "cars3d", "smallnorb", "mpi3d-real"),
    judging=Judging(metrics=METRICS, sampled=("unsupervised",)),
    strengths=STUDIED,
    strengths_with_labels=BESIDE_LABELS,
)
