"""The same 32 bit arithmetic with fewer and faster kernels on x86.

A batch norm right after a convolution is folded into its weights, and linear layers and 1x1 convolutions run
as oneDNN products with prepacked weights. Plain torch uses MKL for them, which has no AVX-512 path for CPUs
of other vendors, and a slow kernel for 1x1 convolutions in channels-last.
"""

import platform

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from causalrec.features.encoders.onnx import agreement

SAME = 0.99999  # cosine of every row of the example
Changed = list[tuple[nn.Module, str, nn.Module]]


def fuse(module: nn.Module, *example: Tensor) -> bool:
    """Fuse ``module`` in place; returns whether it was changed.

    It is left (or restored) as it was on other CPUs, if its code accesses the layers that would be replaced,
    or if ``example`` then gives different vectors: layers are assumed to run in the order in which they are
    listed, and only the comparison proves that.

    Args:
        module: in evaluation mode, gives one (n, dim) tensor.
        example: one small batch.
    """
    if platform.machine().lower() not in ("x86_64", "amd64") or not torch.backends.mkldnn.enabled:
        return False
    with torch.no_grad():
        expected = module(*example).numpy()
        changed: Changed = []
        try:
            _fold(module, changed)
            _pack(module, changed)
            same = bool(agreement(module(*example).numpy(), expected) >= SAME)
        except (AttributeError, TypeError, RuntimeError):
            same = False
    if not same:
        for parent, name, layer in reversed(changed):
            setattr(parent, name, layer)
    return same and bool(changed)


def _fold(module: nn.Module, changed: Changed) -> None:
    """Batch norms are folded into the convolution listed before them; whatever else they do is kept."""
    before: tuple[str, nn.Module] | None = None
    for name, layer in list(module.named_children()):
        if isinstance(layer, nn.BatchNorm2d) and before and isinstance(before[1], nn.Conv2d):
            _replace(module, before[0], fuse_conv_bn_eval(before[1], layer), changed)
            rest = [getattr(layer, part, nn.Identity()) for part in ("drop", "act")]  # timm's norms
            _replace(module, name, nn.Sequential(*rest), changed)
        else:
            _fold(layer, changed)
        before = name, layer


def _pack(module: nn.Module, changed: Changed) -> None:
    for name, layer in list(module.named_children()):
        if type(layer) is nn.Linear:
            _replace(module, name, PackedLinear(layer.weight, layer.bias), changed)
        elif type(layer) is nn.Conv2d and _is_pointwise(layer):
            _replace(module, name, PackedPointwise(layer.weight.flatten(1), layer.bias), changed)
        else:
            _pack(layer, changed)


def _is_pointwise(layer: nn.Conv2d) -> bool:
    ones = layer.kernel_size, layer.stride, layer.groups
    return ones == ((1, 1), (1, 1), 1) and layer.padding in ((0, 0), "valid", "same")


def _replace(parent: nn.Module, name: str, layer: nn.Module, changed: Changed) -> None:
    changed.append((parent, name, getattr(parent, name)))
    setattr(parent, name, layer)


class PackedLinear(nn.Module):
    """``x @ weight.T + bias`` over the last axis; weight (out, in)."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.packed = torch.ops.mkldnn._reorder_linear_weight(weight.detach().contiguous(), None)
        self.bias = None if bias is None else bias.detach()

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = torch.ops.mkldnn._linear_pointwise(x, self.packed, self.bias, "none", [], "")
        return found


class PackedPointwise(PackedLinear):
    """A 1x1 convolution of (n, in, h, w), without a copy if the input is channels-last; so is its result."""

    def forward(self, x: Tensor) -> Tensor:
        n, channels, height, width = x.shape
        rows = x.permute(0, 2, 3, 1).reshape(-1, channels)
        return super().forward(rows).view(n, height, width, -1).permute(0, 3, 1, 2)
