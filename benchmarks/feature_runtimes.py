"""The image tower in other runtimes, for comparison: one thread, and int8 by static quantisation."""

import io
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

Runtime = Callable[[torch.Tensor], npt.NDArray[np.float32]]


class Missing(Exception):
    """Why a contender was left out."""


def need(*packages: str) -> None:
    for package in packages:
        if find_spec(package) is None:
            raise Missing(f"{package} is not installed")


def openvino(module: torch.nn.Module, sample: torch.Tensor, precision: str) -> Runtime:
    """OpenVINO; int8 by NNCF's default calibration on ``sample``."""
    need("openvino")
    import openvino as ov

    model = ov.convert_model(module, example_input=sample[:2])
    if precision == "int8":
        need("nncf")
        import nncf

        model = nncf.quantize(model, nncf.Dataset([one[None].numpy() for one in sample]))
    core = ov.Core()
    able = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if precision == "bf16" and "BF16" not in able:
        raise Missing("this CPU has no bf16")
    hint = "bf16" if precision == "bf16" else "f32"
    how = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": hint}
    compiled = core.compile_model(model, "CPU", how)
    return lambda pixels: np.array(compiled(pixels.numpy())[0], np.float32)


def onnxruntime(module: torch.nn.Module, sample: torch.Tensor, precision: str) -> Runtime:
    """ONNX Runtime in int8: QDQ, per channel, calibrated on ``sample``."""
    need("onnxruntime", "onnx")
    import onnxruntime as ort
    from onnxruntime import quantization as q
    from onnxruntime.quantization.shape_inference import quant_pre_process

    stream: Any = io.BytesIO()
    axes = {"pixels": {0: "n"}, "features": {0: "n"}}
    torch.onnx.export(
        module, (sample[:2],), stream, dynamo=False, opset_version=17,
        input_names=["pixels"], output_names=["features"], dynamic_axes=axes,
    )  # fmt: skip

    class Reader(q.CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.parts = iter(sample.split(4))  # type: ignore[no-untyped-call]

        def get_next(self) -> dict[str, npt.NDArray[np.float32]] | None:
            part = next(self.parts, None)
            return None if part is None else {"pixels": part.numpy()}

    with tempfile.TemporaryDirectory() as folder:
        whole, ready, small = (Path(folder, name) for name in ("whole.onnx", "ready.onnx", "small.onnx"))
        whole.write_bytes(stream.getvalue())
        quant_pre_process(str(whole), str(ready))
        q.quantize_static(str(ready), str(small), Reader(), per_channel=True)
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        session = ort.InferenceSession(str(small), options, providers=["CPUExecutionProvider"])
    return lambda pixels: np.asarray(session.run(None, {"pixels": pixels.numpy()})[0], np.float32)


RUNTIMES = {"openvino": openvino, "onnxruntime": onnxruntime}
