"""Names, numbers and sentences as a page prints them."""

import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from metaprior.report.view import RunView

FAMILIES = {
    "aae": "AAE", "aae-cluster": "AAE, clusters", "aae-semi": "AAE, semi-supervised", "ada-gvae": "Ada-GVAE",
    "ada-ml-vae": "Ada-ML-VAE", "ae": "AE", "annealed-vae": "AnnealedVAE", "beta-tcvae": "β-TCVAE",
    "beta-vae": "β-VAE", "cae": "CAE", "cvae": "CVAE", "dae": "DAE", "dc-ign": "DC-IGN", "dip-vae-i": "DIP-VAE-I",
    "dip-vae-ii": "DIP-VAE-II", "factor-vae": "FactorVAE", "fader": "FaderNetworks", "group-vae": "GroupVAE",
    "hfvae": "HFVAE", "hsic-vae": "HSIC-VAE", "info-vae": "InfoVAE", "information-dropout": "Information dropout",
    "iwae": "IWAE", "joint-vae": "JointVAE", "m1-m2": "M1+M2", "m2": "M2", "mine-vae": "MineVAE", "ml-vae": "ML-VAE",
    "mmd-vae": "MMD-VAE", "vae": "VAE", "vae-gan": "VAE/GAN", "vfae": "VFAE", "vib": "VIB", "wae-gan": "WAE-GAN",
    "wae-mmd": "WAE-MMD",
}  # fmt: skip
"""Methods as their papers write them; what stands before one of these is kept, ``S2`` in capitals."""
METRICS = {
    "ari": "adjusted Rand index",
    "beta_vae_score": "β-VAE score",
    "cluster_accuracy_pixels": "cluster accuracy, k-means on pixels",
    "dci_completeness": "DCI completeness",
    "dci_disentanglement": "DCI disentanglement",
    "dci_informativeness": "DCI informativeness",
    "dimension_wise_kl": "dimension-wise KL",
    "entropy_bound": "entropy of the data, at most",
    "explicitness": "Explicitness",
    "factor_vae_score": "FactorVAE score",
    "gaussian_total_correlation": "Gaussian total correlation",
    "gaussian_wasserstein_correlation": "Gaussian Wasserstein correlation",
    "gaussian_wasserstein_correlation_normalised": "Gaussian Wasserstein correlation, normalised",
    "irs": "IRS",
    "label_distortion_sampled": "label distortion, by a sample",
    "mig": "MIG",
    "mmd_to_prior": "MMD to the prior",
    "modularity": "Modularity",
    "mutual_info_score": "mutual information of codes",
    "mutual_information_lower": "I(x; z), at least",
    "mutual_information_upper": "I(x; z), at most",
    "negative_elbo": "negative ELBO",
    "nll_iwae": "NLL (IWAE)",
    "nmi": "NMI of clusters and classes",
    "probe_accuracy_sampled": "probe accuracy, by a sample",
    "sap": "SAP",
    "udr": "UDR",
}


def method_name(recipe: str) -> str:
    """A recipe's name as the papers write it.

    >>> method_name("s2-beta-vae"), method_name("s2-dip-vae-ii"), method_name("./mine.py:recipe")
    ('S2-β-VAE', 'S2-DIP-VAE-II', 'mine.py:recipe')
    """
    words = recipe.rsplit("/", 1)[-1].split("-")
    ends = ["-".join(words[i:]) for i in range(len(words))]
    family = next((i for i, end in enumerate(ends) if end in FAMILIES), len(words))
    before = ["S2" if word == "s2" else word for word in words[:family]]
    return "-".join(before + [FAMILIES[end] for end in ends[family : family + 1]])


def code_name(name: str) -> str:
    """A code's name as the papers write it.

    >>> code_name("code_3")
    'z3'
    """
    return re.sub(r"^code_(?=\d)", "z", name)


def plain_name(name: str) -> str:
    """A factor's name as words.

    >>> plain_name("position_x")
    'position x'
    """
    return name.replace("_", " ")


def metric_name(name: str) -> str:
    """A metric's name as the papers write it.

    >>> metric_name("mig"), metric_name("downstream_accuracy_1000"), metric_name("knn_accuracy")
    ('MIG', 'downstream accuracy, 1,000', 'knn accuracy')
    """
    kind, _, examples = name.rpartition("_")
    if kind and examples.isdigit():
        return f"{metric_name(kind)}, {int(examples):,}"
    return METRICS.get(name, plain_name(name))


def labels(run: RunView) -> str:
    """``100 labels``, ``90 of 100 noisy labels`` where some were held out, ``no labels``; of methods that are told
    something of every example, ``all labels``, or ``shape of all`` examples."""
    count, labeller = run.config.get("labels"), run.config.get("labeller", "perfect")
    if told := run.config.get("told"):
        return "all labels" if told == ["label"] else f"{' and '.join(map(plain_name, told))} of all"
    if not isinstance(count, int) or not count:
        return "no labels"
    share = run.config.get("label_share", 1.0)
    trained = f"{math.ceil(round(count * share, 9)):,} of " if share < 1 else ""
    kind = f"{labeller} " if labeller != "perfect" else ""
    return f"{trained}{count:,} {kind}label{'s' * (count != 1)}"


