"""ONNX Runtime as an optional back end: the same weights and 32 bit arithmetic, with fused kernels.

Where torch cannot be fused (:mod:`causalrec.features.encoders.fused`) it takes less than half of torch's time
for the same vectors, up to rounding; even so, its vectors have an encoder id of their own. A model that
cannot be exported, or whose export gives different vectors, is refused: the runtime that a setting names is
the one that runs.
"""

import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from causalrec.errors import FeatureError, SettingsError
from causalrec.features.encoders.base import quiet

if TYPE_CHECKING:
    from torch import Tensor, nn

Forward = Callable[..., npt.NDArray[np.float32]]
AGREE = 0.9999  # cosine of every row of the example
OPSET = 17
OUTPUT = "features"
BY_TORCH = "set backend = torch"


def need_onnx() -> None:
    """Raises SettingsError if ONNX Runtime is not installed."""
    if find_spec("onnxruntime") is None:
        raise SettingsError(
            "onnxruntime is not installed", do="install the extra onnx, or set backend = torch"
        )


def compiled(
    module: "nn.Module",
    example: "Mapping[str, Tensor]",
    free_axes: Sequence[int],
    expected: npt.NDArray[np.float32],
    threads: int,
) -> Forward:
    """``module`` as a function of arrays, arguments in the order of ``example``.

    Args:
        module: returns one (n, dim) tensor.
        example: named inputs of one small batch.
        free_axes: axes of every input whose length changes from batch to batch.
        expected: what torch computes for the example.
        threads: of the runtime.

    Raises:
        FeatureError: the model cannot be exported, or its export gives different vectors.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    try:
        graph = _exported(module, example, free_axes)
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        forward = _runner(session, list(example))
        found = forward(*[tensor.numpy() for tensor in example.values()])
    except Exception as error:  # exporters raise errors of many kinds
        what = f"the model does not run by ONNX Runtime: {type(error).__name__}: {error}"[:300]
        raise FeatureError(what, do=BY_TORCH) from error
    least = agreement(found, expected)
    if not least >= AGREE:
        raise FeatureError(f"ONNX Runtime agrees with PyTorch only to a cosine of {least:.5f}", do=BY_TORCH)
    return forward


def agreement(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    """The smallest cosine between corresponding rows; 0 if the shapes differ."""
    if one.shape != other.shape:
        return 0.0
    norms = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float(((one * other).sum(axis=1) / norms).min())


def _exported(module: "nn.Module", example: "Mapping[str, Tensor]", free_axes: Sequence[int]) -> bytes:
    import torch

    stream: Any = io.BytesIO()  # the stubs allow only paths
    axes = {name: {axis: f"axis{axis}" for axis in free_axes} for name in example}
    with quiet(), warnings.catch_warnings(), torch.no_grad():
        # warnings about constants that tracing bakes in; the agreement is checked
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            tuple(example.values()),
            stream,
            dynamo=False,  # the other exporter needs packages that are not otherwise needed
            opset_version=OPSET,
            input_names=list(example),
            output_names=[OUTPUT],
            dynamic_axes=axes | {OUTPUT: {0: "axis0"}},
        )
    return bytes(stream.getvalue())


def _runner(session: Any, names: list[str]) -> Forward:  # noqa: ANN401  (onnxruntime has no types)
    def forward(*arrays: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        feed = dict(zip(names, arrays, strict=True))
        return np.asarray(session.run([OUTPUT], feed)[0], dtype=np.float32)

    return forward
