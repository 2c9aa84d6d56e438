"""On a GPU, adaptation gives what it gives on the CPU. Skipped where there is none."""

from dataclasses import replace

import pytest
import torch

from metaprior.judge.probes import logistic_path, ridge_path
from metaprior.judge.vtab.fine_tune import fine_tune
from metaprior.judge.vtab.frozen import FROZEN
from metaprior.judge.vtab.sgd_sweep import sgd_sweep
from tests.judge.vtab.test_fine_tune import RECIPE, digits, images, net, tuned
from tests.judge.vtab.test_frozen import task as frozen_task
from tests.judge.vtab.test_sgd_sweep import TRIALS, task

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")


def test_heads_and_paths_are_the_cpu_s() -> None:
    x, y = task()
    there = x.cuda(), y.cuda()
    torch.testing.assert_close(sgd_sweep(*there, 4, TRIALS).weights.cpu(), sgd_sweep(x, y, 4, TRIALS).weights)
    on_gpu, on_cpu = (logistic_path(*data, [0.1, 10.0], tolerance=1e-9) for data in (there, (x, y)))
    torch.testing.assert_close(on_gpu.logits(there[0]).cpu(), on_cpu.logits(x), rtol=1e-4, atol=1e-5)
    told = [ridge_path(z, torch.nn.functional.one_hot(u).to(z)).classes(z, [1.0]).cpu() for z, u in (there, (x, y))]
    assert torch.equal(*told)


@pytest.mark.parametrize("protocol", ["ridge", "logistic", "knn", "few-shot-5", "linear/100"])
def test_frozen_protocols_are_about_the_cpu_s(protocol: str) -> None:
    on_cpu, on_gpu = (FROZEN[protocol](replace(frozen_task(), device=device), 0) for device in ("cpu", "cuda"))
    assert on_gpu.value == pytest.approx(on_cpu.value, abs=0.03)


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_fine_tuning_is_about_the_cpu_s(precision: str) -> None:
    found = fine_tune(net(), 72, digits(), images, RECIPE, device="cuda", precision=precision)  # type: ignore[arg-type]
    assert found.value == pytest.approx(tuned().value, abs=0.06)
