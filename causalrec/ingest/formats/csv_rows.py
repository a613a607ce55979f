"""CSV; every cell is text until it is converted to its column's type."""

import csv
import io
import itertools
import json
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import BinaryIO

import pyarrow as pa

from causalrec.contracts import Contract
from causalrec.errors import ReasonCode
from causalrec.ingest.formats.batch import Origin, Parsed, Problem, parse_rows, rejected, rows_batch
from causalrec.ingest.formats.by_columns import column_batches
from causalrec.ingest.formats.columns import mapped
from causalrec.ingest.formats.csv_blocks import after_lines, blocks, is_plain, text_columns
from causalrec.ingest.formats.csv_head import CsvHead, read_head
from causalrec.ingest.formats.fill_down import Above
from causalrec.ingest.formats.json_lines import SLOW_LINES, readable
from causalrec.ingest.formats.json_objects import joined
from causalrec.ingest.formats.layout import Layout
from causalrec.ingest.formats.values import convert_text

CHUNK_ROWS = 16_384


@dataclass(frozen=True)
class CsvRow:
    """Cells of one row, the line on which it begins, its text; ``problem`` if it is not valid CSV."""

    line: int
    cells: list[str]
    text: str
    problem: Problem | None = None


class RowTooLong(ValueError):
    """A row exceeds the cap; the rest of its line is skipped."""


class Lines:
    """Lines of UTF-8 text, counted; no line longer than ``max_row_bytes`` characters is held in full.

    Attributes:
        number: the line returned last; the first of the file is 1.
        taken: text of the row being read.
    """

    def __init__(self, stream: BinaryIO, max_row_bytes: int, number: int = 0) -> None:
        self._text = io.TextIOWrapper(stream, encoding="utf-8", errors="surrogateescape", newline="")
        self._cap = max_row_bytes
        self._again: list[str] = []
        self.number = number
        self.taken: list[str] = []
        self._size = 0  # characters of it; summed up, since a row may have millions of lines

    def start_row(self) -> None:
        """What comes next is a new row."""
        self.taken.clear()
        self._size = 0

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        self.number += 1
        line = self._again.pop() if self._again else self._text.readline(self._cap + 1)
        if not line:
            raise StopIteration
        self.taken.append(line)
        self._size += len(line)
        if self._size > self._cap:
            while line and not line.endswith(("\n", "\r")):
                line = self._text.readline(self._cap)
            raise RowTooLong(f"the row is longer than {self._cap:,} bytes")
        return line

    def again(self, line: str) -> None:
        """Return this line again."""
        self._again.append(line)
        self.number -= 1


def csv_head(stream: BinaryIO, landing: Contract, layout: Layout, max_row_bytes: int) -> CsvHead:
    """Names and delimiter of a CSV stream; no names if it is empty.

    Raises:
        csv.Error: the header is not valid CSV. RowTooLong: it is longer than a row may be.
    """
    csv.field_size_limit(max_row_bytes)
    return _head(Lines(stream, max_row_bytes), landing, layout)


def _head(lines: Lines, landing: Contract, layout: Layout) -> CsvHead:
    feed = layout.feed
    head = read_head(lines, layout.known(landing), feed.header, feed.delimiter)
    if head.first:
        lines.again(head.first)
    return head


def read_csv(
    stream: BinaryIO, landing: Contract, origin: Origin, max_row_bytes: int, layout: Layout
) -> Iterator[pa.RecordBatch]:
    """Parsed batches of a CSV stream; ``source_line`` is the line on which a row begins.

    Blocks with one row per line are read as columns, the others row by row; so are files whose rows inherit
    from the rows above.

    Raises:
        EOFError: a quote is never closed, so that the rest of the file is inside it.
    """
    csv.field_size_limit(max_row_bytes)  # process-wide; every file of a delivery has the same limit
    pieces = blocks(stream, max_row_bytes)
    top = next(pieces, b"")
    lines = Lines(io.BytesIO(top), max_row_bytes)
    above = Above(layout.feed.fill_down)
    reading = CsvReading(_head(lines, landing, layout), landing, origin, max_row_bytes, layout, above)
    start, number = after_lines(top, lines.number), lines.number
    if start is None or layout.feed.fill_down.columns:
        whole = Lines(joined(top, stream), max_row_bytes)
        yield from _by_rows(whole, replace(reading, head=_head(whole, landing, layout)))
        return
    for block in itertools.chain([top[start:]], pieces):
        try:
            if not block.endswith(b"\n"):
                raise EOFError
            number = yield from _block(block, number, reading)
        except EOFError:  # it ends inside a row: what follows belongs to that row
            yield from _by_rows(Lines(joined(block, stream), max_row_bytes, number), reading)
            return


@dataclass(frozen=True)
class CsvReading:
    """Settings shared by all rows of a file."""

    head: CsvHead
    landing: Contract
    origin: Origin
    max_row_bytes: int
    layout: Layout
    above: Above


