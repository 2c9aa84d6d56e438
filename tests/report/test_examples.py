import numpy as np
import pytest
import torch
from torch import nn

from metaprior.core import MetapriorError
from metaprior.report import Examples, examples_of, extent
from tests.conftest import Columns, squares
from tests.report.views import Linear


class Unsure(nn.Module):
    """Codes are an image's mean and its negative; each is known up to a variance of a quarter."""

    def encode(self, images: torch.Tensor) -> torch.Tensor:
        return self.posterior(images)[0]

    def posterior(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mean = images.mean(dim=(1, 2, 3))[:, None]
        return torch.cat([mean, -mean], dim=1), torch.full((len(images), 2), 0.25).log()


def test_few_examples_are_all_taken_once_in_their_order() -> None:
    data = squares(40)
    found = examples_of(Linear(), data, count=40, batch=7)
    assert np.allclose(found.codes, Linear().encode(data.columns["images"]).detach().numpy())
    assert found.factors is not None
    assert (found.factors == data.columns["factors"].numpy()).all()
    assert found.variances is None


def test_of_many_as_many_are_drawn_as_asked_for_and_the_same_ones_again() -> None:
    draws = [examples_of(Linear(), squares(200), count=50, seed=seed).codes for seed in (0, 0, 1)]
    assert len(draws[0]) == 50
    assert (draws[0] == draws[1]).all()
    assert (draws[0] != draws[2]).any()


def test_variances_come_from_a_model_that_has_them() -> None:
    found = examples_of(Unsure(), squares(10))
    assert found.variances is not None
    assert np.allclose(found.variances, 0.25)


def test_data_without_factors_give_none_and_data_without_images_an_error() -> None:
    assert examples_of(Linear(), Columns(images=torch.rand(5, 1, 16, 16))).factors is None
    with pytest.raises(MetapriorError, match="no images"):
        examples_of(Linear(), Columns(tokens=torch.zeros(5, dtype=torch.int64)))


def test_the_deviation_is_that_of_codes_drawn_from_the_posteriors() -> None:
    rng = np.random.default_rng(0)
    means, variances = rng.normal(2, 3, (4000, 1)), rng.uniform(0.5, 4, (4000, 1))
    drawn = means + np.sqrt(variances) * rng.normal(size=(4000, 50))
    assert extent(Examples(means, variances)).sd[0] == pytest.approx(drawn.std(), rel=0.01)
    assert extent(Examples(means)).sd[0] == pytest.approx(means.std())
