"""Runs on executors; reads the kept text of a row, or of a field, again by today's layout."""

import datetime as dt
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import cast

import pyarrow as pa

from causalrec.contracts import Contract
from causalrec.contracts.types import ARROW_TYPES
from causalrec.errors import ReasonCode
from causalrec.ingest.formats.batch import (
    LEFT_OUT,
    Parsed,
    Problem,
    parse_mapping,
    parsed_schema,
    rejected,
    row_name,
)
from causalrec.ingest.formats.csv_head import spelled
from causalrec.ingest.formats.layout import Layout, LeftOut, word
from causalrec.ingest.formats.notation import InvalidValue, Notation
from causalrec.ingest.formats.values import convert_text, convert_value

PLACE = ("arrival_date", "source_file", "source_line")
ENDLESS = {"Infinity": math.inf, "-Infinity": -math.inf}  # how Spark writes them in JSON


@dataclass(frozen=True)
class RowTask:
    """Quarantined rows become parsed rows."""

    landing: Contract
    layout: Layout
    max_raw_chars: int

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        schema = parsed_schema(self.landing)
        for batch in batches:
            yield pa.RecordBatch.from_pylist([self._row(row) for row in batch.to_pylist()], schema=schema)

    def _row(self, row: dict[str, object]) -> dict[str, object]:
        raw = str(row["raw"])
        layout = self.layout.of_file(str(row["source_file"]), self.landing)
        found = self._parsed(raw, cast(dt.date, row["arrival_date"]), layout)
        good = found.problem is None
        parsed: dict[str, object] = {
            row_name(column.name): value if good else None
            for column, value in zip(self.landing.columns, found.values, strict=True)
        }
        marks = {
            "raw": raw,
            "unknown": found.unknown,
            "nulled": list(found.nulled) if good else [],
            "unread": list(found.unread) if good else [],
            **{name: row[name] for name in PLACE},
        }
        if found.problem is not None:
            marks |= {"reason": found.problem.reason, "detail": found.problem.detail}
        return parsed | marks

    def _parsed(self, raw: str, arrival: dt.date, layout: Layout) -> Parsed:
        try:
            tree = json.loads(raw)
        except (ValueError, RecursionError) as error:
            cut = ", cut when it was kept" if len(raw) >= self.max_raw_chars else ""
            problem = Problem(ReasonCode.UNPARSEABLE, f"not JSON{cut}: {str(error)[:80]}")
            return rejected(self.landing, problem)
        if not isinstance(tree, dict):
            return rejected(self.landing, Problem(ReasonCode.UNPARSEABLE, "no JSON object"))
        known = layout.known(self.landing)
        row = dict(zip(spelled(list(tree), known), tree.values(), strict=True))
        ours = layout.again(row, self.landing, arrival)
        if isinstance(ours, LeftOut):
            return rejected(self.landing, Problem(LEFT_OUT, ours.why))
        ours_too = known | {*self.landing.column_names}
        foreign = (name for name, value in row.items() if name not in ours_too and value is not None)
        unknown = min(foreign, default=None) if layout.feed.extra_columns == "refuse" else None
        return replace(parse_mapping(self.landing, ours, convert_kept, layout.notation), unknown=unknown)


@dataclass(frozen=True)
class FieldTask:
    """Unread fields become rows with the key of their row and either the value or the note that it is unread.

    Attributes:
        key: columns that name the row.
    """

    landing: Contract
    layout: Layout
    key: tuple[str, ...]

    @property
    def schema(self) -> pa.Schema:
        """The key, every optional column, and the notes of parsed rows."""
        optional = [c for c in self.landing.columns if not c.required and c.name not in self.key]
        fields = [(name, pa.date32() if name == "arrival_date" else pa.string()) for name in self.key]
        fields += [(c.name, ARROW_TYPES[c.type]) for c in optional]
        texts = pa.list_(pa.string())
        return pa.schema([*fields, ("nulled", texts), ("unread", texts)])

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            rows = [self._field(row) for row in batch.to_pylist()]
            yield pa.RecordBatch.from_pylist(rows, schema=self.schema)

    def _field(self, row: dict[str, object]) -> dict[str, object]:
        name, raw = str(row["column_name"]), str(row["raw"])
        key = {one: row[one] for one in self.key}
        type_name = next((c.type for c in self.landing.columns if c.name == name), None)
        layout = self.layout.of_file(str(row["source_file"]), self.landing)
        try:
            value = json.loads(raw)[name]
            if type_name is None:
                raise InvalidValue("is of no column")
            take = layout.feed.columns.get(name)
            read = convert_kept(word(take, value) if take else value, type_name, layout.notation)
        except InvalidValue as error:
            return key | {"nulled": [f"{name} {error.reason}"], "unread": [raw]}
        except (ValueError, KeyError, RecursionError):  # cut text is no JSON
            return key | {"nulled": [f"{name} {ReasonCode.INVALID_TYPE}"], "unread": [raw]}
        return key | {name: read, "nulled": [], "unread": []}


def convert_kept(value: object, type_name: str, notation: Notation) -> object:
    """A kept value: CSV cells are texts whatever their type, and so are numbers that JSON cannot express.

    Raises:
        InvalidValue: it is not of that type.
    """
    if isinstance(value, str) and type_name in ("double", "int", "bigint"):
        found = ENDLESS.get(value)
        return convert_text(value, type_name, notation) if found is None or type_name != "double" else found
    return convert_value(value, type_name, notation)
