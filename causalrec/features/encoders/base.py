"""What both kinds of encoder share: identity by content, and two small protocols."""

import hashlib
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from causalrec.config.features import ImageSettings, TextSettings
from causalrec.errors import FeatureError, SettingsError

ID_HEX = 12
CHUNK_BYTES = 1 << 20


class ImageEncoder(Protocol):
    """Pictures to unit vectors."""

    encoder_id: str
    dim: int
    side: int
    device: str
    batch_size: int

    @property
    def halvings(self) -> int:
        """Number of batches that did not fit into memory and were halved since the model was loaded."""
        ...

    def prepare(self, picture: Image.Image) -> npt.NDArray[np.float32]:
        """(3, side, side) pixels of an upright RGB picture, as the model takes them; safe in any thread."""
        ...

    def embed(self, pixels: Sequence[npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
        """(n, dim) float32 with L2 norm 1 from ``n`` prepared pictures."""
        ...

    def encode(self, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float32]:
        """(n, dim) float32 with L2 norm 1 from ``n`` upright RGB pictures."""
        ...


class TextEncoder(Protocol):
    """Texts to unit vectors."""

    encoder_id: str
    dim: int
    device: str

    @property
    def halvings(self) -> int:
        """Number of batches that did not fit into memory and were halved since the model was loaded."""
        ...

    def encode(self, texts: Sequence[str]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """(n, dim) float32 with L2 norm 1, and which of the ``n`` texts were longer than the token limit."""
        ...


def make_encoder_id(modality: str, name: str, files: Iterable[Path], *versions: str) -> str:
    """``modality-name-hash-version...``: changes whenever the weights, the configuration or a version does.

    The result is a safe folder name, since it is also a partition value.
    """
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.name} {file_sha256(file, file.stat().st_mtime_ns)}\n".encode())
    slug = re.sub(r"[^a-z0-9._]+", "_", name.lower()).strip("_.")
    return "-".join([modality, slug, digest.hexdigest()[:ID_HEX], *versions])


def refuse_other(found: str, encoder_id: str) -> None:
    """Raises FeatureError if a worker's encoder differs from the one that the stage started with."""
    if found != encoder_id:
        raise FeatureError(
            f"this worker has encoder {found}, not {encoder_id}", do="install the same weights"
        )


def arithmetic(settings: ImageSettings | TextSettings) -> tuple[str, ...]:
    """The suffix that the arithmetic adds to an encoder's id: none for torch in 32 bit.

    It follows from the settings alone, never from a worker's hardware or packages, so that on a cluster of
    mixed machines all vectors of a night have the same id.

    Raises:
        SettingsError: ONNX Runtime in less than 32 bit or on a GPU; 16 bit floats without one.
    """
    backend, precision, device = settings.backend, settings.precision, settings.device
    if backend == "onnxruntime" and (precision != "fp32" or device == "cuda"):
        raise SettingsError(
            f"backend onnxruntime computes in fp32 on the CPU, not in {precision} on {device}",
            do="use backend torch",
        )
    if precision == "fp16" and device != "cuda":
        raise SettingsError(f"precision fp16 on device {device}", do="use fp32 or bf16, or device cuda")
    return (*(["ort"] if backend == "onnxruntime" else []), *([] if precision == "fp32" else [precision]))


@lru_cache(maxsize=64)
def file_sha256(file: Path, changed: int) -> str:
    """sha256 of a file; ``changed`` (its modification time) invalidates the cache when the file changes."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress the loaders' progress bars and notices while a model is loaded; errors still raise."""
    from transformers.utils import logging as hub_logging

    bars, level = hub_logging.is_progress_bar_enabled(), hub_logging.get_verbosity()
    hub_logging.disable_progress_bar()
    hub_logging.set_verbosity_error()
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        hub_logging.set_verbosity(level)
        if bars:
            hub_logging.enable_progress_bar()
