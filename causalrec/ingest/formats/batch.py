"""The result of parsing: Arrow batches of typed rows, each either good so far or with a reject reason.

A parsed batch has the landing columns (nullable), then :data:`MARKS`. A landing column named ``arrival_date``
becomes ``source_arrival_date``: what the row itself says, as opposed to the date of its folder.
"""

import datetime as dt
import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from causalrec.contracts import Column, Contract
from causalrec.contracts.types import ARROW_TYPES
from causalrec.errors import ReasonCode
from causalrec.ingest.formats.fill_down import Above
from causalrec.ingest.formats.layout import Layout, LeftOut
from causalrec.ingest.formats.notation import CONTRACT, InvalidValue, Notation
from causalrec.ingest.formats.values import Convert

# Marks a file that cannot be read to its end; the driver then refuses the delivery.
UNREADABLE = "unreadable_file"
# A row that the shop's layout filters out; it is counted but not kept.
LEFT_OUT = "left_out"

MARKS = pa.schema(
    [
        ("arrival_date", pa.date32()),
        ("source_file", pa.string()),
        ("source_line", pa.int64()),
        ("reason", pa.string()),
        ("detail", pa.string()),
        ("raw", pa.string()),
        ("unknown", pa.string()),
        ("nulled", pa.list_(pa.string())),
        ("unread", pa.list_(pa.string())),
    ]
)
ARRIVAL = "arrival_date"
_SHOWN_CHARS = 80


@dataclass(frozen=True)
class Problem:
    """Why a row was rejected while parsing."""

    reason: str
    detail: str


@dataclass(frozen=True)
class Origin:
    """The file that rows come from, and the length at which a raw row is truncated."""

    source_file: str
    arrival_date: dt.date
    max_raw_chars: int


def row_name(column: str) -> str:
    """Name of a landing column in a parsed batch."""
    return "source_arrival_date" if column == ARRIVAL else column


def parsed_schema(landing: Contract) -> pa.Schema:
    """Schema of every parsed batch of a landing contract."""
    fields = [pa.field(row_name(c.name), ARROW_TYPES[c.type]) for c in landing.columns]
    return pa.schema(fields + list(MARKS))


@dataclass(frozen=True)
class Parsed:
    """One row after its values were converted, in column order.

    Attributes:
        problem: why the row as a whole is rejected.
        unknown: first key with a value that is not in the contract.
        nulled: optional columns whose value could not be read, each with the reason; they are null.
        unread: for each of them, the value as in the file: a JSON object with that column alone.
        raw: text of the row, if it is only part of a row in the file.
    """

    values: list[object]
    problem: Problem | None = None
    unknown: str | None = None
    nulled: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    raw: str | None = None


def rejected(landing: Contract, problem: Problem) -> Parsed:
    """A row without values."""
    return Parsed([None] * len(landing.columns), problem)


def parse_rows(
    landing: Contract,
    layout: Layout,
    row: Mapping[str, object],
    arrival: dt.date,
    convert: Convert,
    above: Above,
    unknown: str | None = None,
) -> Iterator[Parsed]:
    """The parsed form of one row of a file; several rows if the layout says so."""
    for part, one in layout.rows(above.filled(row), landing, arrival):
        if isinstance(one, LeftOut):
            yield rejected(landing, Problem(LEFT_OUT, one.why))
            continue
        found = parse_mapping(landing, one, convert, layout.notation)
        raw = as_json(part) if found.problem and part is not row else None
        yield replace(found, unknown=unknown, raw=raw)


def parse_mapping(
    landing: Contract, row: Mapping[str, object], convert: Convert, notation: Notation = CONTRACT
) -> Parsed:
    """Typed values of one row, and the first problem in column order."""
    values: list[object] = []
    problem: Problem | None = None
    nulled, unread = [], []
    for column in landing.columns:
        given = row.get(column.name)
        try:
            value = convert(given, column.type, notation) if given is not None else None
        except InvalidValue as error:
            value = None
            if column.required or column.name == ARRIVAL:
                shown = repr(given)[:_SHOWN_CHARS]
                problem = problem or Problem(ReasonCode.INVALID_TYPE, f"{column.name}: {shown} {error}")
            else:
                nulled.append(f"{column.name} {error.reason}")
                unread.append(as_json({column.name: given}))
        if value is None and column.required and problem is None:
            problem = Problem(ReasonCode.MISSING_REQUIRED, f"{column.name} is missing")
        values.append(value)
    return Parsed(values, problem, nulled=tuple(nulled), unread=tuple(unread))


