"""What the claims train: cohorts without labels, with labels, and by labels alone."""

from metaprior.papers.disentangle.scales import STRENGTH_OF, Bench
from metaprior.study import Study, study_of
from metaprior.study.grid import Grid, chain, product, values


def study(bench: Bench, *grids: Grid, worlds: tuple[str, ...] = ()) -> Study:
    """A study at the scale of a bench, on its worlds if no others are told."""
    data = values("data", *(worlds or bench.worlds))
    return study_of(bench.scale, {"all": product((bench.common,), data, chain(*grids))}, bench.judging)


def without_labels(bench: Bench, *methods: str, labels: int = 100, seeds: tuple[int, ...] | None = None) -> Grid:
    """Cohorts of methods that learn from no labels, every strength with every seed, validated on each labelled set."""
    cohorts = chain(*(_cohort(bench, method, method, bench.strengths[method]) for method in methods or bench.methods))
    shown = product(values("labels", labels), values("label_seed", *bench.label_seeds))
    return product(cohorts, shown, values("loop.seed", *(seeds or bench.seeds)))


def with_labels(
    bench: Bench,
    *methods: str,
    labels: int = 100,
    labeller: str = "perfect",
    loss: str = "xent",
    label_seeds: tuple[int, ...] | None = None,
) -> Grid:
    """Cohorts for each labelled set: strengths, weights of the supervised term and seeds."""
    cohorts = chain(
        *(
            _cohort(bench, method, f"s2-{method}", bench.strengths_with_labels[method])
            for method in methods or bench.methods_with_labels
        )
    )
    sets = values("label_seed", *(label_seeds or bench.label_seeds))
    shown = product(values("labels", labels), values("labeller", labeller), sets)
    supervision = product(
        values("method.supervision.loss", loss), values("method.supervision.gamma_sup", *bench.gammas)
    )
    return product(cohorts, supervision, shown, values("loop.seed", *bench.pipeline_seeds))


def labels_alone(bench: Bench, labels: int = 100) -> Grid:
    """Encoders that learn from labels only: as many seeds of each labelled set as S2/S has models to pick from."""
    shown = product(values("labels", labels), values("label_seed", *bench.label_seeds))
    return product(values("recipe", "supervised"), shown, values("loop.seed", *range(bench.pipeline_cohort)))


def _cohort(bench: Bench, method: str, recipe: str, strengths: tuple[float, ...]) -> Grid:
    grid = product(values("recipe", recipe), values(f"method.{STRENGTH_OF[method]}", *strengths))
    return product(grid, bench.critic) if method == "factor-vae" else grid
