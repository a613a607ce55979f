"""Fused layers compute what the model computes, or the model stays as it was."""

import platform

import pytest
import torch
from torch import Tensor, nn

from causalrec.features.encoders.fused import PackedLinear, PackedPointwise, fuse

pytestmark = pytest.mark.skipif(
    platform.machine().lower() not in ("x86_64", "amd64"), reason="models are fused on x86 only"
)


class Small(nn.Module):
    """Convolution, norm, activation, 1x1 convolution, two linear layers."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.norm = nn.Conv2d(3, 6, 3, bias=False), nn.BatchNorm2d(6)
        self.point = nn.Conv2d(6, 8, 1)
        self.first, self.last = nn.Linear(8, 5), nn.Linear(5, 4, bias=False)
        self.norm.running_mean = torch.randn(6)
        self.norm.running_var = torch.rand(6) + 0.5

    def forward(self, pixels: Tensor) -> Tensor:
        x = self.point(torch.relu(self.norm(self.conv(pixels))))
        return torch.as_tensor(self.last(self.first(x.mean((2, 3)))))


class Crossed(Small):
    """The norm is listed after the convolution and used before the next one."""

    def forward(self, pixels: Tensor) -> Tensor:
        x = self.point(self.norm(torch.relu(self.conv(pixels))))
        return torch.as_tensor(self.last(self.first(x.mean((2, 3)))))


class Curious(Small):
    """Looks into a layer that would be replaced."""

    def forward(self, pixels: Tensor) -> Tensor:
        return super().forward(pixels.to(self.first.weight.dtype))


@pytest.mark.parametrize("laid", [torch.contiguous_format, torch.channels_last])
def test_a_fused_model_gives_the_same_vectors(laid: torch.memory_format) -> None:
    pixels = torch.randn(5, 3, 9, 7).contiguous(memory_format=laid)
    module = Small().eval()
    with torch.no_grad():
        expected = module(pixels)
        assert fuse(module, pixels[:2])
        assert torch.allclose(module(pixels), expected, atol=1e-5)
        assert torch.allclose(module(pixels[:1]), expected[:1], atol=1e-5)
    assert isinstance(module.point, PackedPointwise)
    assert isinstance(module.first, PackedLinear)
    assert not isinstance(module.norm, nn.BatchNorm2d)


@pytest.mark.parametrize("kind", [Crossed, Curious])
def test_a_model_that_cannot_be_fused_stays_as_it_was(kind: type[Small]) -> None:
    pixels = torch.randn(3, 3, 9, 7)
    module = kind().eval()
    before = dict(module.named_modules())
    with torch.no_grad():
        expected = module(pixels)
        assert not fuse(module, pixels[:2])
        assert torch.equal(module(pixels), expected)
    assert dict(module.named_modules()) == before


def test_a_model_without_such_layers_is_not_touched() -> None:
    assert not fuse(nn.Flatten(), torch.ones(2, 3))
