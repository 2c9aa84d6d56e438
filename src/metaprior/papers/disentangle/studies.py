"""What the claims train: small worlds and short trainings, by scale.

``smoke`` takes a minute of one core and runs in the test suite. ``desk`` takes hours of a few cores: dSprites at 16 px
(4,608 images), small nets, 1,000 steps, cohorts of 36 without labels and of 6 with them.
"""

from metaprior.study import Judging, Study, study_of
from metaprior.study.grid import Grid, Point, chain, product, values

SMOKE_SEEDS = (0, 1)
SMOKE_BETAS = (1.0, 2.0, 4.0, 8.0)
SMOKE: Point = {
    "data": "dsprites:size=16,scale=3,orientation=2,position_x=8,position_y=8",
    "method.lr": 1e-3,
    "method.latent_dim": 6,
    "loop.steps": 300,
    "loop.threads": 1,
}
SMOKE_JUDGING = Judging(
    metrics=("dci", "unsupervised"),
    sampled=("unsupervised",),
    validation=("dci_disentanglement",),
    train=2000,
    test=1000,
)

DSPRITES = "dsprites:size=16,scale=3,orientation=8,position_x=8,position_y=8"
SHAPES3D = "shapes3d-rendered:size=16,floor_hue=4,wall_hue=4,object_hue=4,scale=2,orientation=4"
DESK: Point = {
    "method.lr": 1e-3,
    "method.latent_dim": 6,
    "loop.steps": 1000,
    "loop.threads": 1,
    "label_share": 0.9,
}
DESK_JUDGING = Judging(
    metrics=(
        "mig",
        "dci",
        "factor_vae_score",
        "beta_vae_score",
        "modularity_explicitness",
        "sap",
        "unsupervised",
        "downstream",
    ),
    sampled=("unsupervised",),
    validation=("mig", "dci_disentanglement", "sap"),
    train=2000,
    test=1000,
)
METHODS = ("beta-vae", "beta-tcvae", "factor-vae", "dip-vae-i")
LABEL_SEEDS = (0, 1, 2, 3, 4)
SEEDS = (0, 1, 2, 3, 4, 5)
STRENGTHS = {
    "beta-vae": ("beta", (1.0, 2.0, 4.0, 6.0, 8.0, 16.0)),
    "beta-tcvae": ("beta", (1.0, 2.0, 4.0, 6.0, 8.0, 10.0)),
    "factor-vae": ("gamma", (10.0, 20.0, 30.0, 40.0, 50.0, 100.0)),
    "dip-vae-i": ("lambda_od", (1.0, 2.0, 5.0, 10.0, 20.0, 50.0)),
}
"""What each method's strength is called, and its values in the study."""
WITH_LABELS = {"beta-vae": (1.0, 4.0), "beta-tcvae": (1.0, 4.0), "factor-vae": (10.0, 30.0), "dip-vae-i": (1.0, 5.0)}
"""The strengths beside a supervised term, of which the published grid is not known."""
NARROW = product(values("method.critic_width", 64), values("method.critic_lr", 1e-3))


def smoke(grid: Grid) -> Study:
    """A study at the scale ``smoke``."""
    return study_of("smoke", {"all": product((SMOKE,), grid, values("loop.seed", *SMOKE_SEEDS))}, SMOKE_JUDGING)


def desk(*grids: Grid, worlds: tuple[str, ...] = (DSPRITES,)) -> Study:
    """A study at the scale ``desk``."""
    return study_of("desk", {"all": product((DESK,), values("data", *worlds), chain(*grids))}, DESK_JUDGING)


def without_labels(*methods: str, labels: int = 100, seeds: tuple[int, ...] = SEEDS) -> Grid:
    """Cohorts of methods that learn from no labels, every strength with every seed, validated on each labelled set."""
    cohorts = chain(*(_cohort(method, method, STRENGTHS[method][1]) for method in methods))
    shown = product(values("labels", labels), values("label_seed", *LABEL_SEEDS))
    return product(cohorts, shown, values("loop.seed", *seeds))


def with_labels(
    *methods: str,
    labels: int = 100,
    labeller: str = "perfect",
    label_seeds: tuple[int, ...] = LABEL_SEEDS,
    loss: str = "xent",
) -> Grid:
    """Cohorts of 6 for each labelled set: 2 strengths, 3 weights of the supervised term, one seed."""
    cohorts = chain(*(_cohort(method, f"s2-{method}", WITH_LABELS[method]) for method in methods))
    shown = product(values("labels", labels), values("labeller", labeller), values("label_seed", *label_seeds))
    supervision = product(
        values("method.supervision.loss", loss), values("method.supervision.gamma_sup", 1.0, 4.0, 10.0)
    )
    return product(cohorts, supervision, shown, values("loop.seed", 0))


def labels_alone(labels: int = 100) -> Grid:
    """Encoders that learn from labels only: as many seeds of each labelled set as a cohort has models."""
    shown = product(values("labels", labels), values("label_seed", *LABEL_SEEDS))
    return product(values("recipe", "supervised"), shown, values("loop.seed", *SEEDS))


def _cohort(method: str, recipe: str, strengths: tuple[float, ...]) -> Grid:
    grid = product(values("recipe", recipe), values(f"method.{STRENGTHS[method][0]}", *strengths))
    return product(grid, NARROW) if method == "factor-vae" else grid
