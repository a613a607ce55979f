"""Settings in layers: defaults, tuned values, a TOML file, ``CAUSALREC__SECTION__KEY`` variables."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from causalrec.config.lake import LakeSettings
from causalrec.config.paths import PathSettings
from causalrec.config.section import first_error, written_out
from causalrec.config.settings import Settings
from causalrec.config.tuned import read_tuned
from causalrec.errors import SettingsError
from causalrec.store import Location

PREFIX = "CAUSALREC__"


def load_settings(file: Path | None, environ: Mapping[str, str], *, tuned: bool = True) -> Settings:
    """Settings from ``file`` (None: defaults only) overlaid with variables of ``environ``.

    Args:
        tuned: whether the values that ``causalrec tune`` left in the store replace the defaults.

    Raises:
        SettingsError: a file is absent or not TOML, or a key is unknown or out of range.
    """
    tree: dict[str, Any] = {} if file is None else _read(file)
    named = {
        name: name.removeprefix(PREFIX).lower().split("__") for name in environ if name.startswith(PREFIX)
    }
    for name in sorted(named):
        _put(tree, named[name], environ[name])
    if tuned:
        tree = _over(_tuned(tree), tree)
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        wrong = [str(part) for part in error.errors()[0]["loc"]]
        variable = next((f"the variable {n}" for n, path in named.items() if wrong[: len(path)] == path), "")
        place = variable or file or "the environment"
        raise SettingsError(complaint(error), do=f"correct it in {place}") from error


def written_path(given: str | Path) -> Path:
    """A path from a command line, with ``~`` replaced by the home folder.

    Raises:
        SettingsError: it has blanks around it, holds a variable such as $HOME, or a ``~`` of an unknown user.
    """
    try:
        return Path(written_out(given))
    except ValueError as error:
        what, _, do = str(error).partition("; ")
        raise SettingsError(what, do=do or "write the path out") from error


def complaint(error: ValidationError) -> str:
    """The first invalid setting, and what is wrong with it."""
    return f"setting {first_error(error)}"


def _tuned(tree: Mapping[str, Any]) -> dict[str, Any]:
    """The tuned settings of the store and the model that ``tree`` names."""
    try:
        paths = PathSettings.model_validate(tree.get("paths", {}))
        lake = LakeSettings.model_validate(tree.get("lake", {}))
        model = tree.get("model", {}).get("name", Settings.model_fields["model"].default.name)
    except (ValidationError, AttributeError):
        return {}  # the tree is wrong, which is told with the name of the setting
    return read_tuned(Location(paths.root, lake.endpoint, lake.region), model)


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Both trees merged; values of ``above`` win."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        if isinstance(under, dict) and isinstance(value, dict):
            merged[key] = _over(under, value)
        else:
            merged[key] = value
    return merged


def _read(file: Path) -> dict[str, Any]:
    file = written_path(file)
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
