"""JSON lines: whole blocks by Arrow's parser if every line is clean, otherwise line by line."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from operator import itemgetter
from typing import BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from causalrec.contracts import Contract
from causalrec.contracts.types import ARROW_TYPES
from causalrec.errors import ReasonCode
from causalrec.ingest.formats.batch import (
    Origin,
    Parsed,
    Problem,
    columns_batch,
    parse_rows,
    rejected,
    rows_batch,
)
from causalrec.ingest.formats.by_columns import column_batches
from causalrec.ingest.formats.columns import mapped
from causalrec.ingest.formats.csv_head import spelled
from causalrec.ingest.formats.fill_down import Above
from causalrec.ingest.formats.json_objects import one_per_line
from causalrec.ingest.formats.layout import AS_CONTRACT, Layout
from causalrec.ingest.formats.values import convert_value

BLOCK_BYTES = 2 << 20
MAX_BRACKETS = 64
SLOW_LINES = 256
_BOM = b"\xef\xbb\xbf"
_YEARS = {  # the first and the last value of the years 1 to 9999
    "timestamp": [
        pa.scalar(second * 1_000_000 + rest, pa.int64()).cast(pa.timestamp("us", "UTC"))
        for second, rest in ((-62_135_596_800, 0), (253_402_300_799, 999_999))
    ],
    "date": [pa.scalar(day, pa.int32()).cast(pa.date32()) for day in (-719_162, 2_932_896)],
}

_LF = ord("\n")

Line: TypeAlias = tuple[int, bytes]
Bytes: TypeAlias = npt.NDArray[np.uint8]


def read_json_lines(
    stream: BinaryIO, landing: Contract, origin: Origin, max_row_bytes: int, layout: Layout = AS_CONTRACT
) -> Iterator[pa.RecordBatch]:
    """Parsed batches of a stream of JSON objects, one per line; blank lines are skipped.

    A single array of objects, and objects that span several lines, are read too: ``source_line`` is then the
    number of the object.

    Raises:
        EOFError: the last object is not complete.
    """
    reading = JsonReading(landing, origin, max_row_bytes, layout, Above(layout.feed.fill_down))
    first = 1
    for block in _blocks(one_per_line(stream, max_row_bytes), max_row_bytes):
        yield from _parse(block, first, reading)
        first += _count(block)


@dataclass(frozen=True)
class JsonReading:
    """Settings shared by all blocks of a file."""

    landing: Contract
    origin: Origin
    max_row_bytes: int
    layout: Layout
    above: Above


def _blocks(stream: BinaryIO, max_row_bytes: int) -> Iterator[bytes]:
    """Whole lines, each ending in a line feed; of an overlong line at least ``max_row_bytes`` + 1 bytes."""
    mark = _BOM
    while block := stream.read(BLOCK_BYTES):
        if not block.endswith(b"\n"):
            rest = end = stream.readline(max_row_bytes + 1)
            while end and not end.endswith(b"\n"):
                end = stream.readline(max_row_bytes)
            block += rest.removesuffix(b"\n") + b"\n"
        yield block.removeprefix(mark)
        mark = b""


def _parse(block: bytes, first: int, how: JsonReading) -> Iterator[pa.RecordBatch]:
    """Keep the slow path to few rows: a block with a doubtful line is halved until it is small."""
    batches = _native(block, first, how) if how.layout.is_native else _mapped(block, first, how)
    if batches is not None:
        yield from batches
        return
    if _count(block) <= SLOW_LINES:
        lines = [(first + i, line.strip(b" \t\r")) for i, line in enumerate(block.split(b"\n"))]
        chunk = [(number, line) for number, line in lines if line]
        if chunk:
            yield _slow(chunk, how)
        return
    cut = _middle(block)
    yield from _parse(block[:cut], first, how)
    yield from _parse(block[cut:], first + _count(block[:cut]), how)


def _middle(block: bytes) -> int:
    """Where the second half of the lines begins."""
    ends = _ends(np.frombuffer(block, np.uint8))
    return int(ends[len(ends) // 2 - 1]) + 1


def _count(block: bytes) -> int:
    return int(np.count_nonzero(np.frombuffer(block, np.uint8) == _LF))


def _ends(data: Bytes) -> npt.NDArray[np.intp]:
    """Positions of the line feeds; with numpy, since ``bytes.count`` is several times slower."""
    return np.flatnonzero(data == _LF)


def _native(block: bytes, first: int, how: JsonReading) -> list[pa.RecordBatch] | None:
    """The block as columns, or None where any line needs a closer look."""
    block, landing = _unix(block), how.landing
    try:
        table = _table(block, _text_schema(landing), how.max_row_bytes)
        if table is None:
            return None
        if spelled(table.column_names, frozenset(landing.column_names)) != table.column_names:
            return _mapped(block, first, how)  # a key of the contract in other letters
        columns = [_typed(table[column.name].combine_chunks(), column.type) for column in landing.columns]
    except ValueError:  # pa.ArrowInvalid and UnicodeDecodeError are both
        return None
    lines = _lines_of(block)
    unknown = _unknown(table, table.column_names, frozenset(landing.column_names), how.layout)
    numbers = range(first, first + table.num_rows)
    return [columns_batch(landing, how.origin, numbers, columns, unknown, lambda i: lines()[i].decode())]


def _mapped(block: bytes, first: int, how: JsonReading) -> list[pa.RecordBatch] | None:
    """The same for a shop's own layout; only doubtful rows are read one by one."""
    block, landing, layout = _unix(block), how.landing, how.layout
    known = layout.known(landing)
    try:
        table = _untimed(block, how.max_row_bytes)
        if table is None:
            return None
        names = spelled(table.column_names, known)
        if len(set(names)) < len(names):
            return None
        table = table.rename_columns(names).combine_chunks()
        rows = table.to_batches()[0].select([name for name in names if name in known])
        found = mapped(rows, landing, layout, how.origin.arrival_date)
    except ValueError:
        return None
    if found is None:
        return None
    unknown = _unknown(table, names, known, layout)
    lines = _lines_of(block)

    def one_by_one(places: list[int]) -> pa.RecordBatch:
        return _slow([(first + i, lines()[i].strip(b" \t\r")) for i in places], how)

    numbers = range(first, first + table.num_rows)
    raw = partial(_readable_line, lines)
    return column_batches(found, landing, how.origin, numbers, unknown, raw, one_by_one)


