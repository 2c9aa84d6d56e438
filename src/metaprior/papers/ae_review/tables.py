"""The review's three tables as data: which work serves which meta-prior, what it regularises, how it is built.

From memory: no copy of the paper's tables could be reached. Cells marked unsure are to be checked against the paper
before they are quoted. ``recipes`` names what trains here; without any, a work is still to come.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

MetaPrior: TypeAlias = Literal["disentanglement", "hierarchy", "semi-supervised", "clustering"]

META_PRIORS: dict[MetaPrior, str] = {
    "disentanglement": "Disentanglement",
    "hierarchy": "Hierarchical representation",
    "semi-supervised": "Semi-supervised learning",
    "clustering": "Clustering",
}
"""The four that organise the review, by its names."""


@dataclass(frozen=True)
class Regulariser:
    """A row of table 2: the base loss, a term of each example's posterior, a term of the aggregate posterior."""

    base: Literal["VAE", "AE"]
    per_example: str = ""
    aggregate: str = ""


@dataclass(frozen=True)
class Structure:
    """A row of table 3. Nets: H hierarchical, A autoregressive, nothing: feed-forward. Priors: N standard normal, C
    categorical, M mixture, G graphical model, L learned."""

    encoder: str = ""
    decoder: str = ""
    prior: str = "N"


@dataclass(frozen=True)
class Work:
    """One work of the review."""

    name: str
    paper: str
    meta_priors: tuple[MetaPrior, ...]
    recipes: tuple[str, ...] = ()
    labels: Literal["", "optional", "required"] = ""
    regulariser: Regulariser | None = None
    structure: Structure = Structure()
    unsure: bool = False
    """Whether a cell is remembered with less certainty than the others."""

    @property
    def here(self) -> bool:
        """Whether a recipe of it trains here."""
        return bool(self.recipes)


_KL = "KL(q(z|x) ‖ p(z))"
_TC = "TC(q(z))"

REVIEW: tuple[Work, ...] = (
    Work("β-VAE", "Higgins et al. 2017", ("disentanglement",), ("beta-vae",), "", Regulariser("VAE", _KL)),
    Work("VIB", "Alemi et al. 2017", ("disentanglement",), ("vib",), "optional", Regulariser("VAE", _KL)),
    Work(
        "PixelGAN-AE", "Makhzani & Frey 2017", ("hierarchy", "semi-supervised", "clustering"), (), "optional",
        Regulariser("VAE", "−I(x; z)"), Structure(decoder="A", prior="N or C"),
    ),
    Work(
        "InfoVAE", "Zhao et al. 2017", ("disentanglement",), ("info-vae", "mmd-vae"), "",
        Regulariser("VAE", _KL, "KL(q(z) ‖ p(z)), or another divergence, as MMD"),
    ),
    Work(
        "Information dropout", "Achille & Soatto 2018", ("disentanglement",), ("information-dropout",), "optional",
        Regulariser("VAE", _KL, _TC),
    ),
    Work(
        "HFVAE", "Esmaeili et al. 2019", ("disentanglement",), ("hfvae",), "",
        Regulariser("VAE", "−I(x; z)", "R(q(z)) + λ′ Σ over groups R(q(z_G))"),
    ),
    Work("FactorVAE", "Kim & Mnih 2018", ("disentanglement",), ("factor-vae",), "", Regulariser("VAE", "", _TC)),
    Work("β-TCVAE", "Chen et al. 2018", ("disentanglement",), ("beta-tcvae",), "", Regulariser("VAE", "", _TC)),
    Work(
        "DIP-VAE", "Kumar et al. 2018", ("disentanglement",), ("dip-vae-i", "dip-vae-ii"), "",
        Regulariser("VAE", "", "‖Cov z − 1‖² (Frobenius)"),
    ),
    Work(
        "HSIC-VAE", "Lopez et al. 2018", ("disentanglement",), ("hsic-vae",), "optional",
        Regulariser("VAE", "", "HSIC(q(z_1), q(z_2)) of groups"),
    ),
    Work(
        "VFAE", "Louizos et al. 2016", ("disentanglement",), ("vfae",), "required",
        Regulariser("VAE", "", "MMD(q(z|s=0), q(z|s=1))"),
    ),
    Work(
        "DC-IGN", "Kulkarni et al. 2015", ("disentanglement",), ("dc-ign",), "required",
        Regulariser("VAE", "gradients clamped, no penalty"),
    ),
    Work(
        "FaderNetworks", "Lample et al. 2017", ("disentanglement",), ("fader",), "required",
        Regulariser("AE", "−E log P(1 − y | E(x))"), unsure=True,
    ),
    Work(
        "AAE", "Makhzani et al. 2016", ("semi-supervised", "clustering"),
        ("aae", "aae-semi", "aae-cluster"), "optional",
        Regulariser("AE", "", "JS(q(z) ‖ p(z))"),
    ),
    Work(
        "WAE", "Tolstikhin et al. 2018", (), ("wae-mmd", "wae-gan"), "",
        Regulariser("AE", "", "JS(q(z) ‖ p(z)), or MMD"),
    ),
    Work("LadderVAE", "Sønderby et al. 2016", ("hierarchy",), structure=Structure("H", "H")),
    Work("Variational ladder autoencoder", "Zhao et al. 2017", ("hierarchy",), structure=Structure("H", "H")),
    Work("PixelVAE", "Gulrajani et al. 2017", ("hierarchy",), structure=Structure("H", "H + A")),
    Work(
        "Semi-supervised VAE", "Kingma et al. 2014", ("hierarchy", "semi-supervised"), ("m2", "m1-m2"), "required",
        structure=Structure("H", "H (M1+M2)", "N + C"),
    ),
    Work(
        "Semi-supervised graphical VAE", "Siddharth et al. 2017", ("semi-supervised",), (), "required",
        structure=Structure(prior="G"), unsure=True,
    ),
    Work("Variational lossy autoencoder", "Chen et al. 2017", ("hierarchy",), structure=Structure("", "A", "N or L")),
    Work("VQ-VAE", "van den Oord et al. 2017", ("hierarchy",), structure=Structure("", "(A)", "C, then L")),
    Work("JointVAE", "Dupont 2018", ("clustering",), ("joint-vae",), structure=Structure(prior="C + N")),
    Work("Structured VAE", "Johnson et al. 2016", ("clustering",), structure=Structure(prior="G / M")),
)  # fmt: skip
"""Every row of the three tables."""

