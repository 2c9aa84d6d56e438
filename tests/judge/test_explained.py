"""Examples explained a few at a time."""

import pytest
import torch
from torch import Tensor, nn

from metaprior.core import Batch, Explanation, MetapriorError, Step
from metaprior.judge.explained import explained
from metaprior.methods.attributes import Attribute
from tests.conftest import Columns, random


class Spy(nn.Module):
    """Codes are standard normal; the distortion is the example's number; remembers how much it was asked at once."""

    def __init__(self) -> None:
        super().__init__()
        self.dropout = nn.Dropout()
        self.asked: list[tuple[int, int, bool]] = []

    def explain(self, batch: Batch, step: Step, samples: int = 1) -> Explanation:
        self.asked.append((batch.size, samples, self.training))
        codes = step.randn("posterior", batch.size, samples, 2)
        distortion = batch.values[:, :1].expand(-1, samples)
        return Explanation(codes, distortion, codes.sum(dim=2), codes.new_zeros(batch.size, 1))


def numbered(count: int, values: int = 8192) -> Columns:
    return Columns(values=torch.arange(float(count))[:, None].expand(-1, values))


@pytest.mark.parametrize("samples", [1, 8, 64, 150])
def test_all_rows_and_samples_are_there_and_few_are_decoded_at_once(samples: int) -> None:
    model, rows = Spy(), torch.tensor([5, 3, 99, 0])
    found = explained(model, numbered(100), rows, samples)
    assert found.distortion.tolist() == [[float(row)] * samples for row in rows.tolist()]
    assert found.log_ratio is not None
    assert found.log_ratio.shape == (4, samples)
    assert found.log_ratio.unique().numel() == 4 * samples  # no two samples are the same draw
    torch.testing.assert_close(found.codes.sum(dim=1), found.log_ratio[:, 0])
    assert max(size * each for size, each, _ in model.asked) <= 64  # 2**18 values in all would be 32 of these


def test_the_seed_decides_and_the_model_is_as_it_was() -> None:
    model = Spy()
    first, again, other = (explained(model, numbered(9), torch.arange(9), 3, seed) for seed in (0, 0, 1))
    assert torch.equal(first.codes, again.codes)
    assert not torch.equal(first.codes, other.codes)
    assert model.training
    assert not any(training for *_, training in model.asked)


def test_progress_counts_examples_and_none_is_an_error() -> None:
    seen: list[tuple[int, int]] = []
    explained(Spy(), numbered(70), torch.arange(70), 1, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(64, 70), (70, 70)]
    with pytest.raises(MetapriorError, match="no examples"):
        explained(Spy(), numbered(3), torch.arange(0), 1)


def test_images_of_another_size_than_the_model_was_trained_on_are_refused() -> None:
    model = Spy()
    model.config = {"data_spec": {"image_shape": [1, 8, 8]}}  # type: ignore[assignment]
    images: Tensor = random(0, 2, 1, 16, 16)
    with pytest.raises(MetapriorError, match="8 x 8"):
        explained(model, Columns(images=images), torch.arange(2), 1)


def test_values_of_another_shape_or_an_attribute_beyond_what_it_was_told_are_refused() -> None:
    model = Spy()
    model.config = {"data_spec": {"value_shape": [3]}, "told": ["site"]}  # type: ignore[assignment]
    with pytest.raises(MetapriorError, match="trained on values of 3, and these are 8192"):
        explained(model, numbered(2), torch.arange(2), 1)
    model.attribute = Attribute("site", 2, place=0)  # type: ignore[assignment]
    data = Columns(values=torch.zeros(2, 3), factors=torch.tensor([[1], [2]]))
    with pytest.raises(MetapriorError, match="was told 'site' of 0 to 1, and here it is 2"):
        explained(model, data, torch.arange(2), 1)


def test_a_model_that_is_told_a_factor_is_not_told_another_one_in_its_place() -> None:
    model = Spy()
    model.config = {"data_spec": {"value_shape": [8192], "factor_names": ["kind"]}, "told": ["kind"]}  # type: ignore[assignment]
    data = numbered(2)
    data.factor_names = ("site",)  # type: ignore[attr-defined]
    with pytest.raises(MetapriorError, match="told 'kind' of data with the factors kind, and these have site"):
        explained(model, data, torch.arange(2), 1)
    data.factor_names = ("kind",)  # type: ignore[attr-defined]
    assert len(explained(model, data, torch.arange(2), 1).codes) == 2
