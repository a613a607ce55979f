"""Nested JSON as columns: the values that a path reaches, and the list whose elements are the rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from causalrec.ingest.check.sample import FileCheck


def flattened(found: FileCheck) -> tuple[FileCheck, frozenset[str]]:
    """The file with a column for every path into its rows, and the paths of its lists of objects.

    Only the first element of a list is examined.
    """
    lists: set[str] = set()
    raw = [dict(_leaves(row, "", lists)) for row in found.raw]
    if not any("." in name for row in raw for name in row):
        return found, frozenset()
    columns = dict.fromkeys(name for row in raw for name in row)
    return replace(found, columns=tuple(columns), raw=tuple(raw)), frozenset(lists)


def exploded(paths: Sequence[str], lists: frozenset[str]) -> str:
    """The innermost list on one of these paths; '' for none."""
    through = [one for one in lists if any(path.startswith(f"{one}.") for path in paths)]
    return max(through, key=len, default="")


def _leaves(place: Mapping[str, Any], above: str, lists: set[str]) -> Iterator[tuple[str, Any]]:
    for name, value in place.items():
        path = f"{above}{name}"
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            lists.add(path)
            value = value[0]
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{path}.", lists)
        else:
            yield path, value
