"""Image encoders: any open_clip model behind one interface."""

from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from causalrec.config.features import ImageSettings
from causalrec.config.section import LOCAL_MODEL
from causalrec.errors import FeatureError
from causalrec.features.encoders import lite
from causalrec.features.encoders.base import ImageEncoder, arithmetic, make_encoder_id, quiet, refuse_other
from causalrec.features.encoders.device import CPU, move, on_task_device, task_device
from causalrec.features.encoders.halving import Halving
from causalrec.features.encoders.image_files import HUB, LITE, encoder_files
from causalrec.features.encoders.local_clip import create_local_model, is_local, local_folder
from causalrec.features.encoders.plugins import CheckedImages, image_plugin, image_plugin_id
from causalrec.features.vectors import check_vectors, unit
from causalrec.pictures.decode import PREPROCESSING
from causalrec.plugins import plugin_name

if TYPE_CHECKING:
    from torch import nn


def image_encoder_id(settings: ImageSettings) -> str:
    """Identity of the configured encoder, from its files; no model is loaded.

    Raises:
        FeatureError: the weights cannot be found or fetched.
        SettingsError: an architecture without weights.
    """
    if plugin := plugin_name(settings.model):
        return image_plugin_id(settings, plugin)
    name = settings.model.removeprefix(HUB)
    if is_local(settings.model):  # the path of a folder says nothing about its content
        name = Path(settings.model.removeprefix(LOCAL_MODEL)).resolve().name
    if settings.pretrained is not None:
        name = f"{name}.{Path(settings.pretrained).name}"
    return make_encoder_id("image", name, encoder_files(settings), *arithmetic(settings), PREPROCESSING)


def load_image_encoder(settings: ImageSettings, encoder_id: str) -> ImageEncoder:
    """The configured encoder, loaded once per process, on the device of the running task.

    Raises:
        FeatureError: the files here are not those behind ``encoder_id``, or the device is not available.
    """
    if plugin := plugin_name(settings.model):
        return _loaded_plugin(settings, encoder_id, plugin, task_device(settings))
    return on_task_device(settings, partial(_loaded, settings, encoder_id))


@lru_cache(maxsize=1)
def _loaded_plugin(settings: ImageSettings, encoder_id: str, name: str, device: str) -> CheckedImages:
    refuse_other(image_encoder_id(settings), encoder_id)
    return CheckedImages(image_plugin(name).load(settings, encoder_id, device), encoder_id)


@lru_cache(maxsize=1)
def _loaded(settings: ImageSettings, encoder_id: str, kind: str) -> "OpenClipEncoder":
    refuse_other(image_encoder_id(settings), encoder_id)
    return OpenClipEncoder(settings, encoder_id, kind)


class OpenClipEncoder:
    """The image half of an open_clip model, in small batches and channels-last.

    ``kind`` (``cpu`` or ``cuda``) is the kind of device that it will run on; :meth:`move` puts it on a GPU.
    """

    def __init__(self, settings: ImageSettings, encoder_id: str, kind: str = CPU) -> None:
        import torch
        from open_clip.transform import PreprocessCfg, image_transform_v2

        from causalrec.features.encoders.forward import image_forward

        torch.set_num_threads(settings.threads)
        self.encoder_id = encoder_id
        self.device = CPU
        self.batch_size = settings.batch_size if kind == CPU else settings.gpu_batch_size
        self._batches = Halving(self.batch_size)
        with quiet():
            model: Any = _create(settings)  # its type changes with the architecture
        config = PreprocessCfg(**model.visual.preprocess_cfg)
        self.side: int = config.size if isinstance(config.size, int) else max(config.size)
        self._transform = image_transform_v2(config, is_train=False)
        self._compute = image_forward(model, self.side, settings, kind)
        self.dim: int = self._forward([self.prepare(Image.new("RGB", (self.side, self.side)))]).shape[1]

    @property
    def halvings(self) -> int:
        """See :class:`ImageEncoder`."""
        return self._batches.halvings

    def move(self, device: str) -> None:
        """Compute on ``device`` from now on."""
        move(self._compute, device)
        self.device = device

    def prepare(self, picture: Image.Image) -> npt.NDArray[np.float32]:
        """See :class:`ImageEncoder`."""
        return np.asarray(self._transform(picture).numpy())

    def embed(self, pixels: Sequence[npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
        """See :class:`ImageEncoder`.

        Raises:
            FeatureError: the model returned vectors that must not be stored.
        """
        if not pixels:
            return np.zeros((0, self.dim), np.float32)
        vectors = unit(self._batches.run(pixels, self._forward))
        check_vectors(vectors, self.dim, self.encoder_id)
        return vectors

    def encode(self, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float32]:
        """See :class:`ImageEncoder`; raises what :meth:`embed` raises."""
        return self.embed([self.prepare(picture) for picture in pictures])

    def _forward(self, pixels: Sequence[npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
        return self._compute(np.stack(pixels))


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
