"""Any landing file as parsed Arrow batches, whatever its format."""

import datetime as dt
import lzma
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from causalrec.contracts import Contract
from causalrec.errors import CausalrecError
from causalrec.ingest.formats.batch import Origin, unreadable_batch
from causalrec.ingest.formats.csv_rows import read_csv
from causalrec.ingest.formats.json_lines import read_json_lines
from causalrec.ingest.formats.layout import AS_CONTRACT, Layout
from causalrec.ingest.formats.parquet_rows import read_parquet
from causalrec.ingest.formats.shape import Format, Passed, opened

READERS: Mapping[Format, Callable[..., Iterator[pa.RecordBatch]]] = {
    "json": read_json_lines,
    "csv": read_csv,
    "parquet": read_parquet,
}
MAX_RAW_CHARS = 10_000  # of a rejected row, kept in quarantine
DAMAGED = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, pa.ArrowException)


@dataclass(frozen=True)
class ReadLimits:
    """Bounds of one row, in bytes of its source and characters of its quarantined text."""

    max_row_bytes: int
    max_raw_chars: int


def read_file(
    file: str,
    source_file: str,
    arrival_date: dt.date,
    landing: Contract,
    limits: ReadLimits,
    layout: Layout = AS_CONTRACT,
    passed: Passed | None = None,
) -> Generator[pa.RecordBatch, None, None]:
    """Parsed batches of one file. A truncated file ends with a row whose reason says so.

    ``passed`` sees, between two batches, how far the file has been read.
    """
    origin = Origin(source_file, arrival_date, limits.max_raw_chars)
    try:
        with opened(file, layout.place(landing), layout.feed, passed) as (stream, shape):
            reader = READERS.get(shape.format)
            if reader is not None:
                yield from reader(stream, landing, origin, limits.max_row_bytes, layout)
    except CausalrecError as error:
        yield unreadable_batch(landing, origin, str(error))
    except DAMAGED as error:
        yield unreadable_batch(landing, origin, f"{type(error).__name__}: {error}"[:500])
