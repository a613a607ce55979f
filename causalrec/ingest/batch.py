"""What parsing yields: Arrow batches of typed rows, each good so far or carrying the reason why not.

A parsed batch has the landing columns (nullable), then :data:`MARKS`. A landing column named ``arrival_date``
becomes ``source_arrival_date``: what the row says of itself, beside the date of the folder that it lies in.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from causalrec.contracts import Contract
from causalrec.contracts.types import ARROW_TYPES
from causalrec.errors import ReasonCode
from causalrec.ingest.values import InvalidValue

# A file that cannot be read to its end; the driver refuses the delivery when it sees this.
UNREADABLE = "unreadable_file"

MARKS = pa.schema(
    [
        ("arrival_date", pa.date32()),
        ("source_file", pa.string()),
        ("source_line", pa.int64()),
        ("reason", pa.string()),
        ("detail", pa.string()),
        ("raw", pa.string()),
        ("unknown", pa.string()),
    ]
)
_SHOWN_CHARS = 80


@dataclass(frozen=True)
class Problem:
    """Why a row was rejected while parsing."""

    reason: str
    detail: str


@dataclass(frozen=True)
class Origin:
    """The file that rows come from, and how long a raw row may be before it is cut."""

    source_file: str
    arrival_date: dt.date
    max_raw_chars: int


def row_name(column: str) -> str:
    """Name of a landing column in a parsed batch."""
    return "source_arrival_date" if column == "arrival_date" else column


def parsed_schema(landing: Contract) -> pa.Schema:
    """Schema of every parsed batch of a landing contract."""
    fields = [pa.field(row_name(c.name), ARROW_TYPES[c.type]) for c in landing.columns]
    return pa.schema(fields + list(MARKS))


def parse_mapping(
    landing: Contract, row: Mapping[str, object], convert: Callable[..., object]
) -> tuple[list[object], Problem | None]:
    """Typed values of one row in column order, and the first problem in that order."""
    values: list[object] = []
    problem: Problem | None = None
    for column in landing.columns:
        given = row.get(column.name)
        try:
            value = convert(given, column.type) if given is not None else None
        except InvalidValue as error:
            value = None
            shown = repr(given)[:_SHOWN_CHARS]
            problem = problem or Problem(ReasonCode.INVALID_TYPE, f"{column.name}: {shown} {error}")
        if value is None and column.required and problem is None:
            problem = Problem(ReasonCode.MISSING_REQUIRED, f"{column.name} is missing")
        values.append(value)
    return values, problem


def rows_batch(
    landing: Contract,
    origin: Origin,
    numbers: Sequence[int],
    rows: Sequence[tuple[list[object], Problem | None, str | None]],
    raw: Callable[[int], str],
) -> pa.RecordBatch:
    """Rows that were converted one by one: (values, problem, unknown keys) each."""
    columns = [
        pa.array([values[i] if problem is None else None for values, problem, _ in rows], ARROW_TYPES[c.type])
        for i, c in enumerate(landing.columns)
    ]
    reasons = pa.array([problem and problem.reason for _, problem, _ in rows], pa.string())
    details = pa.array([problem and problem.detail for _, problem, _ in rows], pa.string())
    unknown = pa.array([keys for _, _, keys in rows], pa.string())
    return _marked(landing, origin, numbers, columns, reasons, details, unknown, raw)


def columns_batch(
    landing: Contract,
    origin: Origin,
    numbers: Sequence[int],
    columns: Sequence[pa.Array],
    unknown: pa.Array,
    raw: Callable[[int], str],
) -> pa.RecordBatch:
    """Rows that were converted as whole columns; required values may still be missing."""
    reasons = details = pa.nulls(len(numbers), pa.string())
    for column, values in reversed(list(zip(landing.columns, columns, strict=True))):
        if column.required and values.null_count:
            missing = pc.is_null(values)
            reasons = pc.if_else(missing, str(ReasonCode.MISSING_REQUIRED), reasons)
            details = pc.if_else(missing, f"{column.name} is missing", details)
    return _marked(landing, origin, numbers, columns, reasons, details, unknown, raw)


def unreadable_batch(landing: Contract, origin: Origin, why: str) -> pa.RecordBatch:
    """The one row that says that a file could not be read to its end."""
    blank: list[object] = [None] * len(landing.columns)
    return rows_batch(landing, origin, [0], [(blank, Problem(UNREADABLE, why), None)], lambda _: "")


def _marked(
    landing: Contract,
    origin: Origin,
    numbers: Sequence[int],
    columns: Sequence[pa.Array],
    reasons: pa.Array,
    details: pa.Array,
    unknown: pa.Array,
    raw: Callable[[int], str],
) -> pa.RecordBatch:
    size = len(numbers)
    texts: list[str | None] = [None] * size
    for i in pc.indices_nonzero(pc.is_valid(reasons)).to_pylist():
        texts[i] = raw(i)[: origin.max_raw_chars]
    marks = [
        pa.repeat(pa.scalar(origin.arrival_date, pa.date32()), size),
        pa.repeat(origin.source_file, size),
        pa.array(numbers, pa.int64()),
        reasons,
        details,
        pa.array(texts, pa.string()),
        unknown,
    ]
    return pa.RecordBatch.from_arrays([*columns, *marks], schema=parsed_schema(landing))
