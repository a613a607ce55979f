"""Settings that an earlier release recorded."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel


def known(section: type[BaseModel], written: Mapping[str, Any]) -> dict[str, Any]:
    """``written`` without the settings that ``section`` no longer has, at any depth; values are kept."""
    found: dict[str, Any] = {}
    for name, value in written.items():
        field = section.model_fields.get(name)
        if field is None:
            continue
        inner = field.annotation
        nested = isinstance(inner, type) and issubclass(inner, BaseModel) and isinstance(value, Mapping)
        found[name] = known(inner, value) if nested else value  # type: ignore[arg-type]
    return found
