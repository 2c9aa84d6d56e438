"""Published results on VTAB's nineteen tasks, in percent, to be seen beside one's own.

Tasks are in :data:`ORDER`. Lines of one ``protocol`` and ``setting`` may be
compared with each other and with a complete run of that protocol; no others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

ORDER = (
    "cifar100", "caltech101", "dtd", "flowers102", "pets", "svhn", "sun397",
    "patch-camelyon", "eurosat", "resisc45", "retinopathy",
    "clevr-count", "clevr-distance", "dmlab", "kitti-distance", "dsprites-location", "dsprites-orientation",
    "smallnorb-azimuth", "smallnorb-elevation",
)  # fmt: skip
"""The order of the published tables' columns, in which the first two differ from ``VTAB``'s."""


@dataclass(frozen=True)
class Published:
    """One line of a published table, in percent; ``tasks`` is empty where only means were published."""

    model: str
    setting: str
    protocol: str
    source: str
    mean_tasks: float | None
    groups: tuple[float, float, float] | None
    """Natural, specialized, structured."""
    tasks: tuple[float, ...] = ()
    remembered: bool = False
    """Whether the numbers are from memory, and were not read again."""

    def task(self, name: str) -> float | None:
        """A task's accuracy in percent, if it was published."""
        return self.tasks[ORDER.index(name)] if self.tasks else None

    @property
    def mean_groups(self) -> float | None:
        """The mean of the three groups' means.

        >>> round(next(line for line in PUBLISHED if line.model == "Sup-Rotation-100%").mean_groups, 1)
        70.7
        """
        return sum(self.groups) / 3 if self.groups else None


def _row(text: str) -> tuple[float, ...]:
    return tuple(float(word) for word in text.replace("|", " ").split())


_CSV = "task_adaptation, results.csv (ResNet-50, the lightweight sweep; Zhai et al. 2019)"
_LIGHTWEIGHT = "lightweight"

_GROUPS = """
Sup-Rotation-100%  68.0 73.6 83.1 55.5  90.2 86.9 89.8 93.2
Sup-Exemplar-100%  67.7 73.7 83.1 54.7  90.1 86.4 90.0 93.5
Sup-100%           66.4 73.5 82.5 52.1  89.7 86.4 89.3 92.9
Semi-Exemplar-10%  65.3 70.2 81.9 52.7  88.8 83.4 89.5 93.2
Semi-Rotation-10%  65.1 69.6 82.4 52.5  88.6 83.9 87.8 93.0
Rotation           60.4 53.7 78.6 57.3  86.4 76.8 89.2 93.4
Exemplar           58.0 48.9 78.4 55.8  84.8 73.7 88.9 92.5
Rel.Pat.Loc        53.5 46.0 76.6 48.4  83.1 72.6 88.6 89.5
Jigsaw             52.5 44.0 76.5 47.9  83.0 72.1 88.3 89.8
Uncond-BigGAN      45.8 35.9 63.1 45.7  68.2 58.7 80.8 70.2
From-Scratch       43.1 27.9 68.9 43.6  75.4 53.6 85.3 89.6
Cond-BigGAN        41.4 39.5 57.4 35.1  51.4 48.3 81.9 38.9
WAE-MMD            38.7 20.8 60.6 43.4  64.9 37.2 78.3 82.6
VAE                38.2 19.4 59.3 44.2  66.8 37.6 78.3 86.7
WAE-UKL            33.6 15.1 55.2 39.0  46.8 26.3 66.2 55.1
WAE-GAN            33.3 15.6 54.0 38.5  48.5 27.9 67.7 56.9
"""
"""Of each model: the mean of all tasks and of the three groups, on 1,000 examples, then on all of them."""

_TASKS = {
    ("Sup-100%", "1k"): "57.0 91.0 66.0 88.6 89.9 87.3 34.4 | 80.6 95.3 80.8 73.2 | "
    "41.0 56.1 36.3 70.6 85.7 46.0 45.7 35.4",
    ("Sup-Rotation-100%", "1k"): "53.7 91.7 69.5 90.8 88.1 88.5 32.8 | 83.4 96.0 82.0 71.1 | "
    "47.3 57.2 36.6 77.1 88.3 52.1 51.6 33.7",
    ("Sup-Exemplar-100%", "1k"): "56.7 90.2 67.3 88.3 89.7 88.9 34.5 | 83.7 95.7 80.5 72.4 | "
    "37.8 56.0 37.8 77.7 84.3 53.9 49.6 40.5",
    ("Rotation", "1k"): "27.3 77.6 51.4 68.8 48.3 89.4 12.9 | 80.4 93.5 69.4 70.9 | "
    "45.6 60.9 40.4 75.9 89.6 49.5 52.2 44.3",
    ("From-Scratch", "1k"): "13.2 38.2 20.6 40.2 12.1 66.1 5.0 | 75.6 85.0 42.6 72.6 | "
    "38.8 55.2 26.6 42.7 78.4 39.2 30.1 37.6",
    ("Sup-100%", "full"): "83.8 94.1 74.0 93.2 91.9 97.0 70.7 | 83.9 98.8 95.3 79.3 | "
    "99.8 92.1 76.4 80.7 100.0 96.4 99.8 97.7",
    ("Sup-Rotation-100%", "full"): "84.8 94.6 75.9 94.7 91.5 97.0 70.2 | 85.9 98.8 94.9 79.5 | "
    "99.8 92.5 76.5 82.3 100.0 96.5 100.0 98.4",
    ("Rotation", "full"): "73.6 88.3 63.3 83.4 71.8 96.9 60.5 | 86.4 98.3 93.4 78.6 | "
    "99.8 93.3 76.8 82.6 100.0 96.5 99.9 98.0",
    ("From-Scratch", "full"): "64.4 55.9 31.3 50.6 23.8 96.3 52.7 | 81.2 96.2 86.8 76.8 | "
    "99.7 89.4 71.5 68.4 100.0 96.3 99.9 91.7",
}


