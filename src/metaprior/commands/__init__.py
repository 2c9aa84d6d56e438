"""The commands by name: typed options, and what each calls and prints. One file a command."""

from metaprior.commands.command import Command
from metaprior.commands.data import Data
from metaprior.commands.judge import Judge
from metaprior.commands.listing import List
from metaprior.commands.parsing import parse
from metaprior.commands.pipeline import Pipeline
from metaprior.commands.report import Report
from metaprior.commands.reproduce import Reproduce
from metaprior.commands.sample import Sample
from metaprior.commands.select import Select
from metaprior.commands.study import Study
from metaprior.commands.train import Train
from metaprior.commands.visualize import Visualize
from metaprior.commands.vtab import Vtab

COMMANDS: dict[str, type[Command]] = {
    "list": List,
    "data": Data,
    "train": Train,
    "judge": Judge,
    "select": Select,
    "pipeline": Pipeline,
    "study": Study,
    "report": Report,
    "visualize": Visualize,
    "sample": Sample,
    "vtab": Vtab,
    "reproduce": Reproduce,
}

__all__ = ["COMMANDS", "Command", "parse"]
