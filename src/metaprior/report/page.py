"""The page of a run, or of several beside each other: one HTML file that needs nothing else."""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from metaprior.core import MetapriorError
from metaprior.report import words
from metaprior.report.beside import apart, comparisons, names_beside, others, same_originals
from metaprior.report.codes import SILENT
from metaprior.report.curves import incomparable, panels
from metaprior.report.efficiency import efficiency
from metaprior.report.gallery import galleries
from metaprior.report.markup import filled, template_file, written
from metaprior.report.rate_distortion import section
from metaprior.report.scores import FEW, LESS, headline, judge_command, rows, seen, sentence, unjudged
from metaprior.report.sparklines import spark_grid
from metaprior.report.tables import LEAST_SHARE, MATRICES, HeatMap, Matrix, code_order, heat_map
from metaprior.report.view import RunView

CRISP = 40
"""Pictures up to this many pixels wide are enlarged with hard edges; larger ones would alias."""
PER_TABLE = 8
"""Scores beside each other where runs are rows."""


@dataclass(frozen=True, eq=False)
class Heat:
    """One kind of matrix of every run, None for a run without it; all on one colour scale."""

    key: str
    kind: Matrix
    maps: Sequence[HeatMap | None]

    @property
    def most(self) -> float:
        """The value of full colour."""
        return self.kind.full or max((float(each.values.max()) for each in self.maps if each), default=0.0) or 1.0


def write_report(runs: Sequence[RunView], path: Path) -> Path:
    """Write the page of one run, or the comparison of several, and return its path.

    The file is whole or not there. It asks for nothing from outside: pictures, style and script are inside.
    """
    return written(render(runs), path)


def render(runs: Sequence[RunView]) -> str:
    """The page as text."""
    if not runs:
        raise MetapriorError("a report needs at least one run")
    table = rows(runs)
    orders = [code_order(run) for run in runs]
    heats = [
        Heat(key, kind, [heat_map(run, key, order) for run, order in zip(runs, orders, strict=True)])
        for key, kind in MATRICES.items()
    ]
    information = heats[0].maps
    pictures = galleries(runs, information)
    compared = comparisons(pictures, information) if len(runs) > 1 else []
    facts = words.facts_beside(runs)
    return filled(
        "page.html",
        style=template_file("page.css"),
        script=template_file("page.js"),
        runs=runs,
        many=len(runs) > 1,
        crowd=len(runs) > FEW,
        names=names_beside(runs),
        heading=" against ".join(dict.fromkeys(words.title(run) for run in runs)),
        summary=sentence(runs, table),
        headline=headline(table),
        scores=table,
        heats=[heat for heat in heats if any(heat.maps)],
        legend=next(filter(None, information), None),
        galleries=pictures,
        compared=compared,
        others=[others(each, compared, i) for i, each in enumerate(pictures)],
        same_originals=len(runs) > 1 and same_originals(pictures),
        effects=[spark_grid(run, order) for run, order in zip(runs, orders, strict=True)],
        rates=section(runs),
        efficiency=efficiency(table),
        told_most=max((sum(n for _, n in s.shares) for g in pictures for s in g.traversals), default=1.0) or 1.0,
        panels=panels(runs),
        left_out=incomparable(runs),
        differing=differing(runs),
        facts=facts,
        apart=apart(*facts),
        unjudged=unjudged(runs),
        seen=seen(runs, table),
        less=LESS,
        silent=SILENT,
        share_told=LEAST_SHARE,
        crisp=CRISP,
        per_table=PER_TABLE,
        provenance=provenance,
        commands=commands,
        config_text=lambda config: json.dumps(config, indent=2, ensure_ascii=False),
    )


def differing(runs: Sequence[RunView]) -> list[tuple[str, list[str]]]:
    """The config keys in which the runs differ, and each run's value; machine and version aside."""
    flats = [words.flat({k: v for k, v in run.config.items() if k not in ("provenance", "version")}) for run in runs]
    keys = dict.fromkeys(key for each in flats for key in each)
    lines = [(key, [words.plain(each[key]) if key in each else "–" for each in flats]) for key in keys]
    return [(key, values) for key, values in lines if len(set(values)) > 1]


def provenance(run: RunView) -> list[tuple[str, str]]:
    """Versions and machine."""
    known = {"metaprior": run.config.get("version")} | words.flat(run.config.get("provenance") or {})
    return [(key, words.plain(value)) for key, value in known.items() if key and value is not None]


def commands(run: RunView) -> list[str]:
    """What to type to train the run again, and to judge it again."""
    train = f"metaprior train --config {shlex.quote(str(run.place / 'config.json'))}"
    place = shlex.quote(str(run.place))
    judged = []
    for name in run.scores:
        protocol, _, representation = name.partition("-")
        if protocol != "udr":  # which takes the other runs too
            sampled = f" --representation {shlex.quote(representation)}" if representation else ""
            judged.append(f"metaprior judge {shlex.quote(protocol)} {place}{sampled}")
    return [train, *(judged or [judge_command(run)])]
