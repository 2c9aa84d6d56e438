"""Images in: data sets, and worlds whose factors are known."""

from metaprior.data.cars3d import official_cars3d, read_cars3d
from metaprior.data.catalogue import CATALOGUE, available, describe, load, load_pictures, load_unseen, same_data
from metaprior.data.contents import contents
from metaprior.data.dataset import Dataset
from metaprior.data.digits import DigitsOptions
from metaprior.data.dsprites import DSpritesOptions, dsprites_world
from metaprior.data.dsprites_official import official_dsprites, read_dsprites
from metaprior.data.dsprites_variants import (
    ScreamOptions,
    VariantOptions,
    color_dsprites,
    noisy_dsprites,
    scream_dsprites,
)
from metaprior.data.entry import Entry
from metaprior.data.folder import FolderOptions
from metaprior.data.labelled import divide, few_labels, labelled_rows, training_labels
from metaprior.data.labellers import LABELLERS, Labeller, LabellerName, find_labeller
from metaprior.data.mpi3d import read_mpi3d
from metaprior.data.official import OfficialOptions
from metaprior.data.on_disk import render_to_disk, rendered, rendered_path
from metaprior.data.packs import Pack, PackOptions, TextOptions
from metaprior.data.shapes3d import Shapes3DOptions, shapes3d_world
from metaprior.data.shapes3d_official import official_shapes3d, read_shapes3d
from metaprior.data.smallnorb import official_smallnorb, read_smallnorb
from metaprior.data.world import Held, Renderer, World

__all__ = [
    "CATALOGUE", "LABELLERS", "DSpritesOptions", "Dataset", "DigitsOptions", "Entry", "FolderOptions", "Held",
    "Labeller", "LabellerName", "OfficialOptions", "Pack", "PackOptions", "Renderer", "ScreamOptions",
    "Shapes3DOptions", "TextOptions", "VariantOptions", "World", "available", "color_dsprites", "contents", "describe",
    "divide", "dsprites_world", "few_labels", "find_labeller", "labelled_rows", "load", "load_pictures",
    "load_unseen", "noisy_dsprites",
    "official_cars3d", "official_dsprites", "official_shapes3d", "official_smallnorb", "read_cars3d", "read_dsprites",
    "read_mpi3d", "read_shapes3d", "read_smallnorb", "render_to_disk", "rendered", "rendered_path", "same_data",
    "scream_dsprites", "shapes3d_world", "training_labels",
]  # fmt: skip
