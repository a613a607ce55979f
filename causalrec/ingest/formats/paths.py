"""Paths into nested rows, such as ``items.item_id`` and ``params[ga_session_id].value``."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

_SEGMENT = re.compile(r"^(?P<name>[^\[\].]+)(?:\[(?P<key>[^\]]+)\])?$")


def root(path: str) -> str:
    """Column that a path starts in."""
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def exploded(
    row: Mapping[str, object], names: Sequence[str]
) -> Iterator[tuple[Mapping[str, object], Mapping[str, object] | None]]:
    """The row once per element of the lists on a path.

    None if a list is empty or missing. Each row comes twice: with lists of that one element, and with the
    element in their place.
    """
    name, *further = names
    value = row.get(name)
    listed = value if isinstance(value, list) else [value] if further and isinstance(value, Mapping) else []
    if not listed:
        yield row, None
    for one in listed:
        inside = exploded(one, further) if further and isinstance(one, Mapping) else [(one, one)]
        for part, opened in inside:
            kept: object = [part] if isinstance(value, list) else part
            yield {**row, name: kept}, None if opened is None else {**row, name: opened}


@cache
def _segments(path: str) -> tuple[tuple[str, str | None], ...]:
    found = [_SEGMENT.match(part) for part in path.split(".")]
    return tuple((one["name"], one["key"]) for one in found if one)


def reach(row: Mapping[str, object], path: str) -> object:
    """The value at a path; for a list, the values of its elements. None if there is none."""
    if path in row:
        return row[path]
    place: object = row
    for name, key in _segments(path):
        place = _step(place, name)
        if key is not None:
            place = next((one for one in _listed(place) if _step(one, "key") == key), None)
    return place


def _step(place: object, name: str) -> object:
    if isinstance(place, list):
        return [value for value in (_step(one, name) for one in place) if value is not None]
    return place.get(name) if isinstance(place, Mapping) else None


def _listed(place: object) -> list[object]:
    return place if isinstance(place, list) else []
