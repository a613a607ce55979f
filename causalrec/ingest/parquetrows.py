"""Parquet: whole columns where they convert without loss, row by row where one does not."""

import json
from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from causalrec.contracts import Contract
from causalrec.contracts.types import ARROW_TYPES
from causalrec.ingest.batch import Origin, columns_batch, parse_mapping, rows_batch
from causalrec.ingest.values import convert_value

CHUNK_ROWS = 16_384


def read_parquet(
    stream: BinaryIO, landing: Contract, origin: Origin, max_row_bytes: int
) -> Iterator[pa.RecordBatch]:
    """Parsed batches of a Parquet file; ``source_line`` is the number of the row."""
    first = 1
    for batch in pq.ParquetFile(stream).iter_batches(CHUNK_ROWS, use_threads=False):
        numbers = range(first, first + batch.num_rows)
        first += batch.num_rows
        yield _batch(batch, landing, origin, numbers)


def _batch(batch: pa.RecordBatch, landing: Contract, origin: Origin, numbers: range) -> pa.RecordBatch:
    def raw(i: int) -> str:
        return json.dumps(batch.slice(i, 1).to_pylist()[0], ensure_ascii=False, default=str)

    nothing = pa.nulls(batch.num_rows, pa.string())
    try:
        columns = [_column(batch, c.name, c.type) for c in landing.columns]
    except ValueError:
        rows = [(*parse_mapping(landing, row, convert_value), None) for row in batch.to_pylist()]
        return rows_batch(landing, origin, numbers, rows, raw)
    return columns_batch(landing, origin, numbers, columns, nothing, raw)


def _column(batch: pa.RecordBatch, name: str, type_name: str) -> pa.Array:
    target = ARROW_TYPES[type_name]
    if name not in batch.schema.names:
        return pa.nulls(batch.num_rows, target)
    values = batch[name]
    if type_name == "array<string>" and not pa.types.is_null(values.type):
        raise pa.ArrowInvalid("lists are checked one by one")
    if pa.types.is_floating(values.type) and pa.types.is_integer(target):
        raise pa.ArrowInvalid("whole numbers are checked one by one")
    if type_name == "timestamp" and pa.types.is_timestamp(values.type):
        values = pc.cast(values, pa.timestamp(values.type.unit, "UTC"))
        return pc.cast(values, target, safe=False)  # nanoseconds lose their last three digits
    return pc.cast(values, target)
