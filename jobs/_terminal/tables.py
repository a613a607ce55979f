"""Tables on a terminal: long cells are folded, never truncated; dates and versions stay on one line."""

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from rich import table as rich_table

WHOLE = {"ds": 10, "arrival date": 10, "data of": 10, "version": 7, "at (UTC)": 10}
"""Minimum widths of columns that people compare by eye."""


class Table(rich_table.Table):
    """A table with its title on the left."""

    def __init__(self, *headers: Any, **options: Any) -> None:  # noqa: ANN401 - as rich has it
        super().__init__(**({"title_justify": "left"} | options))
        for header in headers:
            self.add_column(header)

    def add_column(self, header: Any = "", *arguments: Any, **options: Any) -> None:  # noqa: ANN401
        """Add a column whose cells are folded if they do not fit."""
        least = {"min_width": WHOLE[header]} if header in WHOLE else {}
        super().add_column(header, *arguments, **({"overflow": "fold"} | least | options))


def write_json(rows: Iterable[Mapping[str, Any]] | Mapping[str, Any]) -> None:
    """Writes everything to standard output as one line of JSON, dates and paths as texts."""
    found = dict(rows) if isinstance(rows, Mapping) else [dict(row) for row in rows]
    sys.stdout.write(json.dumps(found, default=str) + "\n")
