"""``metaprior vtab``."""

import dataclasses
import errno
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import tyro
from rich.console import Console
from rich.text import Text

from metaprior.commands.command import Json, as_json, place
from metaprior.commands.vtab_folder import chosen_tasks, progress_of_tasks, refuse_twice, vtab_folder
from metaprior.core import MetapriorError

if TYPE_CHECKING:
    from metaprior.judge.vtab import Encoder, SuiteScores, Way


@dataclass(frozen=True)
class Vtab:
    """Judge encoders by the Visual Task Adaptation Benchmark: 19 tasks of 1,000 examples, or stand-ins for them.

    Examples:
      metaprior vtab timm:vit_base_patch16_224 --data-dir ~/vtab
      metaprior vtab timm:vit_tiny_patch16_224 --random-init --suite vtab-desk
      metaprior vtab runs/vae-0 timm:resnet18 --suite vtab-desk --page models.html
      metaprior vtab torchvision:resnet50 --protocol lightweight --tasks pets dtd --seeds 0 1 2
      metaprior vtab hf:facebook/dinov2-small --preset native --json
      metaprior vtab --status --data-dir ~/vtab
      metaprior vtab prepare --data-dir ~/vtab --out ~/vtab-1k
      metaprior vtab --compare
    """

    recipe: ClassVar[str] = ""
    models: Annotated[tuple[str, ...], tyro.conf.Positional, place("[MODEL ...]")] = ()
    """Run folders, timm:NAME, torchvision:NAME or hf:NAME; protocols, presets and tasks are listed below."""
    suite: Literal["vtab", "vtab-desk"] = "vtab"
    """The 19 tasks, or stand-ins that need no download or the packs of 'metaprior data'; never a VTAB score."""
    tasks: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME ...")] = ()
    """Some of the suite's tasks; by default all whose data are there."""
    protocol: Annotated[str, tyro.conf.arg(metavar="NAME")] = "ridge"
    """How encoders are adapted to a task."""
    preset: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """How pictures are prepared; by default vtab-2019, and native for runs, whose nets take one size."""
    setting: Literal["1k", "full"] = "1k"
    """Train on 800 examples, select on 200, train again on these 1,000; or on all there are."""
    seeds: tuple[int, ...] = (0,)
    """Seeds of what is random in a protocol; of several the mean is told, with its standard error."""
    data_dir: Path | None = None
    """Where the tasks' data lie; by default vtab below $METAPRIOR_DATA."""
    out: Path = Path("runs/vtab")
    """Where features and scores are kept; a run that was stopped goes on from there."""
    random_init: Json = False
    """Nets of a hub without their trained weights: what the architecture alone is good for; runs keep theirs."""
    precision: Literal["float32", "bf16"] = "float32"
    """Of features, and of fine-tuning; bf16 is faster where the machine computes in it."""
    device: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME ...")] = ("auto",)
    """cpu, cuda, cuda:1 ...; of several, each takes tasks of its own in a process of its own."""
    workers: int = 1
    """Processes that share out the tasks, on one device."""
    batch: int | None = None
    """Pictures whose features are taken at once; by default as many as a CPU's caches hold, and 64 elsewhere."""
    page: Path | None = None
    """The results page; by default vtab.html in --out."""
    compare: Json = False
    """Show models among the published results of the same protocol, or these alone where no model is named."""
    status: Json = False
    """Say of each task whether its data are there, and what to fetch otherwise."""
    quiet: Json = False
    """Show no progress."""
    json: Json = False
    """Print one JSON object."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "out", self.out.expanduser())
        object.__setattr__(self, "page", self.page and self.page.expanduser())
        if self.page and self.page.is_dir():
            raise MetapriorError(f"--page {self.page} is a folder; name a file, such as {self.page / 'vtab.html'}")

    @staticmethod
    def of_method(given: list[str]) -> tuple[type, list[str], Any]:
        """The options' type: ``prepare`` has options of its own."""
        from metaprior.commands.vtab_prepare import Prepare

        return (Prepare, given[1:], None) if given[:1] == ["prepare"] else (Vtab, given, None)

    @staticmethod
    def notes() -> str:
        """The protocols, the presets and the tasks."""
        from metaprior.data.vtab import PRESETS, SUITES
        from metaprior.judge.vtab import ADAPTATIONS

        protocols = "\n".join(f"  {name}: {each.summary}" for name, each in ADAPTATIONS.items())
        presets = "\n".join(f"  {name}: {preset.summary}" for name, preset in PRESETS.items())
        suites = "\n".join(f"  {name}: {', '.join(tasks)}" for name, tasks in SUITES.items())
        return f"Protocols:\n{protocols}\n\nPresets:\n{presets}\n\nTasks:\n{suites}"

    def run(self) -> int:
        """Judge, print the table, write the page."""
        from metaprior.report import vtab_table, write_vtab_page

        if self.status:
            if self.models:
                raise MetapriorError("--status tells of data, and of no model; leave the model out")
            return self.tell_status()
        refuse_twice("model", [str(Path(model)) for model in self.models])
        if not self.models and self.compare:
            return self.tell_published()
        if not self.models:
            raise MetapriorError("say which model: metaprior vtab MODEL, such as a run folder or timm:resnet18")
        if self.random_init and all(map(is_run, self.models)):
            raise MetapriorError(f"--random-init is for nets of a hub, and {self.models[0]} is a run folder")
        vtab_folder(self.data_dir)
        self.devices()
        chosen_tasks(self.suite, self.tasks)
        check_room(self.out)
        check_room((self.page or self.out / "vtab.html").parent)
        judged = [self.judged(model) for model in self.models]
        if not self.json:
            console = Console()
            console.print(vtab_table(judged, self.compare, console.width))
        page = write_vtab_page(judged, self.page or self.out / "vtab.html", self.compare)
        if self.json:
            objects = [scores.to_json() for scores in judged]
            as_json((objects[0] if len(objects) == 1 else {"models": objects}) | {"page": str(page)})
        else:
            Console().print(Text(f"\npage: {page}"), soft_wrap=True)
        return 0

    def judged(self, model: str) -> "SuiteScores":
        """The scores of one model."""
        from metaprior.data.vtab import SUITES, find_preset
        from metaprior.judge.vtab import Place, Way, compute_scores, judge_suite

        preset = self.preset or ("native" if is_run(model) else "vtab-2019")
        way = Way(self.protocol, find_preset(preset), self.setting, self.seeds, self.precision)
        encoder = self.encoder(model, way)
        devices = self.devices()
        data, features = vtab_folder(self.data_dir), self.out / "features"
        where = Place(data, self.folder(encoder, way), features, devices[0], self.batch)
        tasks = SUITES[self.suite]
        with progress_of_tasks(model, self.quiet) as told:
            if len(devices) > 1:
                compute_scores(encoder, self.suite, way, where, self.tasks or tuple(tasks), devices, told)
            return judge_suite(encoder, self.suite, tasks, way, where, self.tasks, told)

    def encoder(self, model: str, way: "Way") -> "Encoder":
        """The encoder that an argument names."""
        from metaprior.judge.vtab import from_hub, of_model
        from metaprior.study import load

        if not is_run(model):
            return from_hub(model, size=way.preset.size, random_init=self.random_init, seed=self.seeds[0])
        trained: Any = load(model)
        return of_model(trained, str(Path(model)))

    def folder(self, encoder: "Encoder", way: "Way") -> Path:
        """Where a model's scores by one way are kept."""
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", encoder.name).strip("-.")
        parts = [self.suite, way.protocol.replace("/", "-"), way.preset.name, way.setting, way.precision]
        return self.out / f"{name}-{encoder.hash}" / "-".join(parts)

    def devices(self) -> tuple[str, ...]:
        """A device for each process."""
        from metaprior.training import Loop

        if not self.device:
            raise MetapriorError("--device needs the name of one, such as cpu or cuda")
        if self.workers < 1:
            raise MetapriorError(f"workers must be at least 1, not {self.workers}")
        if self.workers > 1 and len(self.device) > 1:
            raise MetapriorError("--workers shares one device; of several devices each has one process already")
        found = tuple(str(Loop(device=name).find_device()) for name in self.device)
        return found * self.workers

    def tell_status(self) -> int:
        """What is there of each task."""
        from metaprior.data.vtab import status
        from metaprior.report import status_table

        folder = vtab_folder(self.data_dir)
        rows = status(folder, chosen_tasks(self.suite, self.tasks), self.setting)
        if self.json:
            as_json({"tasks": [{**dataclasses.asdict(row), "path": row.path and str(row.path)} for row in rows]})
        else:
            Console().print(status_table(rows, folder))
        return 0

    def tell_published(self) -> int:
        """The published results alone."""
        from metaprior.papers.vtab.published import PUBLISHED
        from metaprior.report import published_table

        if self.json:
            as_json({"published": [dataclasses.asdict(line) | {"mean_groups": line.mean_groups} for line in PUBLISHED]})
        else:
            Console().print(published_table(PUBLISHED))
        return 0


def check_room(folder: Path) -> None:
    """An error, before anything is computed, where nothing can be kept."""
    from metaprior.files import unwritable

    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    number = errno.ENOTDIR if not nearest.is_dir() else 0 if os.access(nearest, os.W_OK) else errno.EACCES
    if number:
        raise unwritable(folder, OSError(number, os.strerror(number)))


def is_run(model: str) -> bool:
    """Whether an argument is a run folder, not the name of a model of a hub; an error where it is neither.

    >>> is_run("timm:resnet18")
    False
    """
    from metaprior.judge.vtab import HUBS
    from metaprior.training import Run

    if Run(Path(model)).begun:
        return True
    hub = model.partition(":")[0]
    if hub in HUBS and ":" in model:
        return False
    if Path(model).exists():
        raise MetapriorError(f"{model} is no run folder: it holds no config.json")
    names = ", ".join(f"{hub}:NAME" for hub in HUBS)
    raise MetapriorError(f"there is no run folder {model}; a model is a run folder or one of {names}")
