from pathlib import Path

import pytest
import torch

import metaprior
from metaprior.core import MetapriorError
from metaprior.judge import random_conv
from metaprior.study import find_extractor


def test_an_extractor_is_found_by_its_name() -> None:
    assert find_extractor("random-conv").distance == random_conv().distance
    with pytest.raises(MetapriorError, match="unknown extractor 'random-cov'; did you mean 'random-conv'"):
        find_extractor("random-cov")
    with pytest.raises(MetapriorError, match="known: pixels, random-conv, run:FOLDER"):
        find_extractor("inception")
    with pytest.raises(MetapriorError, match="is not a run: there is no such folder"):
        find_extractor("run:nowhere")


def test_the_encoder_of_a_run_is_known_by_its_folder_and_its_weights(tmp_path: Path) -> None:
    method = {"latent_dim": 3, "nets": "mlp", "batch": 8}
    for seed in (0, 1):
        metaprior.train(
            "vae", data="digits", out=tmp_path / f"vae-{seed}", steps=1, seed=seed, method=method, progress=False
        )
    found = [find_extractor(f"run:{tmp_path / name}") for name in ("vae-0", "vae-0", "vae-1")]
    assert found[0].distance == found[1].distance
    assert found[0].hash != found[2].hash
    assert found[2].distance == f"FD[run:vae-1-{found[2].hash}]"
    images = torch.rand(4, 1, 8, 8)
    codes = metaprior.load(tmp_path / "vae-0").encode(images)
    assert found[0].features(images) == pytest.approx(codes.detach().numpy())