def _block(block: bytes, number: int, how: CsvReading) -> Generator[pa.RecordBatch, None, int]:
    """Batches of a block below line ``number``; returns the number of its last line.

    Raises:
        EOFError: it ends inside a row; nothing has been yielded then.
    """
    unix = block.replace(b"\r\n", b"\n") if b"\r" in block else block
    if how.head.twice or not is_plain(unix, how.head.delimiter, how.max_row_bytes):
        lines = Lines(io.BytesIO(block), how.max_row_bytes, number)
        yield from list(_by_rows(lines, how))
        return lines.number
    yield from _plain(unix, number, how)
    return number + unix.count(b"\n")


def _plain(block: bytes, number: int, how: CsvReading) -> Iterator[pa.RecordBatch]:
    """A plain block; if a row has a different width, the block is halved until it is small."""
    names, known = how.head.names, how.layout.known(how.landing)
    try:
        cells = text_columns(block, how.head.delimiter, len(names))
    except ValueError:
        middle = block.find(b"\n", len(block) // 2) + 1
        if block.count(b"\n") <= SLOW_LINES or middle in (0, len(block)):
            yield from _by_rows(Lines(io.BytesIO(block), how.max_row_bytes, number), how)
            return
        yield from _plain(block[:middle], number, how)
        yield from _plain(block[middle:], number + block[:middle].count(b"\n"), how)
        return
    chosen = {name: cells.column(i) for i, name in enumerate(names) if name in known}
    rows = pa.RecordBatch.from_arrays(list(chosen.values()), names=list(chosen))
    found = mapped(rows, how.landing, how.layout, how.origin.arrival_date, blank_is_none=True)
    if found is None:
        yield from _by_rows(Lines(io.BytesIO(block), how.max_row_bytes, number), how)
        return
    texts = cache(lambda: block.split(b"\n"))

    def row(i: int) -> CsvRow:
        text = texts()[i].decode()
        return CsvRow(number + 1 + i, next(csv.reader([text], delimiter=how.head.delimiter)), text)

    yield from column_batches(
        found,
        how.landing,
        how.origin,
        range(number + 1, number + 1 + cells.num_rows),
        pa.nulls(cells.num_rows, pa.string()),
        lambda i: _raw(how.head, row(i)),
        lambda places: _rows_batch([row(i) for i in places], how),
    )


def _by_rows(lines: Lines, how: CsvReading) -> Iterator[pa.RecordBatch]:
    rows = _rows(lines, how.head.delimiter)
    while chunk := list(itertools.islice(rows, CHUNK_ROWS)):
        yield _rows_batch(chunk, how)


def _rows_batch(chunk: list[CsvRow], how: CsvReading) -> pa.RecordBatch:
    parsed, at = [], []
    for row in chunk:
        for one in _parsed(row, how):
            parsed.append(one)
            at.append(row)
    numbers = [row.line for row in at]
    return rows_batch(how.landing, how.origin, numbers, parsed, lambda i: _raw(how.head, at[i]))


def _rows(lines: Lines, delimiter: str) -> Iterator[CsvRow]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        first = lines.number + 1
        lines.start_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except RowTooLong as error:
            yield CsvRow(first, [], "".join(lines.taken), Problem(ReasonCode.BAD_TEXT, str(error)))
            reader = csv.reader(lines, delimiter=delimiter, strict=True)  # the old one is inside a row
            continue
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                raise EOFError(
                    f"a quote is opened on line {first} and never closed; inside a cell it is written twice"
                ) from error
            yield CsvRow(first, [], "".join(lines.taken), _problem(error))
            continue
        if cells:
            yield CsvRow(first, cells, "".join(lines.taken))


def _problem(error: csv.Error) -> Problem:
    too_long = "field limit" in str(error)
    return Problem(ReasonCode.BAD_TEXT if too_long else ReasonCode.UNPARSEABLE, f"no CSV: {error}")


def _parsed(row: CsvRow, how: CsvReading) -> Iterator[Parsed]:
    if row.problem:
        yield rejected(how.landing, row.problem)
    elif len(row.cells) != len(how.head.names):
        found = f"{len(row.cells)} cells, the header has {len(how.head.names)}"
        yield rejected(how.landing, Problem(ReasonCode.UNPARSEABLE, found))
    else:
        cells, arrival = _cells(how.head, row), how.origin.arrival_date
        yield from parse_rows(how.landing, how.layout, cells, arrival, convert_text, how.above)


def _cells(head: CsvHead, row: CsvRow) -> Mapping[str, object]:
    return {name: cell for name, cell in zip(head.names, row.cells, strict=True) if name}


def _raw(head: CsvHead, row: CsvRow) -> str:
    """The non-empty cells as JSON if the row has the right number of cells; any other row as in the file."""
    if len(row.cells) != len(head.names):
        return _tidy(row.text.rstrip("\r\n"))
    return json.dumps({n: _tidy(str(c)) for n, c in _cells(head, row).items() if c}, ensure_ascii=False)


def _tidy(text: str) -> str:
    return readable(text.encode("utf-8", "surrogateescape"))
