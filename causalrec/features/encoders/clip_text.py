"""The text half of an open_clip model in a local folder, so that pictures and texts share one space."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from causalrec.config.features import TextSettings
from causalrec.errors import FeatureError
from causalrec.features.encoders.base import arithmetic, make_encoder_id, quiet
from causalrec.features.encoders.device import CPU, move
from causalrec.features.encoders.halving import Halving
from causalrec.features.encoders.local_clip import CONFIG, TOKENIZER, TOWER, create_local_model, local_folder
from causalrec.features.vectors import check_vectors, unit

PREPROCESSING = "c1"


def clip_text_encoder_id(settings: TextSettings) -> str:
    """Identity from the folder's configuration, weights and tokenizer; no model is loaded.

    Raises:
        FeatureError: the folder holds no safetensors model.
    """
    folder = local_folder(settings.model)
    patterns = (CONFIG, TOWER, "*.safetensors", *TOKENIZER)
    files = sorted({file for pattern in patterns for file in folder.glob(pattern)})
    if not any(file.suffix == ".safetensors" for file in files):
        raise FeatureError(f"{folder} holds no safetensors weights", do="convert the model, or use lite")
    return make_encoder_id("text", folder.resolve().name, files, *arithmetic(settings), PREPROCESSING)


class OpenClipTextEncoder:
    """The model's own context length is the token limit; ``kind`` as in :class:`OpenClipEncoder`."""

    def __init__(self, settings: TextSettings, encoder_id: str, kind: str = CPU) -> None:
        import open_clip
        import torch
        from open_clip.hf_model import HFTextEncoder

        from causalrec.features.encoders.forward import clip_text_forward

        torch.set_num_threads(settings.threads)
        self.encoder_id, self.device = encoder_id, CPU
        folder: Path = local_folder(settings.model)
        with quiet():
            model: Any = create_local_model(folder)  # its type changes with the architecture
            self._tokenizer: Any = open_clip.get_tokenizer(settings.model)
        self._limit = int(self._tokenizer.context_length)
        budget = settings.batch_tokens if kind == CPU else settings.gpu_batch_tokens
        self._batches = Halving(max(1, budget // self._limit))
        inner = getattr(self._tokenizer, "tokenizer", None)
        self._pad = int(getattr(inner, "pad_token_id", 0) or 0)
        self._trims = isinstance(getattr(model, "text", None), HFTextEncoder)
        example = torch.from_numpy(self._trimmed(self._tokens(["one", "two and three"])))
        self._compute = clip_text_forward(model, example, self._trims, settings, kind)
        self.dim: int = self._forward(self._tokens([""])).shape[1]

    def move(self, device: str) -> None:
        """Compute on ``device`` from now on."""
        move(self._compute, device)
        self.device = device

    @property
    def halvings(self) -> int:
        """See :class:`causalrec.features.encoders.base.TextEncoder`."""
        return self._batches.halvings

    def encode(self, texts: Sequence[str]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """See :class:`.base.TextEncoder`. Batches hold texts of similar length.

        Raises:
            FeatureError: the model returned vectors that must not be stored.
        """
        vectors = np.zeros((len(texts), self.dim), np.float32)
        if not texts:
            return vectors, np.zeros(0, np.bool_)
        longer = self._tokens(list(texts), self._limit + 1)
        truncated = longer[:, -1] != self._pad
        tokens = np.where(truncated[:, None], self._cut(list(texts), truncated), longer[:, :-1])
        order = np.argsort((tokens != self._pad).sum(axis=1), kind="stable")
        vectors[order] = self._batches.run(order.tolist(), lambda rows: self._forward(tokens[list(rows)]))
        vectors = unit(vectors)
        check_vectors(vectors, self.dim, self.encoder_id)
        return vectors, truncated

    def _cut(self, texts: list[str], truncated: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """(n, limit) tokens of the texts that are too long, cut as the model expects; zeros elsewhere."""
        cut = np.zeros((len(texts), self._limit), np.int64)
        rows = np.flatnonzero(truncated)
        if len(rows):
            cut[rows] = self._tokens([texts[row] for row in rows])
        return cut

    def _tokens(self, texts: list[str], limit: int | None = None) -> npt.NDArray[np.int64]:
        tokens = self._tokenizer(texts, context_length=limit or self._limit)
        return np.asarray(tokens.numpy(), dtype=np.int64)

    def _forward(self, tokens: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        return self._compute(self._trimmed(tokens))

    def _trimmed(self, tokens: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Tokens without all-padding columns, which a transformers tower would mask anyway."""
        if not self._trims:
            return tokens
        return np.ascontiguousarray(tokens[:, : max(int((tokens != self._pad).sum(axis=1).max()), 1)])
