"""open_clip models in a local folder, transformers towers included: nothing outside the folder is needed."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causalrec.config.section import LOCAL_MODEL
from causalrec.errors import FeatureError

if TYPE_CHECKING:
    from torch import nn

CONFIG, WEIGHTS, TOWER = "open_clip_config.json", "open_clip_model.safetensors", "config.json"
TOKENIZER = ("tokenizer*.json", "special_tokens_map.json", "vocab.*", "merges.txt", "*.model")


def is_local(model: str) -> bool:
    """Whether a setting names such a folder (``local-dir:FOLDER``)."""
    return model.startswith(LOCAL_MODEL)


def local_folder(model: str) -> Path:
    """The folder that ``local-dir:FOLDER`` names.

    Raises:
        FeatureError: it is not a folder with an open_clip configuration.
    """
    folder = Path(model.removeprefix(LOCAL_MODEL))
    if not (folder / CONFIG).is_file():
        raise FeatureError(f"{folder} holds no open_clip model", do=f"add {CONFIG} and weights")
    return folder


def local_overrides(folder: Path) -> dict[str, Any]:
    """Arguments for ``open_clip.create_model`` that make a transformers tower come from the folder itself.

    A configuration names such a tower by a hub id, and open_clip would ask the hub for its architecture.
    If the folder holds the tower's own ``config.json``, that one is used.

    Raises:
        FeatureError: the configuration cannot be read.
    """
    try:
        text = json.loads((folder / CONFIG).read_text(encoding="utf-8"))["model_cfg"]["text_cfg"]
    except (OSError, ValueError, KeyError) as error:
        raise FeatureError(
            f"{folder / CONFIG} is not an open_clip configuration", do="save it again"
        ) from error
    if "hf_model_name" not in text or not (folder / TOWER).is_file():
        return {}
    return {"text_cfg": text | {"hf_model_name": str(folder), "hf_model_pretrained": False}}


def create_local_model(folder: Path) -> "nn.Module":
    """The model of the folder in evaluation mode.

    Raises:
        FeatureError: configuration and weights do not match.
    """
    import open_clip

    try:
        model: nn.Module = open_clip.create_model(
            f"{LOCAL_MODEL}{folder}", require_pretrained=True, **local_overrides(folder)
        )
    except (RuntimeError, ValueError, OSError) as error:
        what = f"open_clip cannot load {folder}: {error}"[:500]
        raise FeatureError(what, do="check its configuration and weights") from error
    return model.eval()