def _unix(block: bytes) -> bytes:
    return block.replace(b"\r\n", b"\n") if b"\r" in block else block


def _lines_of(block: bytes) -> Callable[[], list[bytes]]:
    return cache(lambda: block.split(b"\n"))


def _readable_line(lines: Callable[[], list[bytes]], i: int) -> str:
    return readable(lines()[i].strip(b" \t\r"))


def _untimed(block: bytes, max_row_bytes: int) -> pa.Table | None:
    """Columns as Arrow infers them, but texts that look like times stay texts for the layout to read."""
    table = _table(block, None, max_row_bytes)
    if table is None:
        return None
    timed = [f.name for f in table.schema if pa.types.is_temporal(f.type)]
    return _table(block, pa.schema([(n, pa.string()) for n in timed]), max_row_bytes) if timed else table


def _table(block: bytes, schema: pa.Schema | None, max_row_bytes: int) -> pa.Table | None:
    """One row per line; None where the lines are not plain objects.

    Raises:
        ValueError: the block is not UTF-8, not JSON of one type per column, or Arrow read it wrongly.
    """
    if not _is_plain(block, max_row_bytes):
        return None
    if not block.isascii():
        block.decode()
    table = pa.json.read_json(
        pa.BufferReader(block),
        read_options=pa.json.ReadOptions(use_threads=False, block_size=len(block) + 1),
        parse_options=pa.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="infer"),
    )
    # Arrow gives a list that begins with null, in a column without a given type, a wrong length
    table.validate()
    return table if table.num_rows == _count(block) else None


def _is_plain(block: bytes, max_row_bytes: int) -> bool:
    """Whether every line is one object and safe for Arrow's parser.

    It reads a block across line ends, and crashes on very deep nesting.
    """
    if b"\x00" in block or not block.startswith(b"{"):
        return False
    data = np.frombuffer(block, np.uint8)
    ends = _ends(data)
    if (data[ends - 1] != ord("}")).any() or (data[ends[:-1] + 1] != ord("{")).any():
        return False
    opening = (data == ord("{")) | (data == ord("["))
    if np.count_nonzero(opening) < len(ends) + MAX_BRACKETS and len(block) <= max_row_bytes:
        return True  # each line has one at least, so none has too many
    per_line = np.diff(np.cumsum(opening, dtype=np.int32)[ends], prepend=0)
    return bool(per_line.max() <= MAX_BRACKETS and np.diff(ends, prepend=-1).max() <= max_row_bytes + 1)


