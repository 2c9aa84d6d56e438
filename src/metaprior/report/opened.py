"""A run folder opened for a page: its records, its model, examples of its data."""

import dataclasses
from pathlib import Path

import torch

from metaprior.core import Encodes, MetapriorError, generator
from metaprior.data import load as load_data
from metaprior.report.examples import examples_of
from metaprior.report.view import RunView
from metaprior.study import load as load_model

PICTURES = 256


def view_run(folder: Path, examples: int = 3000) -> RunView:
    """The view of a run with its model, example pictures of its data, and the codes of more ``examples``.

    What is not at hand becomes a note. Runs on the same data get the same examples, so that their pictures compare.
    """
    view = RunView.from_folder(folder)
    model, images, measured, notes = None, None, None, list(view.notes)
    try:
        model = load_model(folder)
    except MetapriorError as fault:
        notes.append(f"no model: {fault}")
    try:
        data = load_data(view.config["data"])
        chosen = torch.randint(len(data), (PICTURES,), generator=generator(0, "report"))
        batch = data.gather(chosen)
        images = batch.images if "images" in batch else None
        if isinstance(model, Encodes) and images is not None:
            measured = examples_of(model, data, examples)
    except (MetapriorError, KeyError) as fault:
        notes.append(f"no examples: {fault}")
    return dataclasses.replace(view, model=model, images=images, examples=measured, notes=tuple(notes))
