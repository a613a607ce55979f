"""CSV with a header line; every cell is text until its column's type says otherwise."""

import csv
import io
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

import pyarrow as pa

from causalrec.contracts import Contract
from causalrec.errors import ReasonCode
from causalrec.ingest.batch import Origin, Problem, parse_mapping, rows_batch
from causalrec.ingest.jsonlines import readable
from causalrec.ingest.values import convert_text

CHUNK_ROWS = 16_384


@dataclass(frozen=True)
class CsvRow:
    """Cells of one row, the line on which it begins, its text; ``problem`` where it is no CSV."""

    line: int
    cells: list[str]
    text: str
    problem: Problem | None = None


def csv_header(stream: BinaryIO) -> list[str]:
    """Names in the header line; empty where the file is."""
    return next(csv.reader(_text(stream)), [])


def read_csv(
    stream: BinaryIO, landing: Contract, origin: Origin, max_row_bytes: int
) -> Iterator[pa.RecordBatch]:
    """Parsed batches of a CSV stream; ``source_line`` is the line on which a row begins.

    Raises:
        EOFError: a quote is opened and never closed, so that the end of the file is swallowed.
    """
    rows = _rows(stream, max_row_bytes)
    header = next(rows, CsvRow(1, [], "")).cells
    while chunk := list(itertools.islice(rows, CHUNK_ROWS)):
        parsed = [_row(row, header, landing) for row in chunk]
        yield rows_batch(landing, origin, [row.line for row in chunk], parsed, partial(_raw, header, chunk))


def _text(stream: BinaryIO) -> io.TextIOWrapper:
    return io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")


def _rows(stream: BinaryIO, max_row_bytes: int) -> Iterator[CsvRow]:
    csv.field_size_limit(max_row_bytes)  # process-wide; every file of a delivery has the same limit
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in _text(stream):
            taken.append(line)
            yield line

    reader = csv.reader(lines(), strict=True)
    while True:
        first = reader.line_num + 1
        taken.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                raise EOFError(f"a quote is opened on line {first} and never closed") from error
            yield CsvRow(first, [], "".join(taken), _problem(error))
            continue
        if cells:
            yield CsvRow(first, cells, "".join(taken))


def _problem(error: csv.Error) -> Problem:
    too_long = "field limit" in str(error)
    return Problem(ReasonCode.BAD_TEXT if too_long else ReasonCode.UNPARSEABLE, f"no CSV: {error}")


def _row(
    row: CsvRow, header: list[str], landing: Contract
) -> tuple[list[object], Problem | None, str | None]:
    blank: list[object] = [None] * len(landing.columns)
    if row.problem:
        return blank, row.problem, None
    if len(row.cells) != len(header):
        found = f"{len(row.cells)} cells, the header has {len(header)}"
        return blank, Problem(ReasonCode.UNPARSEABLE, found), None
    values, problem = parse_mapping(landing, dict(zip(header, row.cells, strict=True)), convert_text)
    return values, problem, None


def _raw(header: list[str], chunk: list[CsvRow], i: int) -> str:
    """A row with the right number of cells as JSON, any other as it stands in the file."""
    row = chunk[i]
    if len(row.cells) != len(header):
        return _tidy(row.text.rstrip("\r\n"))
    return json.dumps({n: _tidy(c) for n, c in zip(header, row.cells, strict=True)}, ensure_ascii=False)


def _tidy(text: str) -> str:
    return readable(text.encode("utf-8", "surrogateescape"))
