"""Batches: halved where memory is short, made by length, read ahead in order, compiled only if they agree."""

import threading
import time
from collections.abc import Sequence
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from causalrec.config.features import ImageSettings, TextSettings
from causalrec.errors import FeatureError, SettingsError
from causalrec.features.encoders.forward import image_forward
from causalrec.features.encoders.halving import Halving
from causalrec.features.encoders.image import OpenClipEncoder, image_encoder_id
from causalrec.features.encoders.onnx import agreement, compiled, need_onnx
from causalrec.features.encoders.text import length_batches, text_encoder_id
from causalrec.features.prefetch import Prefetch
from tests.pictures.samples import scene


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40), st.integers(1, 16), st.integers(1, 16))
def test_halving_changes_no_result_and_no_order(rows: list[int], size: int, fits: int) -> None:
    def forward(part: Sequence[int]) -> np.ndarray:
        if len(part) > fits:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried ...")
        return np.array(part, np.float32)[:, None]

    batches = Halving(size)
    assert batches.run(rows, forward)[:, 0].tolist() == rows
    assert (batches.halvings > 0) == (min(size, len(rows)) > fits)
    assert batches.halvings <= 5
    before = batches.halvings
    batches.run(rows, forward)
    assert batches.halvings == before or batches.size <= fits


def test_one_row_that_does_not_fit_and_other_errors_are_raised() -> None:
    def none(part: Sequence[int]) -> np.ndarray:
        raise MemoryError

    def broken(part: Sequence[int]) -> np.ndarray:
        raise RuntimeError("shape mismatch")

    with pytest.raises(MemoryError):
        Halving(8).run([1, 2, 3], none)
    with pytest.raises(RuntimeError, match="shape"):
        Halving(8).run([1, 2, 3], broken)


def test_an_encoder_short_of_memory_gives_the_same_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ImageSettings(batch_size=4, backend="torch")
    encoder = OpenClipEncoder(settings, image_encoder_id(settings))
    pictures = [scene(colour=colour) for colour in ("red", "green", "blue", "white", "black")]
    expected = encoder.encode(pictures)
    compute = encoder._compute

    def tight(pixels: np.ndarray) -> np.ndarray:
        if len(pixels) > 1:
            raise torch.OutOfMemoryError("out of memory")
        return compute(pixels)

    monkeypatch.setattr(encoder, "_compute", tight)
    assert np.abs(encoder.encode(pictures) - expected).max() < 1e-5
    assert encoder.halvings == 2


@given(st.lists(st.integers(1, 128), min_size=1, max_size=60), st.integers(1, 600))
def test_length_batches_hold_every_text_once_within_the_budget(lengths: list[int], budget: int) -> None:
    found = [rows.tolist() for rows in length_batches(np.array(lengths), budget)]
    flat = [row for rows in found for row in rows]
    assert sorted(flat) == list(range(len(lengths)))
    assert [lengths[row] for row in flat] == sorted(lengths)
    assert all(len(rows) == 1 or len(rows) * lengths[rows[-1]] <= budget for rows in found)


def test_prefetch_keeps_the_order_and_bounds_what_is_made() -> None:
    alive, most, lock = 0, 0, threading.Lock()

    def make(task: int) -> int:
        nonlocal alive, most
        with lock:
            alive += 1
            most = max(most, alive)
        time.sleep(0.004)
        return task * task

    prefetch = Prefetch(make, threads=3)
    for place, made in enumerate(prefetch.over(range(40))):
        assert made == place * place
        time.sleep(0.002)
        with lock:
            alive -= 1
    assert most <= 5
    assert prefetch.ahead == 3 or prefetch.ahead == 2


def test_prefetch_makes_little_ahead_where_the_model_is_the_limit() -> None:
    prefetch: Prefetch[int, int] = Prefetch(lambda task: task, threads=8)
    for _ in prefetch.over(range(10)):
        time.sleep(0.002)
    assert prefetch.ahead == 1
    assert list(prefetch.over([])) == []


def test_prefetch_raises_the_error_in_its_place() -> None:
    def make(task: int) -> int:
        return 10 // task

    found = Prefetch(make, threads=2).over([5, 2, 0, 1])
    assert [next(found), next(found)] == [2, 5]
    with pytest.raises(ZeroDivisionError):
        next(found)


def test_back_ends_agree_and_a_disagreement_is_refused() -> None:
    pytest.importorskip("onnxruntime")
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU6(), torch.nn.Flatten()).eval()
    example = {"pixels": torch.randn(2, 3, 8, 8)}
    with torch.inference_mode():
        expected = module(example["pixels"]).numpy()
    forward = compiled(module, example, (0,), expected, 1)
    other = torch.randn(5, 3, 8, 8)
    with torch.inference_mode():
        assert np.allclose(forward(other.numpy()), module(other).numpy(), atol=1e-5)
    for wrong in (expected[::-1].copy(), np.full_like(expected, np.nan)):
        with pytest.raises(FeatureError, match="to a cosine"):
            compiled(module, example, (0,), wrong, 1)


def test_real_weights_agree_over_back_ends_and_precisions() -> None:
    pictures = [scene(colour=colour) for colour in ("red", "green", "blue")]

    def vectors(**how: object) -> np.ndarray:
        settings = ImageSettings.model_validate(how)
        return OpenClipEncoder(settings, image_encoder_id(settings)).encode(pictures)

    base = vectors(backend="torch", batch_size=1)
    assert agreement(vectors(precision="bf16"), base) > 0.99
    if find_spec("onnxruntime"):
        assert agreement(vectors(backend="onnxruntime"), base) > 0.99999


def test_each_way_of_computing_has_an_id_of_its_own() -> None:
    ways: list[dict[str, object]] = [{}, {"precision": "bf16"}, {"backend": "onnxruntime"}]
    pictures = [image_encoder_id(ImageSettings.model_validate(way)) for way in ways]
    texts = [text_encoder_id(TextSettings.model_validate(way)) for way in ways]
    assert len({*pictures, *texts}) == 6
    assert "-ort-" in pictures[2]
    assert "-ort-" in texts[2]
    assert image_encoder_id(ImageSettings(batch_size=1, threads=2)) == pictures[0]
    with pytest.raises(SettingsError, match="fp32"):
        image_encoder_id(ImageSettings(precision="bf16", backend="onnxruntime"))


def test_a_back_end_asked_for_by_name_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    from causalrec.features.encoders import onnx

    monkeypatch.setattr(onnx, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match="not installed"):
        need_onnx()


def test_torch_keeps_convolutions_channels_last() -> None:
    model = torch.nn.Module()
    model.trunk = torch.nn.Conv2d(3, 4, 3)
    model.encode_image = lambda pixels: model.trunk(pixels).mean((2, 3))  # type: ignore[assignment]
    image_forward(model, 8, ImageSettings(backend="torch"))
    assert model.trunk.weight.is_contiguous(memory_format=torch.channels_last)
