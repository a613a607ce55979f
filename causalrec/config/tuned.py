"""Settings that tuning chose for a shop: ``tuned.toml`` in its store.

Explicit settings override them.
"""

import datetime as dt
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from causalrec.config.bench import Value
from causalrec.config.settings import Settings
from causalrec.errors import SettingsError
from causalrec.store import Location

FILE = "tuned.toml"
MODEL, DAY, TOLD = "for_model", "found_on", "told"  # keys beside the settings


@dataclass(frozen=True)
class Tuned:
    """What a search chose.

    Attributes:
        model: the model that was tuned; the settings do not apply to another one.
        day: of the data that the search used.
        change: dotted path of a setting -> value.
        told: one line on how they were found.
    """

    model: str
    day: dt.date
    change: Mapping[str, Value]
    told: str


def write_tuned(store: Location, tuned: Tuned) -> str:
    """Replaces the tuned settings in one step; returns the path or URI of the file."""
    lines = [
        f"{MODEL} = {json.dumps(tuned.model)}",
        f"{DAY} = {tuned.day.isoformat()}",
        f"{TOLD} = {json.dumps(tuned.told)}",
    ]
    lines += [f"{path} = {json.dumps(value)}" for path, value in sorted(tuned.change.items())]
    store.write(FILE, ("\n".join(lines) + "\n").encode())
    return store.address(FILE)


def read_tuned(store: Location, model: str) -> dict[str, Any]:
    """The tree of tuned settings; empty if there are none, or if they belong to another model.

    Raises:
        SettingsError: the file is not readable.
    """
    tree = _read(store)
    mine = tree.get(MODEL) == model
    return {key: value for key, value in tree.items() if key not in (MODEL, DAY, TOLD)} if mine else {}


def last_tuned(store: Location, model: str) -> Tuned | None:
    """What the last search for ``model`` chose; None if there was none.

    Raises:
        SettingsError: the file is not readable.
    """
    change, tree = _flat(read_tuned(store, model)), _read(store)
    day = tree.get(DAY)
    return Tuned(model, day, change, str(tree.get(TOLD, ""))) if change and isinstance(day, dt.date) else None


def in_use(settings: Settings) -> str:
    """One line about the tuned settings in ``settings``; empty if there are none.

    Raises:
        SettingsError: the file is not readable.
    """
    last = last_tuned(settings.store, settings.model.name)
    if last is None:
        return ""
    held = {path: value for path, value in sorted(last.change.items()) if _at(settings, path) == value}
    values = ", ".join(f"{path} = {value}" for path, value in held.items())
    return f"{values} (data of {last.day}: {last.told})" if held else ""


def _at(settings: Settings, path: str) -> object:
    value: object = settings
    for key in path.split("."):
        value = getattr(value, key, None)
    return value


def _read(store: Location) -> dict[str, Any]:
    try:
        written = store.read(FILE)
        return {} if written is None else tomllib.loads(written.decode())
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"cannot read tuned settings {store.address(FILE)}: {error}",
            do="remove it, or run causalrec tune again",
        ) from error


def _flat(tree: Mapping[str, Any], above: str = "") -> dict[str, Value]:
    flat: dict[str, Value] = {}
    for key, value in tree.items():
        path = f"{above}{key}"
        flat |= _flat(value, f"{path}.") if isinstance(value, dict) else {path: value}
    return flat
