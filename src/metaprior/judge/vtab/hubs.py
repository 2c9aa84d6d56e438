"""Encoders by name from timm, torchvision and the Hugging Face hub, imported when they are asked for."""

import importlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from metaprior.core import MetapriorError, derived_seed, unknown
from metaprior.judge.vtab.encoder import Encoder

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def from_hub(spec: str, *, size: int | None = None, random_init: bool = False, seed: int = 0) -> Encoder:
    """The encoder that ``timm:NAME``, ``torchvision:NAME`` or ``hf:NAME`` names, its classifier left off.

    Weights are the pretrained ones, which the hub's library fetches where they are not on this machine, or with
    ``random_init`` drawn from the seed. ``size`` builds nets of fixed image size for another one, where they can be.
    """
    hub, _, name = spec.partition(":")
    if hub not in HUBS:
        raise unknown("hub", hub, HUBS)
    if not name:
        raise MetapriorError(f"{spec} names no model; write {hub}:NAME")
    with torch.random.fork_rng():
        torch.manual_seed(derived_seed(seed, "weights"))
        found = HUBS[hub](name, size, not random_init)
    return replace(found, name=f"{spec} (random weights, seed {seed})") if random_init else found


def of_timm(name: str, size: int | None, pretrained: bool) -> Encoder:
    """A timm model without its classifier: what its head would see (pooled, and normalised where the net does so)."""
    timm = installed("timm")
    if name.split(".")[0] not in timm.list_models():
        raise unknown("model of timm", name, timm.list_models())
    options = {"img_size": size} if size else {}
    try:
        net = built(lambda: timm.create_model(name, pretrained=pretrained, num_classes=0, **options), f"timm:{name}")
    except TypeError:  # a net that takes images of any size has no such choice
        net = built(lambda: timm.create_model(name, pretrained=pretrained, num_classes=0), f"timm:{name}")
    given = timm.data.resolve_model_data_config(net)
    levels = tuple(given["mean"]), tuple(given["std"])
    return Encoder(f"timm:{name}", net, "pre-logits", size or given["input_size"][-1], 3, *levels)


def of_torchvision(name: str, size: int | None, pretrained: bool) -> Encoder:
    """A classifier of torchvision without its last linear layer."""
    from torchvision import models

    if name not in models.list_models(module=models):
        raise unknown("model of torchvision", name, models.list_models(module=models))
    options: dict[str, Any] = {"weights": "DEFAULT" if pretrained else None}
    if not pretrained and name in ("googlenet", "inception_v3"):
        options |= {"aux_logits": False, "init_weights": True}
    if name.startswith("vit_") and size:
        options |= {"image_size": size}
    net = built(lambda: models.get_model(name, **options), f"torchvision:{name}")
    linear = [place for place, module in net.named_modules() if isinstance(module, nn.Linear)]
    if not linear or linear[-1].split(".")[0] not in ("fc", "classifier", "head", "heads"):
        raise MetapriorError(f"torchvision:{name} does not end in a linear layer, so it has no features before it")
    parent, _, last = linear[-1].rpartition(".")
    setattr(net.get_submodule(parent), last, nn.Identity())
    own = 299 if name == "inception_v3" else 224
    return Encoder(f"torchvision:{name}", net, "before the last linear layer", size or own, 3, *IMAGENET)


def of_hugging_face(name: str, size: int | None, pretrained: bool) -> Encoder:
    """A model of the Hugging Face hub, or of a folder: its pooled output, else the mean of its last states."""
    transformers = installed("transformers")
    config = built(lambda: transformers.AutoConfig.from_pretrained(name), f"hf:{name}")
    config = getattr(config, "vision_config", None) or config
    build = transformers.AutoModel.from_pretrained if pretrained else transformers.AutoModel.from_config
    net = built(lambda: build(name if pretrained else config), f"hf:{name}")
    net = getattr(net, "vision_model", net)
    feature = "pooled output, or mean of the last states"
    try:
        given = transformers.AutoImageProcessor.from_pretrained(name, use_fast=True)
        levels = tuple(given.image_mean), tuple(given.image_std)
    except (OSError, ValueError, AttributeError, ImportError):
        levels, feature = IMAGENET, f"{feature}; no levels of its own were to be had, so ImageNet's"
    own = getattr(config, "image_size", None) or 224
    own = own if isinstance(own, int) else max(own)
    return Encoder(f"hf:{name}", Pooled(net), feature, size or own, 3, *levels)


class Pooled(nn.Module):
    """One row an image of what a transformers model puts out."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> Tensor:
        """Its pooled output where it has one; else the mean over places of its last hidden states."""
        found = self.net(images)
        pooled = getattr(found, "pooler_output", None)
        if pooled is not None:
            return pooled.flatten(1)
        states = found.last_hidden_state
        return states.mean(dim=1) if states.ndim == 3 else states.mean(dim=(2, 3))


def installed(package: str) -> Any:
    """A package of the extra ``hub``, or an error that says how to get it."""
    try:
        return importlib.import_module(package)
    except ImportError as fault:
        raise MetapriorError(f"{package} is not installed; pip install 'metaprior[hub]'") from fault


def built(build: Callable[[], Any], spec: str) -> Any:
    """A net or its description, or one line about why it cannot be had."""
    try:
        return build()
    except TypeError:  # an option that a net does not have
        raise
    except Exception as fault:  # libraries wrap those of others, each in its own
        said = next(iter(str(fault).splitlines()), type(fault).__name__)
        raise MetapriorError(
            f"the weights of {spec} cannot be had: {said}; are they on this machine, or is there a network? "
            "--random-init takes the net without them"
        ) from fault


HUBS: dict[str, Callable[[str, int | None, bool], Encoder]] = {
    "timm": of_timm,
    "torchvision": of_torchvision,
    "hf": of_hugging_face,
}