def _text_schema(landing: Contract) -> pa.Schema:
    """Types as in JSON, where times and dates are texts."""
    texts = {"timestamp", "date"}
    return pa.schema(
        [(c.name, pa.string() if c.type in texts else ARROW_TYPES[c.type]) for c in landing.columns]
    )


def _typed(values: pa.Array, type_name: str) -> pa.Array:
    typed = pc.cast(values, ARROW_TYPES[type_name])
    if type_name in _YEARS and typed.null_count < len(typed):
        first, last = _YEARS[type_name]
        if pc.min(typed).value < first.value or pc.max(typed).value > last.value:
            raise pa.ArrowInvalid("outside the years 1 to 9999")
    if type_name == "array<string>" and _untidy(typed):
        raise pa.ArrowInvalid("a list with empty, missing or padded texts")
    return typed


def _untidy(lists: pa.Array) -> bool:
    texts = lists.flatten()
    trimmed = pc.utf8_trim_whitespace(texts)
    tidy = pc.all(pc.and_(pc.equal(texts, trimmed), pc.not_equal(texts, "")), skip_nulls=False).as_py()
    return tidy is not True and len(texts) > 0


def _unknown(table: pa.Table, names: Sequence[str], known: frozenset[str], layout: Layout) -> pa.Array:
    """Per row, the first unknown key that holds a value; null without one, or if the shop ignores them."""
    found = pa.nulls(table.num_rows, pa.string())
    if layout.feed.extra_columns == "ignore":
        return found
    for name, column in sorted(zip(names, table.columns, strict=True), key=itemgetter(0), reverse=True):
        if name not in known:
            found = pc.if_else(pc.is_valid(column.combine_chunks()), name, found)
    return found


def _slow(chunk: list[Line], how: JsonReading) -> pa.RecordBatch:
    rows, at = [], []
    for i, (_, line) in enumerate(chunk):
        for row in _rows(line, how):
            rows.append(row)
            at.append(i)
    numbers = [chunk[i][0] for i in at]
    return rows_batch(how.landing, how.origin, numbers, rows, lambda i: readable(chunk[at[i]][1]))


def readable(raw: bytes) -> str:
    """Bytes as text; invalid UTF-8 and NUL become escapes such as ``\\xff``."""
    return raw.decode("utf-8", "backslashreplace").replace("\x00", "\\x00")


def _rows(line: bytes, how: JsonReading) -> Iterator[Parsed]:
    try:
        tree = _tree(line, how.max_row_bytes)
    except NoRow as error:
        yield rejected(how.landing, error.problem)
        return
    known = how.layout.known(how.landing)
    names = spelled(tree, known)
    row = dict(zip(names, tree.values(), strict=True))
    if len(row) < len(tree):
        twice = Problem(ReasonCode.UNPARSEABLE, "not JSON: a key appears twice")
        yield rejected(how.landing, twice)
        return
    unknown = None
    if how.layout.feed.extra_columns == "refuse":
        unknown = min(
            (key for key, value in row.items() if key not in known and value is not None), default=None
        )
    shown = unknown and readable(unknown.encode("utf-8", "backslashreplace"))
    arrival = how.origin.arrival_date
    yield from parse_rows(how.landing, how.layout, row, arrival, convert_value, how.above, shown)


class NoRow(ValueError):
    """A line that is not a row."""

    def __init__(self, reason: ReasonCode, detail: str) -> None:
        super().__init__(detail)
        self.problem = Problem(reason, detail)


def _tree(line: bytes, max_row_bytes: int) -> dict[str, object]:
    if len(line) > max_row_bytes:
        raise NoRow(ReasonCode.BAD_TEXT, f"the row is longer than {max_row_bytes:,} bytes")
    try:
        tree = json.loads(line.decode(), object_pairs_hook=_unique)
    except UnicodeDecodeError as error:
        raise NoRow(ReasonCode.UNPARSEABLE, f"not UTF-8 at byte {error.start + 1}") from error
    except (ValueError, RecursionError) as error:
        raise NoRow(ReasonCode.UNPARSEABLE, f"not JSON: {str(error)[:80]}") from error
    if not isinstance(tree, dict):
        raise NoRow(ReasonCode.UNPARSEABLE, "no JSON object")
    return tree


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    tree = dict(pairs)
    if len(tree) < len(pairs):
        raise ValueError("a key appears twice")
    return tree
