"""Encoders without weights: colours of a picture, letter trigrams of a text."""

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from causalrec.config.features import ImageSettings, TextSettings

Vectors = npt.NDArray[np.float32]
BINS = 4
TRIGRAMS = 64


class Colours:
    """Shares of colours, four steps of red, green and blue each."""

    dim, side, halvings = BINS**3, 32, 0

    def __init__(self, encoder_id: str, device: str, batch_size: int) -> None:
        self.encoder_id, self.device, self.batch_size = encoder_id, device, batch_size

    def prepare(self, picture: Image.Image) -> Vectors:
        """(3, 32, 32) in [0, 1]."""
        small = np.asarray(picture.resize((self.side, self.side)), np.float32) / 255
        return np.ascontiguousarray(small.transpose(2, 0, 1))

    def embed(self, pixels: Sequence[Vectors]) -> Vectors:
        """(n, 64) of length one."""
        vectors = np.zeros((len(pixels), self.dim), np.float32)
        for row, one in zip(vectors, pixels, strict=True):
            steps = np.minimum((one * BINS).astype(int), BINS - 1)
            place = (steps[0] * BINS + steps[1]) * BINS + steps[2]
            row += np.bincount(place.ravel(), minlength=self.dim)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))

    def encode(self, pictures: Sequence[Image.Image]) -> Vectors:
        """(n, 64) of length one."""
        return self.embed([self.prepare(picture) for picture in pictures])


class ColourPlugin:
    """Loads :class:`Colours`."""

    def identity(self, settings: ImageSettings) -> tuple[Sequence[Path], str]:
        """No weights; the number of steps makes the vectors."""
        return (), f"steps{BINS}"

    def load(self, settings: ImageSettings, encoder_id: str, device: str) -> Colours:
        """Computes on the CPU whatever the device."""
        return Colours(encoder_id, "cpu", settings.batch_size)


class Trigrams:
    """Counts of letter trigrams, hashed."""

    dim, halvings, device = TRIGRAMS, 0, "cpu"

    def __init__(self, encoder_id: str) -> None:
        self.encoder_id = encoder_id

    def encode(self, texts: Sequence[str]) -> tuple[Vectors, npt.NDArray[np.bool_]]:
        """(n, 64) of length one; no text is too long."""
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            padded = f"  {text.lower()}  "
            for start in range(len(padded) - 2):
                row[zlib.crc32(padded[start : start + 3].encode()) % self.dim] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.zeros(len(texts), np.bool_)


class TrigramPlugin:
    """Loads :class:`Trigrams`."""

    def identity(self, settings: TextSettings) -> tuple[Sequence[Path], str]:
        """No weights."""
        return (), f"hash{TRIGRAMS}"

    def load(self, settings: TextSettings, encoder_id: str, device: str) -> Trigrams:
        """Computes on the CPU whatever the device."""
        return Trigrams(encoder_id)
