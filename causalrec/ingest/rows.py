"""Any landing file as parsed Arrow batches, whatever its format."""

import datetime as dt
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import fsspec
import pyarrow as pa

from causalrec.contracts import Contract
from causalrec.ingest.batch import Origin, unreadable_batch
from causalrec.ingest.csvrows import read_csv
from causalrec.ingest.header import file_format
from causalrec.ingest.jsonlines import read_json_lines
from causalrec.ingest.parquetrows import read_parquet

READERS = {"json": read_json_lines, "csv": read_csv, "parquet": read_parquet}


@dataclass(frozen=True)
class ReadLimits:
    """Bounds of one row, in bytes of its source and characters of its quarantined text."""

    max_row_bytes: int
    max_raw_chars: int


def read_file(
    file: str, source_file: str, arrival_date: dt.date, landing: Contract, limits: ReadLimits
) -> Iterator[pa.RecordBatch]:
    """Parsed batches of one file. A file that breaks off ends with a row whose reason says so."""
    origin = Origin(source_file, arrival_date, limits.max_raw_chars)
    kind = file_format(file)
    try:
        with fsspec.open(file, "rb", compression=None if kind == "parquet" else "infer") as stream:
            yield from READERS[kind](stream, landing, origin, limits.max_row_bytes)
    except (OSError, EOFError, gzip.BadGzipFile, zlib.error, pa.ArrowException) as error:
        yield unreadable_batch(landing, origin, f"{type(error).__name__}: {error}"[:500])
