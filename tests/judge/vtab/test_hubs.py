"""Encoders by name: the classifier left off, weights by the seed, errors that say what to do."""

import pytest
import torch

from metaprior.core import MetapriorError
from metaprior.data.vtab.presets import PRESETS
from metaprior.judge.vtab.hubs import from_hub


@pytest.mark.parametrize(
    ("spec", "size", "width", "parameters"),
    [
        ("timm:resnet18", 64, 512, 11_176_512),
        ("timm:vit_tiny_patch16_224", 224, 192, 5_524_416),
        ("timm:vit_tiny_patch16_224", 96, 192, 5_524_416 - (14**2 - 6**2) * 192),
        ("torchvision:resnet18", None, 512, 11_176_512),
        ("torchvision:mobilenet_v3_small", None, 1024, 1_517_856),
    ],
)
def test_features_are_what_the_classifier_saw(spec, size, width, parameters):
    encoder = from_hub(spec, size=size, random_init=True)
    assert sum(p.numel() for p in encoder.net.parameters()) == parameters
    assert encoder.size == (size or 224)
    assert encoder.width(PRESETS["native"]) == width


def test_weights_are_the_seeds_and_nothing_elses():
    state = torch.random.get_rng_state()
    one, same, other = (from_hub("timm:resnet18", random_init=True, seed=seed).hash for seed in (0, 0, 1))
    assert one == same != other
    assert torch.equal(torch.random.get_rng_state(), state)


def test_levels_are_the_models_own():
    assert from_hub("timm:vit_tiny_patch16_224", random_init=True).mean == (0.5, 0.5, 0.5)
    assert from_hub("timm:resnet18", random_init=True).deviation == (0.229, 0.224, 0.225)


def test_a_folder_of_transformers_is_a_model(tmp_path):
    transformers = pytest.importorskip("transformers")
    sizes = {"hidden_size": 12, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    net = transformers.ViTModel(transformers.ViTConfig(**sizes, image_size=32, patch_size=16))
    net.save_pretrained(tmp_path / "vit")
    encoder = from_hub(f"hf:{tmp_path / 'vit'}")
    assert (encoder.size, encoder.width(PRESETS["native"])) == (32, 12)
    images = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        assert torch.allclose(encoder.net.eval()(images), net.eval()(images).pooler_output, atol=1e-6)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("timm:resnet", "did you mean 'resnet"),
        ("torchvision:resnet_18", "did you mean 'resnet18'"),
        ("torchvision:squeezenet1_0", "does not end in a linear layer"),
        ("tim:resnet18", "unknown hub 'tim'; did you mean 'timm'"),
        ("timm:", "names no model; write timm:NAME"),
    ],
)
def test_a_wrong_name_is_told(spec, said):
    with pytest.raises(MetapriorError, match=said):
        from_hub(spec, random_init=True)
