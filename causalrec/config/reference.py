"""The reference of all settings as Markdown, generated from their descriptions."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from causalrec.config.settings import Settings

HEAD = """# Settings

A settings file is TOML; name it with `--settings FILE` or the environment variable `CAUSALREC_SETTINGS`.
A variable `CAUSALREC__SECTION__KEY` overrides one setting, for example `CAUSALREC__SCORING__K=50`. Everything
has a default, so a file holds only what differs. An unknown key, or a value outside its range, is refused by
name.

## What a shop sets
"""
STUDIES = """
## What studies vary

These belong to the generated shop, to benchmarks, or to models and trainings whose defaults were chosen on
validation data. Running a shop needs none of them.
"""
STUDIED = ("source.demo", "model", "training", "bench", "align")


@dataclass(frozen=True)
class SettingRow:
    """One setting: dotted name, default, allowed values and meaning as text."""

    name: str
    default: str
    values: str
    meaning: str


def settings_reference() -> str:
    """All sections with their settings, in the order of the tree."""
    sections = dict(_sections(Settings, ""))
    studied = {path for path in sections if path.startswith(STUDIED)}
    shop = "".join(text for path, text in sections.items() if path not in studied)
    return HEAD + shop + STUDIES + "".join(text for path, text in sections.items() if path in studied)


def entries(section: type[BaseModel] = Settings, path: str = "") -> Iterator[SettingRow]:
    """The settings of ``section`` and of those inside it."""
    for name, field in section.model_fields.items():
        inner = _inner(field)
        if inner is not None:
            yield from entries(inner, f"{path}{name}.")
        else:
            yield SettingRow(f"{path}{name}", _default(field), _values(field), field.description or "")


def _sections(section: type[BaseModel], path: str) -> Iterator[tuple[str, str]]:
    """Dotted path and text of ``section`` and of those inside it."""
    own = [entry for entry in entries(section, path) if "." not in entry.name.removeprefix(path)]
    if own:
        about = " ".join((section.__doc__ or "").partition("\n\n")[0].split())
        name = path.rstrip(".")
        title = f"\n### {name}\n\n{about.replace('``', '`')}\n" if path else "\n### Top level\n"
        rows = [
            f"| `{entry.name}` | `{entry.default}` | {entry.values} | {_cell(entry.meaning)} |\n"
            for entry in own
        ]
        head = f"{title}\n| setting | default | values | meaning |\n|---|---|---|---|\n"
        yield name, head + "".join(rows)
    for name, field in section.model_fields.items():
        inner = _inner(field)
        if inner is not None:
            yield from _sections(inner, f"{path}{name}.")


def _inner(field: FieldInfo) -> type[BaseModel] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _default(field: FieldInfo) -> str:
    return _toml(field.get_default(call_default_factory=True))


def _toml(value: Any) -> str:  # noqa: ANN401 - any value of a setting
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case str() | Path():
            return f'"{value}"'
        case tuple():
            return f"[{', '.join(map(_toml, value))}]"
        case dict():
            return f"{{{', '.join(f'{key} = {_toml(item)}' for key, item in value.items())}}}"
        case _:
            return str(value)


def _values(field: FieldInfo) -> str:
    """The range of a number, the choices of a word, or the kind of value."""
    kinds = [kind for kind in (get_args(field.annotation) or (field.annotation,)) if kind is not type(None)]
    choices = [f"`{choice}`" for kind in (field.annotation, *kinds) for choice in _choices(kind)]
    if choices:
        return ", ".join(choices)
    if get_origin(field.annotation) in (tuple, dict):
        kind = "list" if get_origin(field.annotation) is tuple else "table"
    else:
        kind = {int: "integer", float: "number", bool: "true or false"}.get(kinds[0], "text")
    bounds = [text for bound in field.metadata if (text := _bound(bound))]
    return f"{kind}{', ' if bounds else ''}{', '.join(bounds)}"


def _choices(kind: object) -> tuple[object, ...]:
    return get_args(kind) if get_origin(kind) is Literal else ()


def _bound(bound: object) -> str:
    match bound:
        case Ge(ge=low):
            return f"at least {low}"
        case Gt(gt=low):
            return f"above {low}"
        case Le(le=high):
            return f"at most {high}"
        case Lt(lt=high):
            return f"below {high}"
        case MinLen(min_length=least):
            return f"{least} or more"
        case MaxLen(max_length=most):
            return f"{most} or fewer"
        case _:
            return ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