def as_json(values: Mapping[str, object]) -> str:
    """The JSON text that is kept of values as in the file."""
    text = json.dumps(values, ensure_ascii=False, default=str)
    return text.encode("utf-8", "backslashreplace").decode()


def rows_batch(
    landing: Contract,
    origin: Origin,
    numbers: Sequence[int],
    rows: Sequence[Parsed],
    raw: Callable[[int], str],
) -> pa.RecordBatch:
    """Rows that were converted one by one."""
    columns = [
        pa.array([row.values[i] if row.problem is None else None for row in rows], ARROW_TYPES[c.type])
        for i, c in enumerate(landing.columns)
    ]
    marks = [
        pa.array([row.problem and row.problem.reason for row in rows], pa.string()),
        pa.array([row.problem and row.problem.detail for row in rows], pa.string()),
        pa.array([row.unknown for row in rows], pa.string()),
        _notes([row.nulled if row.problem is None else () for row in rows]),
        _notes([_cut(row.unread, origin) if row.problem is None else () for row in rows]),
    ]

    def text(i: int) -> str:
        return rows[i].raw or raw(i)

    return _marked(landing, origin, numbers, columns, marks, text)


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
    if reasons.null_count < len(reasons):
        good = pc.is_null(reasons)
        columns = [pc.if_else(good, values, pa.scalar(None, values.type)) for values in columns]
    marks = [reasons, details, unknown, *[_no_notes(len(numbers))] * 2]
    return _marked(landing, origin, numbers, columns, marks, raw)


def left_out_batch(
    landing: Contract, origin: Origin, numbers: Sequence[int], why: pa.Array, raw: Callable[[int], str]
) -> pa.RecordBatch:
    """Rows that the layout filters out, each with the reason; they have no values."""
    size = len(numbers)
    columns = [pa.nulls(size, ARROW_TYPES[c.type]) for c in landing.columns]
    reasons, unknown = pa.repeat(LEFT_OUT, size), pa.nulls(size, pa.string())
    nothing = [_no_notes(size)] * 2
    return _marked(landing, origin, numbers, columns, [reasons, why, unknown, *nothing], raw)


def _notes(texts: Sequence[Sequence[str]]) -> pa.Array:
    return pa.array(texts, pa.list_(pa.string()))


def _cut(texts: Sequence[str], origin: Origin) -> Sequence[str]:
    return [text[: origin.max_raw_chars] for text in texts]


def _no_notes(size: int) -> pa.Array:
    return pa.ListArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), size + 1), pa.array([], pa.string()))


def unreadable_batch(landing: Contract, origin: Origin, why: str) -> pa.RecordBatch:
    """The row that marks a file that could not be read to its end."""
    return rows_batch(landing, origin, [0], [rejected(landing, Problem(UNREADABLE, why))], lambda _: "")


def _marked(
    landing: Contract,
    origin: Origin,
    numbers: Sequence[int],
    columns: Sequence[pa.Array],
    found: Sequence[pa.Array],
    raw: Callable[[int], str],
) -> pa.RecordBatch:
    size = len(numbers)
    reasons, details, unknown, nulled, unread = found
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
        nulled,
        unread,
    ]
    tidied = [_tidy(values, column, landing) for column, values in zip(landing.columns, columns, strict=True)]
    return pa.RecordBatch.from_arrays([*tidied, *marks], schema=parsed_schema(landing))


def _tidy(values: pa.Array, column: Column, landing: Contract) -> pa.Array:
    """Ids in one form; an optional number that is not a number is missing."""
    if column.name in landing.extensions.ids:
        return _tidy_id(values)
    if pa.types.is_floating(values.type) and not column.required:
        return pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)
    return values


def _tidy_id(values: pa.Array) -> pa.Array:
    """Trimmed and in one Unicode form (NFC), so that ids that look the same are the same.

    Does not use ``utf8_normalize``, which decomposes for either form (pyarrow 25).
    """
    trimmed = pc.utf8_trim_whitespace(values)
    if pc.all(pc.string_is_ascii(trimmed)).as_py() is not False:
        return trimmed
    folded = trimmed.dictionary_encode()
    texts = [unicodedata.normalize("NFC", text) for text in folded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(folded.indices)