def title(run: RunView) -> str:
    """The method as the papers write it, or the run's name."""
    recipe = run.config.get("recipe")
    return method_name(str(recipe)) if recipe else run.name


def differing_choices(methods: Sequence[str], choices: Sequence[Mapping[str, Any]]) -> list[str]:
    """For each run, those of its choices in which runs of its method differ, as a page would tell them apart.

    Of a name the last part is told, and all of it where two of these choices end alike.

    >>> differing_choices(["vae", "vae"], [{"loss.beta": 4.0, "size": 1}, {"loss.beta": None, "size": 1.0}])
    ['beta 4', 'beta none']
    """
    told = [{name: _short(value) for name, value in each.items()} for each in choices]
    values: dict[tuple[str, str], set[str]] = {}
    for method, each in zip(methods, told, strict=True):
        for name, value in each.items():
            values.setdefault((method, name), set()).add(value)
    differ = [key for key, found in values.items() if len(found) > 1]
    ends = Counter((method, _end(name)) for method, name in differ)
    names = {(method, name): _end(name) if ends[method, _end(name)] == 1 else name for method, name in differ}
    return [
        ", ".join(f"{names[method, name]} {value}" for name, value in each.items() if (method, name) in names)
        for method, each in zip(methods, told, strict=True)
    ]


def _end(name: str) -> str:
    return name.rpartition(".")[2]


def _short(value: Any) -> str:
    return format(value, "g") if isinstance(value, int | float) and not isinstance(value, bool) else plain(value)


def choices_beside(runs: Sequence[RunView]) -> list[str]:
    """For each run, those choices of its method in which runs of that method differ: ``beta 4, latent_dim 8``."""
    return differing_choices([title(run) for run in runs], [flat(run.config.get("method") or {}) for run in runs])


def titles(runs: Sequence[RunView]) -> list[str]:
    """The runs' methods, with the choices in which runs of one method differ."""
    return [
        f"{title(run)} ({told})" if told else title(run) for run, told in zip(runs, choices_beside(runs), strict=True)
    ]


def number(value: Any, digits: int = 3) -> str:
    """A number short enough to read; a dash for none.

    >>> number(0.31234), number(1234.56), number(10000), number(None), number(0.00002)
    ('0.312', '1,235', '10,000', '–', '2e-05')
    """
    if value is None:
        return "–"
    if isinstance(value, str | bool):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    size = abs(value)
    if value and size < 10**-digits:
        return f"{value:.{digits - 1}g}"
    return f"{value:.{digits}f}" if size < 10 else f"{value:.1f}" if size < 1000 else f"{value:,.0f}"


def tick(value: float, digits: int = 3) -> str:
    """A number for an axis or a head: three digits, or as many as there are before the point.

    >>> tick(1234.0), tick(0.01234), tick(-0.5), tick(-1e-9)
    ('1,234', '0.0123', '−0.5', '0')
    """
    value = round(value, 6)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value or 0:.{digits}g}".replace("-", "−")


def signed(value: float, digits: int = 3) -> str:
    """A difference, with its sign.

    >>> signed(0.25), signed(-0.25)
    ('+0.250', '−0.250')
    """
    return ("+" if value >= 0 else "−") + number(abs(float(value)), digits)


def duration(seconds: float) -> str:
    """A time a person reads.

    >>> duration(12.34), duration(95), duration(7260), duration(1e6), duration(1e9)
    ('12.3 s', '1 min 35 s', '2 h 1 min', '11.6 days', '31.7 years')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    days = seconds / 86_400
    if days >= 4:
        return f"{days:.1f} days" if days < 1000 else f"{days / 365.25:,.1f} years"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def plain(value: Any) -> str:
    """A config value on one line."""
    return value if isinstance(value, str) else "none" if value is None else json.dumps(value, ensure_ascii=False)


def facts(run: RunView) -> list[tuple[str, str]]:
    """What was done, in a line of short facts; only those the run knows."""
    loop = run.config.get("loop", {})
    last = run.history[-1] if run.history else {}
    steps = loop.get("steps", last.get("step"))
    known = [
        ("data", plain(run.config["data"]) if "data" in run.config else None),
        ("labels", "none" if labels(run) == "no labels" else labels(run).removesuffix("s").removesuffix(" label")),
        ("steps", number(steps) if steps is not None else None),
        ("seed", plain(loop["seed"]) if "seed" in loop else None),
        ("time", duration(last["seconds"]) if "seconds" in last else None),
    ]
    return [(name, value) for name, value in known if value is not None]


def facts_beside(runs: Sequence[RunView]) -> tuple[list[str], list[list[str]]]:
    """The facts of several runs as a table: its head, and a row for each run."""
    known = [
        ({"choices": told} if told else {}) | dict(facts(run))
        for run, told in zip(runs, choices_beside(runs), strict=True)
    ]
    names = list(dict.fromkeys(name for each in known for name in each))
    return names, [[each.get(name, "–") for name in names] for each in known]


def flat(config: Any, prefix: str = "") -> dict[str, Any]:
    """Nested keys joined by dots.

    >>> flat({"loop": {"seed": 0}, "labels": None})
    {'loop.seed': 0, 'labels': None}
    """
    if not isinstance(config, dict) or not config:
        return {prefix: config}
    return {k: v for key, value in config.items() for k, v in flat(value, f"{prefix}.{key}" if prefix else key).items()}
