"""The contenders of the feature benchmark. Each is built once and called once per round."""

import hashlib
import io
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch
from PIL import Image

from benchmarks.feature_data import Corpus
from benchmarks.feature_runtimes import RUNTIMES, Missing, need
from causalrec.config.features import ImageSettings, TextSettings
from causalrec.features.encoders import lite
from causalrec.features.encoders.base import quiet
from causalrec.features.encoders.forward import Pictures
from causalrec.features.encoders.image import image_encoder_id, load_image_encoder
from causalrec.features.encoders.text import load_text_encoder, text_encoder_id
from causalrec.features.image_task import ImageTask
from causalrec.pictures.decode import decode
from causalrec.pictures.resolver import Resolver

Vectors = npt.NDArray[np.float32]
Side = Callable[[], Vectors | None]
BATCH = 64
CALIBRATION = 64


def need_for(how: Mapping[str, object]) -> None:
    """What some settings need of this machine."""
    if how.get("backend") == "onnxruntime":
        need("onnxruntime")
    if how.get("precision") == "bf16" and not torch.cpu._is_avx512_bf16_supported():
        raise Missing("this CPU has no bf16")


def unit(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def plain_pictures(batch: int) -> Callable[[Corpus], Side]:
    """open_clip as its manual shows it: open, transform, stack, encode_image without gradients."""

    def build(data: Corpus) -> Side:
        model, transform = plain_model()

        def run() -> Vectors:
            found = []
            for start in range(0, len(data.pictures), batch):
                part = data.pictures[start : start + batch]
                pixels = torch.stack([transform(Image.open(io.BytesIO(one)).convert("RGB")) for one in part])
                with torch.no_grad():
                    features = model.encode_image(pixels)
                    features /= features.norm(dim=-1, keepdim=True)
                found.append(features.numpy())
            return np.concatenate(found)

        return run

    return build


def plain_model() -> tuple[Any, Callable[[Image.Image], torch.Tensor]]:
    from open_clip.transform import PreprocessCfg, image_transform_v2

    with quiet():
        model: Any = lite.create_lite_model()
    return model, image_transform_v2(PreprocessCfg(**model.visual.preprocess_cfg), is_train=False)


def our_pictures(**how: object) -> Callable[[Corpus], Side]:
    """The task of a Spark worker: reads files, compares hashes, checks headers, decodes, embeds, checks."""

    def build(data: Corpus) -> Side:
        need_for(how)
        folder = tempfile.mkdtemp()
        for place, one in enumerate(data.pictures):
            Path(folder, f"{place}.jpg").write_bytes(one)
        settings = ImageSettings.model_validate(how)
        task = ImageTask(settings, image_encoder_id(settings), Resolver((folder,)))
        keys = [hashlib.sha256(one).hexdigest() for one in data.pictures]
        names = [[f"{place}.jpg"] for place in range(len(keys))]
        rows = pa.RecordBatch.from_pydict({"content_key": keys, "references": names})
        load_image_encoder(settings, task.encoder_id)

        def run() -> Vectors:
            return np.concatenate(
                [np.array(batch.column("vector").to_pylist(), np.float32) for batch in task([rows])]
            )

        return run

    return build


def runtime_pictures(runtime: str, precision: str) -> Callable[[Corpus], Side]:
    """The model in another runtime; decoding and the transform of the plain loop, batches of four."""

    def build(data: Corpus) -> Side:
        model, transform = plain_model()
        pixels = lambda one: transform(Image.open(io.BytesIO(one)).convert("RGB"))  # noqa: E731
        sample = torch.stack([pixels(one) for one in data.pictures[:CALIBRATION]])  # type: ignore[no-untyped-call]
        forward = RUNTIMES[runtime](Pictures(model).eval(), sample, precision)

        def run() -> Vectors:
            parts = (data.pictures[start : start + 4] for start in range(0, len(data.pictures), 4))
            return unit(
                np.concatenate([forward(torch.stack([pixels(one) for one in part])) for part in parts])  # type: ignore[no-untyped-call]
            )

        return run

    return build


def decoding(ours: bool) -> Callable[[Corpus], Side]:
    def build(data: Corpus) -> Side:
        caps = ImageSettings()

        def run() -> None:
            for one in data.large:
                if ours:
                    decode(one, caps, lite.SIDE)
                else:
                    Image.open(io.BytesIO(one)).convert("RGB")

        return run

    return build


def plain_texts(padding: bool | str) -> Callable[[Corpus], Side]:
    """transformers in order of arrival, padded to the longest of the batch or to the limit."""

    def build(data: Corpus) -> Side:
        from transformers import AutoModel, AutoTokenizer

        folder = str(lite.text_folder())
        with quiet():
            tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()

        def batches() -> Iterator[Vectors]:
            for start in range(0, len(data.texts), BATCH):
                part = data.texts[start : start + BATCH]
                batch = tokenizer(part, padding=padding, truncation=True, max_length=128, return_tensors="pt")
                with torch.no_grad():
                    states = model(**batch).last_hidden_state
                mask = batch["attention_mask"].unsqueeze(-1).float()
                yield ((states * mask).sum(1) / mask.sum(1)).numpy()

        return lambda: unit(np.concatenate(list(batches())))

    return build


def our_texts(**how: object) -> Callable[[Corpus], Side]:
    def build(data: Corpus) -> Side:
        need_for(how)
        settings = TextSettings.model_validate(how)
        encoder = load_text_encoder(settings, text_encoder_id(settings))
        return lambda: encoder.encode(data.texts)[0]

    return build


def sentence_transformers(data: Corpus) -> Side:
    need("sentence_transformers")
    from sentence_transformers import SentenceTransformer, models

    tower = models.Transformer(str(lite.text_folder()), max_seq_length=128)
    model = SentenceTransformer(modules=[tower, models.Pooling(384), models.Normalize()], device="cpu")
    return lambda: np.asarray(model.encode(data.texts, show_progress_bar=False), dtype=np.float32)


SIDES: dict[str, Callable[[Corpus], Side]] = {
    "plain open_clip, batches of 64": plain_pictures(BATCH),
    "plain open_clip, one by one": plain_pictures(1),
    "ours, torch fp32": our_pictures(backend="torch"),
    "ours, torch bf16": our_pictures(precision="bf16"),
    "ours, ONNX Runtime fp32": our_pictures(backend="onnxruntime"),
    "ONNX Runtime int8": runtime_pictures("onnxruntime", "int8"),
    "OpenVINO fp32": runtime_pictures("openvino", "fp32"),
    "OpenVINO bf16": runtime_pictures("openvino", "bf16"),
    "OpenVINO int8": runtime_pictures("openvino", "int8"),
    "PIL without draft": decoding(ours=False),
    "ours, checked": decoding(ours=True),
    "order of arrival": plain_texts(True),
    "order of arrival, padded to 128": plain_texts("max_length"),
    "sentence-transformers": sentence_transformers,
    "ours, texts, torch": our_texts(backend="torch"),
    "ours, texts, bf16": our_texts(precision="bf16"),
    "ours, texts, ONNX Runtime": our_texts(backend="onnxruntime"),
}
_NAMES = list(SIDES)
GROUPS = {"pictures": _NAMES[:9], "JPEG of 1,000 px": _NAMES[9:11], "texts": _NAMES[11:]}