def _of_the_benchmark(setting: str) -> list[Published]:
    found = []
    for line in _GROUPS.strip().splitlines():
        model, *words = line.split()
        mean, *groups = map(float, words[:4] if setting == "1k" else words[4:])
        natural, specialized, structured = groups
        tasks = _row(_TASKS.get((model, setting), ""))
        found.append(Published(model, setting, _LIGHTWEIGHT, _CSV, mean, (natural, specialized, structured), tasks))
    return found


_VIT = (
    ("full fine-tuning", "PETL-ViT, README", 65.57, (75.88, 83.36, 47.64),
     "68.9 87.7 64.3 97.2 86.9 87.4 38.8 | 79.7 95.7 84.2 73.9 | 56.3 58.6 41.7 65.5 57.5 46.7 25.7 29.1"),
    ("linear", "NOAH, table; its means from memory", 52.94, (68.93, 77.16, 26.84),
     "63.4 85.0 63.2 97.0 86.3 36.6 51.0 | 78.5 87.5 68.6 74.0 | 34.3 30.6 33.2 55.4 12.5 20.0 9.6 19.2"),
    ("VPT-deep", "PETL-ViT, README", 69.4, (78.48, 82.43, 54.98),
     "78.8 90.8 65.8 98.0 88.3 78.1 49.6 | 81.8 96.1 83.4 68.4 | 68.5 60.0 46.5 72.8 73.6 47.9 32.9 37.8"),
    ("VPT-shallow", "VPT", 64.9, (76.81, 79.66, 46.98),
     "77.7 86.9 62.6 97.5 87.3 74.5 51.2 | 78.2 92.0 75.6 72.9 | 50.5 58.6 40.5 67.1 68.7 36.1 20.2 34.1"),
    ("Adapter", "NOAH, table", 71.4, (79.0, 84.1, 58.5),
     "69.2 90.1 68.0 98.8 89.9 82.8 54.3 | 84.0 94.9 81.9 75.5 | 80.9 65.3 48.6 78.3 74.8 48.5 29.9 41.6"),
    ("LoRA", "NOAH, table", 72.3, (79.5, 84.6, 59.8),
     "67.1 91.4 69.4 98.8 90.4 85.3 54.0 | 84.9 95.3 84.4 73.6 | 82.9 69.2 49.8 78.5 75.7 47.1 31.0 44.0"),
    ("NOAH", "NOAH, table", 73.3, (80.3, 84.9, 61.3),
     "69.6 92.7 70.2 99.1 90.4 86.1 53.7 | 84.4 95.4 83.9 75.8 | 82.8 68.9 49.9 81.7 81.8 48.3 32.8 44.2"),
    ("Convpass", "PETL-ViT, README", None, (81.69, 85.31, 62.68),
     "72.3 91.2 72.2 99.2 90.9 91.3 54.9 | 84.2 96.1 85.3 75.6 | 82.3 67.9 51.3 80.0 85.9 53.1 36.4 44.4"),
)  # fmt: skip


PUBLISHED: tuple[Published, ...] = (
    *_of_the_benchmark("1k"),
    *_of_the_benchmark("full"),
    *(
        Published(
            f"ViT-B/16 (ImageNet-21k), {way}", "1k", "peft", source, mean, groups, _row(tasks), way == "VPT-shallow"
        )
        for way, source, mean, groups, tasks in _VIT
    ),
    Published("ViT-G/14 (JFT-3B)", "1k", "vit-g", "Scenic, plain ViT on VTAB: 78.29 ± 0.53", 78.29, None),
    Published("BiT-L R152x4 (JFT-300M)", "1k", "bit-hyperrule", "Kolesnikov et al. 2020", 76.3, None, remembered=True),
    Published("ViT-H/14 (JFT-300M)", "1k", "vit", "Dosovitskiy et al. 2021", 77.6, None, remembered=True),
    Published("ResNet-50, supervised", "1k", "heavyweight", "a leaderboard's mirror", 71.2, None),
    Published("ResNet-50, from scratch", "1k", "heavyweight", "a leaderboard's mirror", 59.2, None),
)


PREPARED_BY = {"lightweight": "vtab-2019", "vit-g": "vit-g-2022"}
"""The preset of pictures that a protocol's published lines are of.

Others chose resolution and cropping by rules or by search, which this library's protocols of that name do not have:
no run may be seen among them.
"""


def comparable(protocol: str, setting: str) -> Sequence[Published]:
    """The published lines of a protocol and a setting.

    >>> len(comparable("lightweight", "1k")), len(comparable("ridge", "1k"))
    (16, 0)
    """
    return [line for line in PUBLISHED if (line.protocol, line.setting) == (protocol, setting)]
