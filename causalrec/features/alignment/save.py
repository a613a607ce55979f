"""Writes aligned projections and their towers as a self-contained open_clip checkpoint."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import torch

from causalrec.errors import FeatureError
from causalrec.features.alignment.fit import Projections
from causalrec.features.encoders import lite
from causalrec.features.encoders.base import quiet
from causalrec.features.encoders.local_clip import CONFIG, TOKENIZER, TOWER, WEIGHTS

CARD = "alignment.json"


def save_checkpoint(projections: Projections, folder: Path, tokens: int, facts: Mapping[str, object]) -> Path:
    """Write a folder for ``local-dir:FOLDER``: configuration, safetensors, tokenizer and provenance.

    Equal projections give equal files. The folder appears in one step, and an existing one is left alone.

    Args:
        tokens: token limit of the text tower, as the projections were trained with.
        facts: content of ``alignment.json`` besides the model's name; JSON values.

    Raises:
        FeatureError: the folder is not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FeatureError(f"{folder} is not empty", do="name another folder with --out, or remove it")
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        _fill(unfinished, projections, tokens, facts)
        unfinished.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        unfinished.replace(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _fill(folder: Path, projections: Projections, tokens: int, facts: Mapping[str, object]) -> None:
    from safetensors.torch import save_file

    config = {"model_cfg": _model_config(projections, tokens), "preprocess_cfg": lite.PREPROCESS}
    _write_json(folder / CONFIG, config)
    _write_json(folder / CARD, {"model": f"{lite.ARCHITECTURE}-aligned", **facts})
    save_file(_state(projections), folder / WEIGHTS)
    source = lite.text_folder()
    for pattern in (TOWER, *TOKENIZER):
        for file in source.glob(pattern):
            shutil.copyfile(file, folder / file.name)
    for file in folder.iterdir():
        with file.open("rb") as stream:
            os.fsync(stream.fileno())


def _model_config(projections: Projections, tokens: int) -> dict[str, Any]:
    """The configuration for open_clip.

    The tower is named by its public id, its architecture is in the folder.
    """
    return {
        "embed_dim": len(projections.image),
        "custom_text": True,
        "vision_cfg": {
            "timm_model_name": lite.IMAGE_TOWER,
            "timm_model_pretrained": False,
            "timm_pool": "avg",
            "timm_proj": "linear",
            "image_size": lite.SIDE,
        },
        "text_cfg": {
            "hf_model_name": lite.TEXT_TOWER,
            "hf_tokenizer_name": lite.TEXT_TOWER,
            "hf_pooler_type": "mean_pooler",
            "hf_proj_type": "linear",
            "context_length": tokens,
        },
    }


def _state(projections: Projections) -> dict[str, torch.Tensor]:
    """The lite model's tensors and the two projections."""
    with quiet():
        state = lite.create_lite_model().state_dict()
    state["visual.head.proj.weight"] = torch.from_numpy(projections.image)
    state["text.proj.weight"] = torch.from_numpy(projections.text)
    state["logit_scale"] = torch.tensor(projections.logit_scale)
    return {name: tensor.contiguous().clone() for name, tensor in state.items()}


def _write_json(file: Path, content: Mapping[str, object]) -> None:
    file.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
