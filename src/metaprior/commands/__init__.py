"""The commands by name: typed options, and what each calls and prints. One file a command."""

from metaprior.commands.command import Command
from metaprior.commands.data import Data
from metaprior.commands.judge import Judge
from metaprior.commands.listing import List
from metaprior.commands.parsing import parse
from metaprior.commands.report import Report
from metaprior.commands.reproduce import Reproduce
from metaprior.commands.train import TrainBase, train_options

COMMANDS: dict[str, type[Command]] = {
    "list": List,
    "data": Data,
    "train": TrainBase,
    "judge": Judge,
    "report": Report,
    "reproduce": Reproduce,
}

__all__ = ["COMMANDS", "Command", "parse", "train_options"]
