"""Checkpoints: tensors and facts in a folder (safetensors + JSON), written in full, then renamed."""

import json
import logging
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor

logger = logging.getLogger(__name__)


def write_checkpoint(folder: Path, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Replaces the checkpoint in ``folder``.

    A single file, so that a kill leaves either the old or the new one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / "checkpoint.unfinished"
    save_file(
        {name: value.detach().cpu().contiguous() for name, value in tensors.items()},
        str(unfinished),
        metadata={"facts": json.dumps(facts, sort_keys=True)},
    )
    unfinished.replace(folder / "checkpoint.safetensors")


def read_checkpoint(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """The last complete checkpoint, or None if there is none.

    A damaged one is renamed and reported, and counts as none: training starts over.
    """
    from safetensors import SafetensorError, safe_open

    file = folder / "checkpoint.safetensors"
    if not file.exists():
        return None
    try:
        with safe_open(str(file), framework="pt") as opened:
            facts = json.loads(opened.metadata()["facts"])
        return load_file(str(file)), facts
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        aside = file.with_suffix(".damaged")
        file.replace(aside)
        why = str(error).splitlines()[0]
        logger.warning("damaged checkpoint (%s) set aside as %s: training starts over", why, aside)
        return None
