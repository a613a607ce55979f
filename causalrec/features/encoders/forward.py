"""Turns a torch model into a function of arrays, run by torch or ONNX Runtime according to the settings."""

from collections.abc import Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from causalrec.config.features import ImageSettings, TextSettings
from causalrec.features.encoders.device import CPU
from causalrec.features.encoders.fused import fuse
from causalrec.features.encoders.onnx import Forward, compiled, need_onnx

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

EXAMPLE_ROWS = 2
EXAMPLE_SEED = 0
HALF = {"bf16": torch.bfloat16, "fp16": torch.float16}


class Pictures(nn.Module):
    """(n, 3, side, side) pixels to (n, dim) features of an open_clip model's image half."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401  (its type changes with the architecture)
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor) -> Tensor:
        return torch.as_tensor(self.model.encode_image(pixels))


class ClipTexts(nn.Module):
    """Tokens (n, length) to (n, dim) features of an open_clip model's text half."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor) -> Tensor:
        return torch.as_tensor(self.model.encode_text(tokens))


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


def image_forward(model: nn.Module, side: int, settings: ImageSettings, kind: str = CPU) -> Forward:
    """Pixels, float32 (n, 3, side, side), to features, float32 (n, dim), not normalised.

    ``kind`` (here and below) is the kind of device that it will run on, ``cpu`` or ``cuda``.
    """
    generator = torch.Generator().manual_seed(EXAMPLE_SEED)
    example = {"pixels": torch.randn(EXAMPLE_ROWS, 3, side, side, generator=generator)}
    return _forward(Pictures(model), example, (0,), settings, kind)


def text_forward(
    model: nn.Module, example: Mapping[str, Tensor], settings: TextSettings, kind: str = CPU
) -> Forward:
    """Token arrays in the order of ``example``, int64 (n, length), to pooled states, float32 (n, dim)."""
    module = Texts(model, tuple(example), settings.pooling)
    return _forward(module, example, (0, 1), settings, kind)


def clip_text_forward(
    model: nn.Module, tokens: Tensor, trims: bool, settings: TextSettings, kind: str = CPU
) -> Forward:
    """Tokens, int64 (n, length), to features, float32 (n, dim); ``trims``: the length varies by batch."""
    return _forward(ClipTexts(model), {"tokens": tokens}, (0, 1) if trims else (0,), settings, kind)


def _forward(
    module: nn.Module,
    example: Mapping[str, Tensor],
    free_axes: tuple[int, ...],
    settings: ImageSettings | TextSettings,
    kind: str,
) -> Forward:
    module.eval()
    if settings.backend == "onnxruntime":
        need_onnx()
        expected = ByTorch(module, "fp32")(*[tensor.numpy() for tensor in example.values()])
        return compiled(module, example, free_axes, expected, settings.threads)
    for weights in module.parameters():  # only convolutions have four axes
        if weights.dim() == 4:
            weights.data = weights.data.contiguous(memory_format=torch.channels_last)
    if kind == CPU and settings.precision == "fp32":
        fuse(module, *[_laid(tensor) for tensor in example.values()])
    return ByTorch(module, settings.precision)


class ByTorch:
    """A module as a function of arrays, on the CPU until it is moved.

    32 bit means 32 bit: TF32 is off on a GPU, so that the vectors equal those of a CPU up to rounding.
    """

    def __init__(self, module: nn.Module, precision: str) -> None:
        self._module, self._precision, self.device = module, precision, CPU

    def move(self, device: str) -> None:
        """Compute on ``device`` from now on. A model fused for the CPU (kind ``cpu``) must stay there."""
        if device == self.device:
            return
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
        self._module.to(device)
        self.device = device

    def __call__(self, *arrays: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        tensors = [_laid(torch.from_numpy(array)).to(self.device) for array in arrays]
        with torch.inference_mode(), self._arithmetic():
            return np.asarray(self._module(*tensors).float().cpu().numpy())

    def _arithmetic(self) -> "AbstractContextManager[object]":
        half = HALF.get(self._precision)
        return nullcontext() if half is None else torch.autocast(torch.device(self.device).type, dtype=half)


def _laid(tensor: Tensor) -> Tensor:
    return tensor.contiguous(memory_format=torch.channels_last) if tensor.dim() == 4 else tensor
