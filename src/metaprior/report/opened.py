"""A run folder opened for a page: its records, its model, examples of its data."""

import dataclasses
from pathlib import Path

import torch

from metaprior.core import MetapriorError, generator
from metaprior.data import load as load_data
from metaprior.report.view import RunView
from metaprior.study import load as load_model

EXAMPLES = 256


def view_run(folder: Path) -> RunView:
    """The view of a run with its model and examples of its data; what is not at hand becomes a note.

    Runs on the same data get the same examples, so that their pictures compare.
    """
    view = RunView.from_folder(folder)
    model, images, notes = None, None, list(view.notes)
    try:
        model = load_model(folder)
    except MetapriorError as fault:
        notes.append(f"no model: {fault}")
    try:
        data = load_data(view.config["data"])
        chosen = torch.randint(len(data), (EXAMPLES,), generator=generator(0, "report"))
        batch = data.gather(chosen)
        images = batch.images if "images" in batch else None
    except (MetapriorError, KeyError) as fault:
        notes.append(f"no examples: {fault}")
    return dataclasses.replace(view, model=model, images=images, notes=tuple(notes))
