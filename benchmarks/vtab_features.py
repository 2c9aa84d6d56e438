"""Features of pictures, and the legacy resize, against what one would write instead.

Run as ``python -m benchmarks.vtab_features [--json]``. Features: 256 encoded pictures of 96 px by a timm ViT, decoding
and resizing included, against a plain timm loop (its own transform, its own model, one batch after the other). Resize:
against the same formula in NumPy. Contenders take turns within a round; ratios are of the same round; medians shown.
"""

import argparse
import io
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import timm
import torch
from PIL import Image
from torch import Tensor

from metaprior.data.pictures import decode
from metaprior.data.vtab import PRESETS, Pictures, resize_legacy
from metaprior.judge.vtab import cached_features, from_hub

SIDE = 96


def encoded(count: int, seed: int = 0) -> list[bytes]:
    """JPEG files of smooth noise."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        coarse = Image.fromarray(random.integers(0, 256, (12, 12, 3), dtype=np.uint8))
        file = io.BytesIO()
        coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
        found.append(file.getvalue())
    return found


def plain_loop(net: torch.nn.Module, files: list[bytes], batch: int, device: str) -> np.ndarray:
    """What timm's users write."""
    transform = timm.data.create_transform(**timm.data.resolve_model_data_config(net), is_training=False)
    found = []
    with torch.inference_mode():
        for begin in range(0, len(files), batch):
            opened = [Image.open(io.BytesIO(each)).convert("RGB") for each in files[begin : begin + batch]]
            found.append(net(torch.stack([transform(picture) for picture in opened]).to(device)))
    return torch.cat(found).cpu().numpy()


def numpy_resize(image: np.ndarray, size: int) -> np.ndarray:
    """The legacy kernel, C×H×W, in NumPy."""

    def axis(side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        place = np.arange(size, dtype=np.float32) * np.float32(side / size)
        low = np.floor(place).astype(np.int64)
        return low, np.minimum(low + 1, side - 1), place - low

    (top, bottom, down), (left, right, across) = axis(image.shape[1]), axis(image.shape[2])
    upper, lower = image[:, top], image[:, bottom]
    upper = upper[..., left] + (upper[..., right] - upper[..., left]) * across
    lower = lower[..., left] + (lower[..., right] - lower[..., left]) * across
    return upper + (lower - upper) * down[:, None]


def rounds(contenders: dict[str, Callable[[], Any]], count: int, inner: int = 1) -> dict[str, list[float]]:
    """Seconds of each contender in each round."""
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for round_ in range(count + 1):
        for name, run in contenders.items():
            began = time.perf_counter()
            for _ in range(inner):
                run()
            if round_:  # the first warms up
                found[name].append((time.perf_counter() - began) / inner)
    return found


def rows(what: str, seconds: dict[str, list[float]], reference: str, per: int = 1) -> list[dict[str, Any]]:
    """Medians, and the median of each round's ratio to the reference: above 1 is faster."""
    return [
        {
            "what": what,
            "contender": name,
            "ms": round(1000 * statistics.median(each) / per, 3),
            "ratio": round(statistics.median(b / a for a, b in zip(each, seconds[reference], strict=True)), 2),
        }
        for name, each in seconds.items()
    ]


def feature_rows(model: str, count: int, batch: int, repeats: int, device: str) -> list[dict[str, Any]]:
    files = encoded(count)
    pictures = Pictures("made", [str(i) for i in range(count)], lambda i: decode(files[i], f"picture {i}"))
    encoder, preset = from_hub(f"timm:{model}", random_init=True), PRESETS["vtab-2019"]
    net = encoder.net.to(device).eval()
    contenders: dict[str, Callable[[], Any]] = {
        "plain timm loop": lambda: plain_loop(net, files, batch, device),
        "metaprior": lambda: cached_features(encoder, preset, pictures, None, batch=batch, device=device),
        "metaprior, bf16": lambda: cached_features(
            encoder, preset, pictures, None, batch=batch, device=device, bf16=True
        ),
    }
    return rows(f"{model}, a picture", rounds(contenders, repeats), "plain timm loop", count)


def resize_rows(repeats: int) -> list[dict[str, Any]]:
    found = []
    for height, width in ((32, 32), (96, 96), (375, 500)):
        image = torch.rand(3, height, width) * 255
        array = image.numpy()

        def ours(image: Tensor = image) -> Tensor:
            return resize_legacy(image[None], 224)

        def theirs(array: np.ndarray = array) -> np.ndarray:
            return numpy_resize(array, 224)

        assert np.abs(ours()[0].numpy() - theirs()).max() < 1e-2
        seconds = rounds({"NumPy": theirs, "metaprior": ours}, repeats, inner=30)
        found += rows(f"legacy resize, {height}×{width} to 224", seconds, "NumPy")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--model", default="vit_tiny_patch16_224")
    parser.add_argument("--pictures", type=int, default=256)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    found = resize_rows(options.repeats)
    print("resize done", file=sys.stderr)
    found += feature_rows(options.model, options.pictures, options.batch, options.repeats, options.device)
    if options.json:
        print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads(), "rows": found}))
        return
    print("| " + " | ".join(found[0]) + " |\n" + "|---" * len(found[0]) + "|")
    for each in found:
        print("| " + " | ".join(map(str, each.values())) + " |")


if __name__ == "__main__":
    main()
