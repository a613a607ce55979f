"""Tensors and facts in a folder: safetensors + JSON, written under another name and then renamed."""

import json
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor

from causalrec.errors import TrainingError


def write_checkpoint(folder: Path, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Replaces the checkpoint in ``folder``. One file, so that a kill leaves the old one or the new one."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / "checkpoint.unfinished"
    save_file(
        {name: value.detach().cpu().contiguous() for name, value in tensors.items()},
        str(unfinished),
        metadata={"facts": json.dumps(facts, sort_keys=True)},
    )
    unfinished.replace(folder / "checkpoint.safetensors")


def read_checkpoint(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """The last complete checkpoint, or None where there is none.

    Raises:
        TrainingError: the file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    file = folder / "checkpoint.safetensors"
    if not file.exists():
        return None
    try:
        with safe_open(str(file), framework="pt") as opened:
            facts = json.loads(opened.metadata()["facts"])
        return load_file(str(file)), facts
    except (SafetensorError, KeyError, ValueError) as error:
        raise TrainingError(f"checkpoint {file} is damaged", do="delete it; training starts anew") from error
