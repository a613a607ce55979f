"""Image encoders: any open_clip model behind one interface."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from causalrec.config.sections import ImageSettings
from causalrec.errors import FeatureError, SettingsError
from causalrec.features import lite
from causalrec.features.decode import PREPROCESSING
from causalrec.features.encoder import ImageEncoder, make_encoder_id, quiet
from causalrec.features.local_clip import LOCAL, create_local_model, is_local, local_folder
from causalrec.features.vectors import check_vectors, unit

if TYPE_CHECKING:
    from torch import nn

LITE = "lite"
HUB = "hf-hub:"
_WEIGHTS = ("*.safetensors", "*.bin", "*.pth", "*.pt")


def image_encoder_id(settings: ImageSettings) -> str:
    """Identity of the configured encoder, from its files; no model is loaded.

    Raises:
        FeatureError: the weights cannot be found or fetched.
        SettingsError: an architecture without weights.
    """
    name = settings.model.removeprefix(HUB)
    if is_local(settings.model):  # where a folder lies says nothing about what it holds
        name = Path(settings.model.removeprefix(LOCAL)).resolve().name
    if settings.pretrained is not None:
        name = f"{name}.{Path(settings.pretrained).name}"
    return make_encoder_id("image", name, _files(settings), PREPROCESSING)


@lru_cache(maxsize=1)
def load_image_encoder(settings: ImageSettings, encoder_id: str) -> ImageEncoder:
    """The configured encoder, loaded once per process.

    Raises:
        FeatureError: the files here are not those that ``encoder_id`` was made from.
    """
    found = image_encoder_id(settings)
    if found != encoder_id:
        raise FeatureError(
            f"this worker has encoder {found}, not {encoder_id}", do="install the same weights"
        )
    return OpenClipEncoder(settings, encoder_id)


class OpenClipEncoder:
    """The image half of an open_clip model, in 32 bit on the CPU."""

    def __init__(self, settings: ImageSettings, encoder_id: str) -> None:
        import torch
        from open_clip.transform import PreprocessCfg, image_transform_v2

        torch.set_num_threads(settings.threads)
        self.encoder_id = encoder_id
        with quiet():
            model: Any = _create(settings)  # its type changes with the architecture
        self._model = model.to(memory_format=torch.channels_last)
        config = PreprocessCfg(**self._model.visual.preprocess_cfg)
        self.side: int = config.size if isinstance(config.size, int) else max(config.size)
        self._transform = image_transform_v2(config, is_train=False)
        self.dim: int = self._forward([Image.new("RGB", (self.side, self.side))]).shape[1]

    def encode(self, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float32]:
        """See :class:`ImageEncoder`.

        Raises:
            FeatureError: the model gave vectors that must not be stored.
        """
        if not pictures:
            return np.zeros((0, self.dim), np.float32)
        vectors = unit(self._forward(pictures))
        check_vectors(vectors, self.dim, self.encoder_id)
        return vectors

    def _forward(self, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float32]:
        import torch

        batch = torch.stack([self._transform(picture) for picture in pictures])
        with torch.inference_mode():
            features = self._model.encode_image(batch.contiguous(memory_format=torch.channels_last))
        return np.asarray(features.float().numpy())


def _create(settings: ImageSettings) -> "nn.Module":
    import open_clip

    if settings.model == LITE:
        return lite.create_lite_model()
    if is_local(settings.model):
        return create_local_model(local_folder(settings.model))
    try:
        model: nn.Module = open_clip.create_model(
            settings.model, pretrained=settings.pretrained, require_pretrained=True
        )
        return model.eval()
    except (RuntimeError, ValueError, OSError) as error:
        what = f"open_clip cannot load {settings.model}: {error}"[:500]
        raise FeatureError(what, do="check features.image") from error


def _files(settings: ImageSettings) -> list[Path]:
    """Every file that decides what the encoder computes, in a fixed order."""
    if settings.model == LITE:
        return [lite.image_weights()]
    if is_local(settings.model):
        folder = local_folder(settings.model)
        weights = [file for pattern in _WEIGHTS for file in sorted(folder.glob(pattern))]
        if not weights:
            raise FeatureError(f"{folder} holds no weights", do="add open_clip_model.safetensors")
        return [folder / "open_clip_config.json", *weights]
    if settings.pretrained and Path(settings.pretrained).is_file():
        return [Path(settings.pretrained)]
    return [_fetched(settings)]


def _fetched(settings: ImageSettings) -> Path:
    """Weights of a hub id or of an open_clip tag, downloaded by open_clip where they are not yet cached."""
    import open_clip
    from open_clip.pretrained import download_pretrained_from_hf

    if settings.model.startswith(HUB):
        found = _download(
            settings.model, lambda: download_pretrained_from_hf(settings.model.removeprefix(HUB))
        )
        return Path(found)
    if not settings.pretrained:
        raise SettingsError(
            f"features.image.model {settings.model} has no weights",
            do="set features.image.pretrained, or use lite",
        )
    tag = open_clip.get_pretrained_cfg(settings.model, settings.pretrained)
    if not tag:
        raise SettingsError(
            f"features.image.pretrained {settings.pretrained!r} is no file and no tag of {settings.model}",
            do=f"use one of {open_clip.list_pretrained_tags_by_model(settings.model)} or a file",
        )
    return Path(_download(settings.pretrained, lambda: open_clip.download_pretrained(tag)))


def _download(name: str, fetch: Callable[[], object]) -> str:
    try:
        return str(fetch())
    except Exception as error:  # hub clients raise errors of several libraries
        what = f"cannot fetch weights {name}: {error}"[:500]
        raise FeatureError(what, do="use a local checkpoint, or lite") from error
