"""Settings that tuning chose for a shop: ``tuned.toml`` in its work folder, under every explicit setting."""

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from causalrec.config.bench import Value
from causalrec.errors import SettingsError

FILE = "tuned.toml"
MODEL = "for_model"  # key of the model that was tuned; its settings are of no use to another


def tuned_file(work: Path) -> Path:
    """Where the tuned settings of the shop with this work folder lie, if there are any."""
    return work / FILE


def write_tuned(work: Path, model: str, change: Mapping[str, Value], found: str) -> Path:
    """Replaces the tuned settings in one step.

    Args:
        change: dotted path of a setting -> value. found: one line that says how they were found.
    """
    lines = [f"# {found}", f"{MODEL} = {json.dumps(model)}"]
    lines += [f"{path} = {json.dumps(value)}" for path, value in sorted(change.items())]
    file = tuned_file(work)
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
    draft.replace(file)
    return file


def read_tuned(work: Path, model: str) -> dict[str, Any]:
    """The tree of tuned settings; empty where there are none, or where they are those of another model.

    Raises:
        SettingsError: the file is not readable.
    """
    file = tuned_file(work)
    try:
        tree = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"cannot read tuned settings {file}: {error}", do="remove it, or run causalrec tune again"
        ) from error
    return tree if tree.pop(MODEL, None) == model else {}
