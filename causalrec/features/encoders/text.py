"""Text encoders: any transformers encoder with mean or CLS pooling."""

from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from causalrec.config.features import TextSettings
from causalrec.errors import FeatureError
from causalrec.features.encoders import lite
from causalrec.features.encoders.base import TextEncoder, arithmetic, make_encoder_id, quiet, refuse_other
from causalrec.features.encoders.clip_text import OpenClipTextEncoder, clip_text_encoder_id
from causalrec.features.encoders.device import CPU, move, on_task_device, task_device
from causalrec.features.encoders.halving import Halving
from causalrec.features.encoders.local_clip import is_local
from causalrec.features.encoders.plugins import CheckedTexts, text_plugin, text_plugin_id
from causalrec.features.vectors import check_vectors, unit
from causalrec.plugins import plugin_name

LITE = "lite"
PREPROCESSING = "t1"
_FILES = ("config.json", "tokenizer*.json", "vocab.*", "*.model", "merges.txt", "*.safetensors")


def text_encoder_id(settings: TextSettings) -> str:
    """Identity of the configured encoder, from its files, pooling and token limit; no model is loaded.

    Raises:
        FeatureError: the files cannot be found or fetched, or are not safetensors.
    """
    if plugin := plugin_name(settings.model):
        return text_plugin_id(settings, plugin)
    if is_local(settings.model):
        return clip_text_encoder_id(settings)
    folder = _folder(settings.model)
    files = sorted({file for pattern in _FILES for file in folder.glob(pattern)})
    if not any(file.suffix == ".safetensors" for file in files):
        raise FeatureError(f"{folder} holds no safetensors weights", do="convert the model, or use lite")
    limit = f"{settings.pooling}{settings.max_tokens}"
    return make_encoder_id("text", settings.model, files, limit, *arithmetic(settings), PREPROCESSING)


def load_text_encoder(settings: TextSettings, encoder_id: str) -> TextEncoder:
    """The configured encoder, loaded once per process, on the device of the running task.

    Raises:
        FeatureError: the files here are not those behind ``encoder_id``, or the device is not available.
    """
    if plugin := plugin_name(settings.model):
        return _loaded_plugin(settings, encoder_id, plugin, task_device(settings))
    return on_task_device(settings, partial(_loaded, settings, encoder_id))


@lru_cache(maxsize=1)
def _loaded_plugin(settings: TextSettings, encoder_id: str, name: str, device: str) -> CheckedTexts:
    refuse_other(text_encoder_id(settings), encoder_id)
    return CheckedTexts(text_plugin(name).load(settings, encoder_id, device), encoder_id)


@lru_cache(maxsize=1)
def _loaded(
    settings: TextSettings, encoder_id: str, kind: str
) -> "OpenClipTextEncoder | TransformersEncoder":
    refuse_other(text_encoder_id(settings), encoder_id)
    if is_local(settings.model):
        return OpenClipTextEncoder(settings, encoder_id, kind)
    return TransformersEncoder(settings, encoder_id, kind)


class TransformersEncoder:
    """A transformers encoder and its tokenizer; ``kind`` as in :class:`OpenClipEncoder`."""

    def __init__(self, settings: TextSettings, encoder_id: str, kind: str = CPU) -> None:
        import torch
        from transformers import AutoModel, AutoTokenizer

        from causalrec.features.encoders.forward import text_forward

        torch.set_num_threads(settings.threads)
        folder = str(_folder(settings.model))
        self.encoder_id, self.device = encoder_id, CPU
        self._halvings = 0
        self._settings = settings
        self._budget = settings.batch_tokens if kind == CPU else settings.gpu_batch_tokens
        with quiet():
            self._tokenizer = AutoTokenizer.from_pretrained(folder)
            model = AutoModel.from_pretrained(folder, use_safetensors=True, dtype=torch.float32).eval()
        self.dim = int(model.config.hidden_size)
        example = self._tokenizer(["one", "two and three"], padding=True, return_tensors="pt")
        self._compute = text_forward(model, dict(example), settings, kind)

    def move(self, device: str) -> None:
        """Compute on ``device`` from now on."""
        move(self._compute, device)
        self.device = device

    @property
    def halvings(self) -> int:
        """See :class:`TextEncoder`."""
        return self._halvings

    def encode(self, texts: Sequence[str]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """See :class:`TextEncoder`. Batches hold texts of similar length, so that padding costs little.

        Raises:
            FeatureError: the model returned vectors that must not be stored.
        """
        vectors = np.zeros((len(texts), self.dim), np.float32)
        if not texts:
            return vectors, np.zeros(0, np.bool_)
        tokens, truncated = self._tokenize(list(texts))
        lengths = np.array([len(ids) for ids in tokens["input_ids"]])
        for rows in length_batches(lengths, self._budget):
            batch = Halving(len(rows))
            vectors[rows] = batch.run(rows.tolist(), lambda some: self._forward(tokens, some))
            self._halvings += batch.halvings
        vectors = unit(vectors)
        check_vectors(vectors, self.dim, self.encoder_id)
        return vectors, truncated

    def _tokenize(self, texts: list[str]) -> tuple[dict[str, Any], npt.NDArray[np.bool_]]:
        limit = self._settings.max_tokens
        tokens = self._tokenizer(texts, truncation=True, max_length=limit)
        if self._tokenizer.is_fast:
            truncated = [bool(encoding.overflowing) for encoding in tokens.encodings]
        else:
            truncated = [len(ids) > limit for ids in self._tokenizer(texts)["input_ids"]]
        return dict(tokens), np.array(truncated, np.bool_)

    def _forward(self, tokens: dict[str, Any], rows: Sequence[int]) -> npt.NDArray[np.float32]:
        chosen = {name: [values[row] for row in rows] for name, values in tokens.items()}
        batch = self._tokenizer.pad(chosen, return_tensors="np")
        return self._compute(*[np.asarray(batch[name], np.int64) for name in tokens])


def length_batches(lengths: npt.NDArray[np.int64], budget: int) -> Iterator[npt.NDArray[np.int64]]:
    """Positions of texts, shortest first; a batch has at most ``budget`` tokens when padded, or one text."""
    order = np.argsort(lengths, kind="stable")
    start = 0
    for end in range(1, len(order) + 1):
        if end == len(order) or lengths[order[end]] * (end + 1 - start) > budget:
            yield order[start:end]
            start = end


@lru_cache(maxsize=8)
def _folder(model: str) -> Path:
    """Folder of the model's files; a hub id is fetched into the hub's cache."""
    if model == LITE:
        return lite.text_folder()
    if Path(model).is_dir():
        return Path(model)
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(model, allow_patterns=list(_FILES)))
    except Exception as error:  # hub clients raise errors of several libraries
        what = f"cannot fetch text model {model}: {error}"[:500]
        raise FeatureError(what, do="use a local folder, or lite") from error
