"""From a torch model to a function of arrays, computed by torch or by ONNX Runtime as the settings say."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from causalrec.config.sections import ImageSettings, TextSettings
from causalrec.features.onnx import Forward, compiled, need_onnx

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

EXAMPLE_ROWS = 2
EXAMPLE_SEED = 0


class Pictures(nn.Module):
    """(n, 3, side, side) pixels to (n, dim) features of an open_clip model's image half."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401  (its type changes with the architecture)
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor) -> Tensor:
        return torch.as_tensor(self.model.encode_image(pixels))


class Texts(nn.Module):
    """Token arrays (n, length), named in order by ``names``, to pooled (n, dim) states."""

    def __init__(self, model: nn.Module, names: tuple[str, ...], pooling: str) -> None:
        super().__init__()
        self.model, self.names, self.pooling = model, names, pooling

    def forward(self, *arrays: Tensor) -> Tensor:
        batch = dict(zip(self.names, arrays, strict=True))
        states: Tensor = self.model(**batch).last_hidden_state
        if self.pooling == "cls":
            return states[:, 0]
        mask = batch["attention_mask"].unsqueeze(-1).to(states.dtype)
        return (states * mask).sum(1) / mask.sum(1).clamp(min=1)


def image_forward(model: nn.Module, side: int, settings: ImageSettings) -> Forward:
    """Pixels, float32 (n, 3, side, side), to features, float32 (n, dim), not normalised."""
    generator = torch.Generator().manual_seed(EXAMPLE_SEED)
    example = {"pixels": torch.randn(EXAMPLE_ROWS, 3, side, side, generator=generator)}
    return _forward(Pictures(model), example, (0,), settings)


def text_forward(model: nn.Module, example: Mapping[str, Tensor], settings: TextSettings) -> Forward:
    """Token arrays in the order of ``example``, int64 (n, length), to pooled states, float32 (n, dim)."""
    module = Texts(model, tuple(example), settings.pooling)
    return _forward(module, example, (0, 1), settings)


def _forward(
    module: nn.Module,
    example: Mapping[str, Tensor],
    free_axes: tuple[int, ...],
    settings: ImageSettings | TextSettings,
) -> Forward:
    module.eval()
    plain = _by_torch(module, settings.precision)
    if settings.backend == "onnxruntime":
        need_onnx()
        expected = plain(*[tensor.numpy() for tensor in example.values()])
        return compiled(module, example, free_axes, expected, settings.threads)
    for weights in module.parameters():  # convolutions alone have four axes
        if weights.dim() == 4:
            weights.data = weights.data.contiguous(memory_format=torch.channels_last)
    return plain


def _by_torch(module: nn.Module, precision: str) -> Forward:
    def forward(*arrays: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        tensors = [torch.from_numpy(array) for array in arrays]
        laid = [
            tensor.contiguous(memory_format=torch.channels_last) if tensor.dim() == 4 else tensor
            for tensor in tensors
        ]
        with torch.inference_mode(), _arithmetic(precision):
            return np.asarray(module(*laid).float().numpy())

    return forward


def _arithmetic(precision: str) -> "AbstractContextManager[object]":
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16")
