"""The files that determine an image encoder's output, fetched if they are not cached yet."""

from collections.abc import Callable
from pathlib import Path

from causalrec.config.features import ImageSettings
from causalrec.errors import FeatureError, SettingsError
from causalrec.features.encoders import lite
from causalrec.features.encoders.local_clip import CONFIG, WEIGHTS, is_local, local_folder

LITE = "lite"
HUB = "hf-hub:"
_WEIGHTS = ("*.safetensors", "*.bin", "*.pth", "*.pt")


def encoder_files(settings: ImageSettings) -> list[Path]:
    """Every file that determines the encoder's output, in a fixed order."""
    if settings.model == LITE:
        return [lite.image_weights()]
    if is_local(settings.model):
        folder = local_folder(settings.model)
        weights = [file for pattern in _WEIGHTS for file in sorted(folder.glob(pattern))]
        if not weights:
            raise FeatureError(f"{folder} holds no weights", do=f"add {WEIGHTS}")
        return [folder / CONFIG, *weights]
    if settings.pretrained and Path(settings.pretrained).is_file():
        return [Path(settings.pretrained)]
    return [_fetched(settings)]


def _fetched(settings: ImageSettings) -> Path:
    """Weights of a hub id or of an open_clip tag, downloaded by open_clip unless they are cached."""
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
            f"features.image.pretrained: {settings.pretrained!r} is neither a file nor a tag"
            f" of {settings.model}",
            do=f"use one of {open_clip.list_pretrained_tags_by_model(settings.model)} or a file",
        )
    return Path(_download(settings.pretrained, lambda: open_clip.download_pretrained(tag)))


def _download(name: str, fetch: Callable[[], object]) -> str:
    try:
        return str(fetch())
    except Exception as error:  # hub clients raise errors of several libraries
        what = f"cannot fetch weights {name}: {error}"[:500]
        raise FeatureError(what, do="use a local checkpoint, or lite") from error