NEIGHBOURS: tuple[Work, ...] = (
    Work("Autoencoder", "Hinton & Salakhutdinov 2006", (), ("ae",), regulariser=Regulariser("AE")),
    Work("VAE", "Kingma & Welling 2014", (), ("vae",), regulariser=Regulariser("VAE")),
    Work("AnnealedVAE", "Burgess et al. 2018", (), ("annealed-vae",), regulariser=Regulariser("VAE", _KL)),
    Work("IWAE", "Burda et al. 2016", (), ("iwae",)),
    Work("CVAE", "Sohn et al. 2015", (), ("cvae",), "required"),
    Work("Denoising autoencoder", "Vincent et al. 2008", (), ("dae",)),
    Work("Contractive autoencoder", "Rifai et al. 2011", (), ("cae",)),
    Work("VAE/GAN", "Larsen et al. 2016", (), ("vae-gan",)),
)
"""Named in the review's text, or near it, and no rows of its tables."""


def works_of(meta_prior: MetaPrior) -> tuple[Work, ...]:
    """A row of table 1: the works that serve a meta-prior.

    >>> [work.name for work in works_of("clustering")]
    ['PixelGAN-AE', 'AAE', 'JointVAE', 'Structured VAE']
    """
    return tuple(work for work in REVIEW if meta_prior in work.meta_priors)


def meta_priors_of(recipe: str) -> tuple[MetaPrior, ...]:
    """What a recipe is most known for, by the review; nothing where the review has no row of it.

    >>> meta_priors_of("beta-vae"), meta_priors_of("supervised")
    (('disentanglement',), ())
    """
    return next((work.meta_priors for work in REVIEW if recipe in work.recipes), ())


def to_come() -> tuple[Work, ...]:
    """The works of which no recipe trains here."""
    return tuple(work for work in (*REVIEW, *NEIGHBOURS) if not work.here)


def markdown() -> str:
    """The three tables as the documentation shows them; works in italics are still to come."""
    first = _table(
        ("meta-prior", "works"),
        [(title, ", ".join(_name(work) for work in works_of(key))) for key, title in META_PRIORS.items()],
    )
    second = _table(
        ("work", "loss", "of each example", "of the aggregate", "labels", "recipe"),
        [
            (_name(work), each.base, each.per_example, each.aggregate, work.labels, _recipes(work))
            for work in REVIEW
            if (each := work.regulariser)
        ],
    )
    third = _table(
        ("work", "encoder", "decoder", "prior", "labels", "recipe"),
        [
            (_name(work), each.encoder, each.decoder, each.prior, work.labels, _recipes(work))
            for work in REVIEW
            if (each := work.structure) != Structure()
        ],
    )
    return "\n\n".join([first, second, third])


def _name(work: Work) -> str:
    name = work.name + "?" * work.unsure
    return name if work.here else f"*{name}*"


def _recipes(work: Work) -> str:
    return ", ".join(f"`{name}`" for name in work.recipes) or "to come"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
