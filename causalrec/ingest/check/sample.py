"""The first rows of one file: its columns as delivered, and the parsed rows."""

import csv
import datetime as dt
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pyarrow.parquet as pq

from causalrec.contracts import Contract
from causalrec.errors import CausalrecError, SourceError
from causalrec.ingest.check.guess import guessed_type
from causalrec.ingest.check.raw import raw_rows
from causalrec.ingest.formats.batch import UNREADABLE
from causalrec.ingest.formats.csv_rows import csv_head
from causalrec.ingest.formats.layout import Layout
from causalrec.ingest.formats.rows import DAMAGED, ReadLimits, read_file
from causalrec.ingest.formats.shape import Passed, opened
from causalrec.ingest.header import check_header

RAW_ROWS = 50
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True)
class FileCheck:
    """One file of a delivery.

    Attributes:
        name: inside the delivery.
        shape: format, compression, encoding and delimiter; '' if it cannot be read.
        problem: why it is refused as a whole; '' if it is not.
        columns: names as in the file.
        raw: the first rows as delivered, by name.
        rows: the first rows after parsing.
        damaged: whether ``problem`` lies in its bytes, not in its columns.
        share: of the file that was read, from 0 to 1; an estimate if it was not read to its end.
    """

    name: str
    shape: str = ""
    problem: str = ""
    columns: tuple[str, ...] = ()
    raw: tuple[Mapping[str, Any], ...] = ()
    rows: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    damaged: bool = False
    share: float = 1.0

    @property
    def types(self) -> dict[str, str]:
        """Column -> what its first values seem to be; '' for a column without any."""
        return {name: guessed_type([row.get(name) for row in self.raw]) for name in self.columns}

    @property
    def broken(self) -> str:
        """Why it cannot be read to its end; ''."""
        torn = (str(row["detail"]) for row in self.rows if row["reason"] == UNREADABLE)
        return self.problem if self.damaged else next(torn, "")


def check_file(
    file: str, name: str, arrival: dt.date, landing: Contract, layout: Layout, limits: ReadLimits, most: int
) -> FileCheck:
    """Checks the first ``most`` rows of a file (0: its columns); never raises because of its content."""
    shape = problem = ""
    damaged = False
    raw: list[Mapping[str, Any]] = []
    try:
        with opened(file, layout.place(landing), layout.feed) as (_, found):
            shape = str(found)
            if found.format == "csv":
                shape += f", {_delimiter(file, landing, layout, limits)}"
        raw = list(raw_rows(file, name, landing, layout, limits, RAW_ROWS))
        check_header(file, landing, layout, limits.max_row_bytes)
    except CausalrecError as error:
        problem, damaged = str(error), isinstance(error, SourceError)
    except (csv.Error, *DAMAGED) as error:
        damaged = True
        problem = f"{file} cannot be read: {type(error).__name__}: {error} -> deliver the file again"
    if problem or not most:
        rows, share = list[Mapping[str, Any]](), 1.0 if most else 0.0
    else:
        rows, share = _first_rows(file, name, arrival, landing, layout, limits, most)
    columns = dict.fromkeys(key for row in raw for key in row)
    return FileCheck(name, shape, problem, tuple(columns), tuple(raw), tuple(rows), damaged, share)


def _delimiter(file: str, landing: Contract, layout: Layout, limits: ReadLimits) -> str:
    with opened(file, layout.place(landing), layout.feed) as (stream, _):
        found = csv_head(stream, landing, layout, limits.max_row_bytes).delimiter
    return DELIMITERS.get(found, found)


def _first_rows(
    file: str, name: str, arrival: dt.date, landing: Contract, layout: Layout, limits: ReadLimits, most: int
) -> tuple[list[Mapping[str, Any]], float]:
    """The first parsed rows, and the share of the file that they are.

    Readers take whole blocks: to know how many rows the bytes that were read hold, batches are counted up to
    the end of the last block.
    """
    rows: list[Mapping[str, Any]] = []
    passed, count, place = Passed(), 0, 0
    with closing(read_file(file, name, arrival, landing, limits, layout, passed)) as batches:
        for batch in batches:
            if len(rows) < most:
                rows, place = rows + batch.to_pylist(), passed.bytes
            elif passed.bytes > place:
                break
            count += batch.num_rows
        else:
            return rows[:most], min(most / max(count, 1), 1.0)
    return rows[:most], _share(file, landing, layout, place / passed.size, count) * most / count


def _share(file: str, landing: Contract, layout: Layout, of_bytes: float, rows: int) -> float:
    """The share of a file that its first rows are; Parquet says how many it has."""
    with opened(file, layout.place(landing), layout.feed) as (stream, shape):
        if shape.format != "parquet":
            return of_bytes
        whole: int = pq.ParquetFile(stream).metadata.num_rows
    return min(rows / max(whole, 1), 1.0)
