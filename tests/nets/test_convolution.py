import pytest
import torch
from torch import Tensor, nn

from metaprior.nets.convolution import ConvTranspose2d

CASES = [  # features, image channels, kernel, stride, padding, bias
    (6, 1, 4, 2, 1, True),
    (6, 3, 4, 2, 1, True),
    (6, 8, 4, 2, 1, True),
    (6, 1, (3, 5), (1, 2), (0, 2), True),
    (6, 2, 4, 2, 1, False),
    (6, 5, 2, 2, 0, False),
]


def pair(channels, out, kernel, stride, padding, bias, dtype=torch.float64) -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    ours = ConvTranspose2d(channels, out, kernel, stride, padding, bias=bias).to(dtype)
    theirs = nn.ConvTranspose2d(channels, out, kernel, stride, padding, bias=bias).to(dtype)
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


def image_and_gradients(layer: nn.Module, features: Tensor) -> list[Tensor]:
    features = features.detach().requires_grad_()
    image = layer(features)
    weights = torch.linspace(-1, 1, image.numel(), dtype=image.dtype).reshape(image.shape)
    loss = (image.sin() * weights).sum()
    return [image, *torch.autograd.grad(loss, [features, *layer.parameters()])]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_same_function_and_gradients(case, memory_format):
    ours, theirs = (layer.to(memory_format=memory_format) for layer in pair(*case))
    features = torch.randn(3, 6, 5, 4, dtype=torch.float64).contiguous(memory_format=memory_format)
    for found, expected in zip(image_and_gradients(ours, features), image_and_gradients(theirs, features), strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("out", [1, 8])
def test_gradients_can_be_differentiated_again(out):
    layer, _ = pair(2, out, 4, 2, 1, True)
    features = torch.randn(2, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    parameters = tuple(p.detach().requires_grad_() for p in layer.parameters())

    def image(features: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return torch.func.functional_call(layer, {"weight": weight, "bias": bias}, features)

    assert torch.autograd.gradcheck(image, (features, *parameters))
    assert torch.autograd.gradgradcheck(image, (features, *parameters))


@pytest.mark.parametrize("out", [1, 8])
def test_vmap_over_stacked_parameters_equals_one_after_another(out):
    layers = [pair(4, out, 4, 2, 1, True)[0] for _ in range(3)]
    for i, layer in enumerate(layers):
        nn.init.normal_(layer.weight, generator=torch.Generator().manual_seed(i))
    stacked = {
        name: torch.stack([layer.get_parameter(name).detach() for layer in layers]).requires_grad_()
        for name in ("weight", "bias")
    }
    features = torch.randn(3, 2, 4, 5, 5, dtype=torch.float64, requires_grad=True)

    def image(parameters: dict[str, Tensor], features: Tensor) -> Tensor:
        return torch.func.functional_call(layers[0], parameters, features)

    images = torch.vmap(image)(stacked, features)
    found = torch.autograd.grad(images.square().sum(), [features, stacked["weight"], stacked["bias"]])
    for i, layer in enumerate(layers):
        alone = features[i].detach().requires_grad_()
        expected = torch.autograd.grad(layer(alone).square().sum(), [alone, layer.weight, layer.bias])
        for one, many in zip(expected, found, strict=True):
            torch.testing.assert_close(many[i], one, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("out", [1, 8])
def test_bf16_under_autocast_is_within_its_rounding(out):
    ours, theirs = pair(16, out, 4, 2, 1, True, dtype=torch.float32)
    features = torch.randn(3, 16, 5, 5)
    upstream = torch.rand(3, out, 10, 10)

    def all_of(layer: nn.Module, bf16: bool) -> list[Tensor]:
        inputs = features.clone().requires_grad_()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            image = layer(inputs)
        assert image.dtype == (torch.bfloat16 if bf16 else torch.float32)
        return [image, *torch.autograd.grad((image * upstream).sum(), [inputs, *layer.parameters()])]

    for found, expected in zip(all_of(ours, True), all_of(theirs, False), strict=True):
        assert (found.float() - expected).norm() < 0.01 * expected.norm()


def test_parameters_are_those_of_pytorch():
    ours, theirs = pair(32, 1, 4, 2, 1, True)
    assert {n: p.shape for n, p in ours.state_dict().items()} == {n: p.shape for n, p in theirs.state_dict().items()}
    assert isinstance(ours, nn.ConvTranspose2d)


def test_options_it_has_no_form_for_are_pytorch_s():
    features = torch.randn(2, 4, 5, 5)
    torch.manual_seed(0)
    ours = ConvTranspose2d(4, 2, 3, stride=2, padding=1, output_padding=1, groups=2)
    theirs = nn.ConvTranspose2d(4, 2, 3, stride=2, padding=1, output_padding=1, groups=2)
    theirs.load_state_dict(ours.state_dict())
    assert torch.equal(ours(features), theirs(features))
    assert ConvTranspose2d(4, 1, 3, stride=2)(features, output_size=[12, 12]).shape == (2, 1, 12, 12)
    assert ConvTranspose2d(4, 1, 3, dilation=2)(features).shape == (2, 1, 9, 9)
    assert ours(features[0]).shape == (2, 10, 10)
