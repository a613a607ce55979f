"""Settings with some values replaced, addressed by dotted paths."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from causalrec.config.bench import Value
from causalrec.config.load import complaint
from causalrec.config.settings import Settings
from causalrec.errors import SettingsError

SECTIONS = ("model", "training")


def overridden(base: Settings, changes: Iterable[Mapping[str, Value]], name: str) -> Settings:
    """``base`` with each of the ``changes`` (path such as ``model.dim`` -> value) made in turn.

    Args:
        name: owner of the changes, for messages.

    Raises:
        SettingsError: a path is no setting of a model or its training, or a value is out of range.
    """
    tree = base.model_dump()
    for change in changes:
        for path, value in change.items():
            _put(tree, path, value, name)
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        raise SettingsError(
            f"{name}: {complaint(error)}", do=f"correct it under bench.variants.{name}"
        ) from error


def _put(tree: dict[str, Any], path: str, value: Value, name: str) -> None:
    *sections, key = path.split(".")
    place: Any = tree if sections and sections[0] in SECTIONS else {}
    for section in sections:
        place = place.get(section) if isinstance(place, dict) else None
    if not isinstance(place, dict) or key not in place or isinstance(place[key], dict):
        raise SettingsError(
            f"{name}: there is no setting {path} of a model or its training",
            do='write a dotted path such as "model.dim"',
        )
    place[key] = value
