"""Reads a TOML file, lays ``CAUSALREC__SECTION__KEY`` variables over it and freezes the result."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from causalrec.config.settings import Settings
from causalrec.errors import SettingsError

PREFIX = "CAUSALREC__"


def load_settings(file: Path | None, environ: Mapping[str, str]) -> Settings:
    """Settings from ``file`` (None: defaults only) overlaid with variables of ``environ``.

    Raises:
        SettingsError: the file is absent or not TOML, or a key is unknown or out of range.
    """
    tree: dict[str, Any] = {} if file is None else _read(file)
    for name in sorted(environ):
        if name.startswith(PREFIX):
            _put(tree, name.removeprefix(PREFIX).lower().split("__"), environ[name])
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SettingsError(
            f"setting {where}: {first['msg']}",
            do=f"correct it in {file or 'the environment'}",
        ) from error


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"cannot read settings {file}", do="name an existing file") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file} is not TOML: {error}", do="correct that line") from error


def _put(tree: dict[str, Any], path: list[str], value: str) -> None:
    *sections, key = path
    for section in sections:
        tree = tree.setdefault(section, {})
    tree[key] = _parse(value)


def _parse(value: str) -> object:
    """A value as TOML reads it (numbers, booleans, arrays); anything else is a plain string."""
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return value
