"""Encoders from plug-ins: ``features.image.model = "plugin:NAME"``, and the same for texts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from PIL import Image

from causalrec.config.features import ImageSettings, TextSettings
from causalrec.features.encoders.base import ImageEncoder, TextEncoder, arithmetic, make_encoder_id
from causalrec.features.vectors import check_vectors
from causalrec.pictures.decode import PREPROCESSING
from causalrec.plugins import IMAGE_ENCODERS, TEXT_ENCODERS, load_plugin


@runtime_checkable
class ImageEncoderPlugin(Protocol):
    """Loads an image encoder, and names what its vectors depend on."""

    def identity(self, settings: ImageSettings) -> tuple[Sequence[Path], str]:
        """Its weight files, and a string that changes with anything else that affects its vectors.

        Must be cheap: it is called before every stage, and loads no model.
        """

    def load(self, settings: ImageSettings, encoder_id: str, device: str) -> ImageEncoder:
        """The encoder on ``cpu`` or ``cuda:N``."""


@runtime_checkable
class TextEncoderPlugin(Protocol):
    """The same for texts."""

    def identity(self, settings: TextSettings) -> tuple[Sequence[Path], str]:
        """See :class:`ImageEncoderPlugin`."""

    def load(self, settings: TextSettings, encoder_id: str, device: str) -> TextEncoder:
        """See :class:`ImageEncoderPlugin`."""


def image_plugin(name: str) -> ImageEncoderPlugin:
    """Raises SettingsError where no package has it, or it is none."""
    wanted = ImageEncoderPlugin
    return load_plugin(IMAGE_ENCODERS, name, wanted, "features.image.model", ("lite",))  # type: ignore[type-abstract]


def text_plugin(name: str) -> TextEncoderPlugin:
    """Raises SettingsError where no package has it, or it is none."""
    wanted = TextEncoderPlugin
    return load_plugin(TEXT_ENCODERS, name, wanted, "features.text.model", ("lite",))  # type: ignore[type-abstract]


def image_plugin_id(settings: ImageSettings, name: str) -> str:
    """Encoder id, by the same rule as for the encoders of this package."""
    files, version = image_plugin(name).identity(settings)
    return make_encoder_id("image", f"{name}.{version}", files, *arithmetic(settings), PREPROCESSING)


def text_plugin_id(settings: TextSettings, name: str) -> str:
    """Encoder id, by the same rule as for the encoders of this package."""
    files, version = text_plugin(name).identity(settings)
    return make_encoder_id("text", f"{name}.{version}", files, *arithmetic(settings))


class CheckedImages:
    """An image encoder whose vectors are checked before they are stored."""

    def __init__(self, encoder: ImageEncoder, encoder_id: str) -> None:
        self._encoder, self.encoder_id = encoder, encoder_id
        self.dim, self.side = encoder.dim, encoder.side
        self.device, self.batch_size = encoder.device, encoder.batch_size

    @property
    def halvings(self) -> int:
        """See :class:`ImageEncoder`."""
        return self._encoder.halvings

    def prepare(self, picture: Image.Image) -> npt.NDArray[np.float32]:
        """See :class:`ImageEncoder`."""
        return self._encoder.prepare(picture)

    def embed(self, pixels: Sequence[npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
        """See :class:`ImageEncoder`.

        Raises:
            FeatureError: a vector is not finite, not of unit length, or of the wrong dimension.
        """
        vectors = self._encoder.embed(pixels) if pixels else np.zeros((0, self.dim), np.float32)
        check_vectors(vectors, self.dim, self.encoder_id)
        return vectors

    def encode(self, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float32]:
        """See :class:`ImageEncoder`."""
        return self.embed([self.prepare(picture) for picture in pictures])


class CheckedTexts:
    """A text encoder whose vectors are checked before they are stored."""

    def __init__(self, encoder: TextEncoder, encoder_id: str) -> None:
        self._encoder, self.encoder_id = encoder, encoder_id
        self.dim, self.device = encoder.dim, encoder.device

    @property
    def halvings(self) -> int:
        """See :class:`TextEncoder`."""
        return self._encoder.halvings

    def encode(self, texts: Sequence[str]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """See :class:`TextEncoder`.

        Raises:
            FeatureError: as :meth:`CheckedImages.embed`.
        """
        vectors, truncated = self._encoder.encode(texts)
        check_vectors(vectors, self.dim, self.encoder_id)
        return vectors, truncated
