"""Nested JSON as columns: the values that a path reaches, and the list whose elements are the rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from causalrec.contracts import Contract
from causalrec.ingest.check.sample import FileCheck

MOST_ELEMENTS = 50
"""Elements of a list that are examined."""


def flattened(found: FileCheck) -> tuple[FileCheck, frozenset[str]]:
    """The file with a column for every path into its rows, and the paths of its lists of objects.

    A row with lists of objects comes once per element of the longest, with the elements of that place.
    """
    lists: set[str] = set()
    raw = [dict(_leaves(row, "", lists, place)) for row in found.raw for place in range(_longest(row))]
    if not any("." in name for row in raw for name in row):
        return found, frozenset()
    columns = dict.fromkeys(name for row in raw for name in row)
    return replace(found, columns=tuple(columns), raw=tuple(raw)), frozenset(lists)


def bare_names(found: FileCheck, lists: frozenset[str], landing: Contract) -> dict[str, str]:
    """Name to recognise a column by -> its path.

    In a document that is one list of products, the name of the list is left out: what has a name or an id in
    it is a product. In one of events, it may be anything.
    """
    alone = sorted(one for one in lists if "." not in one) if len(found.raw) == 1 else []
    above = f"{alone[0]}." if len(alone) == 1 and "title" in landing.column_names else ""
    names: dict[str, str] = {}
    for path in flattened(found)[0].columns:
        names.setdefault(path.removeprefix(above), path)
    return names


def exploded(paths: Sequence[str], lists: frozenset[str]) -> str:
    """The innermost list on one of these paths; '' for none."""
    through = [one for one in lists if any(path.startswith(f"{one}.") for path in paths)]
    return max(through, key=len, default="")


def of_one(found: FileCheck, path: str, explode: str) -> bool:
    """Whether a path leads to one value per row, in the first rows, with a row per element of ``explode``."""
    rows: Iterator[Any] = iter(found.raw)
    if explode and path.startswith(f"{explode}."):
        rows = (one for row in found.raw for one in _elements(row, explode.split(".")))
        path = path.removeprefix(f"{explode}.")
    return all(len({repr(one) for one in _elements(row, path.split("."))}) <= 1 for row in rows)


def reached(row: Mapping[str, Any], path: str) -> Iterator[Any]:
    """Every value that a path leads to, through all elements of its lists."""
    return iter([row[path]] if path in row else _elements(row, path.split(".")))


def _elements(place: Any, path: Sequence[str]) -> Iterator[Any]:  # noqa: ANN401 - whatever JSON holds
    if isinstance(place, list):
        for one in place:
            yield from _elements(one, path)
    elif not path:
        yield place
    elif isinstance(place, Mapping) and place.get(path[0]) is not None:
        yield from _elements(place[path[0]], path[1:])


def _longest(value: Any) -> int:  # noqa: ANN401 - whatever JSON holds
    """Elements of the longest list of objects within, at most ``MOST_ELEMENTS``; 1 without any."""
    if isinstance(value, Mapping):
        return max((_longest(one) for one in value.values()), default=1)
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return min(max(len(value), *map(_longest, value[:MOST_ELEMENTS])), MOST_ELEMENTS)
    return 1


def _leaves(found: Mapping[str, Any], above: str, lists: set[str], place: int) -> Iterator[tuple[str, Any]]:
    for name, value in found.items():
        path = f"{above}{name}"
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            lists.add(path)
            value = value[place] if place < len(value) else {}
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{path}.", lists, place)
        else:
            yield path, value
