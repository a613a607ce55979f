"""CSV; every cell is text until its column's type says otherwise."""

import csv
import io
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

import pyarrow as pa

from causalrec.contracts import Contract
from causalrec.errors import ReasonCode
from causalrec.ingest.formats.batch import Origin, Parsed, Problem, parse_rows, rejected, rows_batch
from causalrec.ingest.formats.csv_head import CsvHead, read_head
from causalrec.ingest.formats.json_lines import readable
from causalrec.ingest.formats.layout import Layout
from causalrec.ingest.formats.values import convert_text

CHUNK_ROWS = 16_384


@dataclass(frozen=True)
class CsvRow:
    """Cells of one row, the line on which it begins, its text; ``problem`` where it is no CSV."""

    line: int
    cells: list[str]
    text: str
    problem: Problem | None = None


class RowTooLong(ValueError):
    """A row goes on beyond the cap; the rest of its line is skipped."""


class Lines:
    """Lines of UTF-8 text, counted, none held longer than ``max_row_bytes`` characters.

    Attributes:
        number: line that was given last, from 1.
        taken: text of the row that is being read.
    """

    def __init__(self, stream: BinaryIO, max_row_bytes: int) -> None:
        self._text = io.TextIOWrapper(stream, encoding="utf-8", errors="surrogateescape", newline="")
        self._cap = max_row_bytes
        self._again: list[str] = []
        self.number = 0
        self.taken: list[str] = []

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        self.number += 1
        line = self._again.pop() if self._again else self._text.readline(self._cap + 1)
        if not line:
            raise StopIteration
        self.taken.append(line)
        if len(line) > self._cap or sum(map(len, self.taken)) > self._cap:
            while line and not line.endswith(("\n", "\r")):
                line = self._text.readline(self._cap)
            raise RowTooLong(f"the row is longer than {self._cap:,} bytes")
        return line

    def again(self, line: str) -> None:
        """Give this line once more."""
        self._again.append(line)
        self.number -= 1


def csv_head(stream: BinaryIO, landing: Contract, layout: Layout, max_row_bytes: int) -> CsvHead:
    """Names and delimiter of a CSV stream; no names where it is empty.

    Raises:
        csv.Error: the header is no CSV. RowTooLong: it is longer than a row may be.
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

    Raises:
        EOFError: a quote is opened and never closed, so that the end of the file is swallowed.
    """
    csv.field_size_limit(max_row_bytes)  # process-wide; every file of a delivery has the same limit
    lines = Lines(stream, max_row_bytes)
    head = _head(lines, landing, layout)
    rows = _rows(lines, head.delimiter)
    while chunk := list(itertools.islice(rows, CHUNK_ROWS)):
        parsed, at = [], []
        for i, row in enumerate(chunk):
            for one in _parsed(row, head, landing, origin, layout):
                parsed.append(one)
                at.append(i)
        numbers = [chunk[i].line for i in at]
        yield rows_batch(landing, origin, numbers, parsed, partial(_raw, head, [chunk[i] for i in at]))


def _rows(lines: Lines, delimiter: str) -> Iterator[CsvRow]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        first = lines.number + 1
        lines.taken.clear()
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
                raise EOFError(f"a quote is opened on line {first} and never closed") from error
            yield CsvRow(first, [], "".join(lines.taken), _problem(error))
            continue
        if cells:
            yield CsvRow(first, cells, "".join(lines.taken))


def _problem(error: csv.Error) -> Problem:
    too_long = "field limit" in str(error)
    return Problem(ReasonCode.BAD_TEXT if too_long else ReasonCode.UNPARSEABLE, f"no CSV: {error}")


def _parsed(
    row: CsvRow, head: CsvHead, landing: Contract, origin: Origin, layout: Layout
) -> Iterator[Parsed]:
    if row.problem:
        yield rejected(landing, row.problem)
    elif len(row.cells) != len(head.names):
        found = f"{len(row.cells)} cells, the header has {len(head.names)}"
        yield rejected(landing, Problem(ReasonCode.UNPARSEABLE, found))
    else:
        yield from parse_rows(landing, layout, _cells(head, row), origin.arrival_date, convert_text)


def _cells(head: CsvHead, row: CsvRow) -> Mapping[str, object]:
    return {name: cell for name, cell in zip(head.names, row.cells, strict=True) if name}


def _raw(head: CsvHead, chunk: list[CsvRow], i: int) -> str:
    """A row with the right number of cells as JSON, any other as it stands in the file."""
    row = chunk[i]
    if len(row.cells) != len(head.names):
        return _tidy(row.text.rstrip("\r\n"))
    return json.dumps({n: _tidy(str(c)) for n, c in _cells(head, row).items()}, ensure_ascii=False)


def _tidy(text: str) -> str:
    return readable(text.encode("utf-8", "surrogateescape"))
