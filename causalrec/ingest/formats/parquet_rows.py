"""Parquet: whole columns if they convert without loss, otherwise row by row."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from causalrec.contracts import Contract
from causalrec.contracts.types import ARROW_TYPES
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
from causalrec.ingest.formats.container import NotRead
from causalrec.ingest.formats.csv_head import spelled
from causalrec.ingest.formats.fill_down import Above
from causalrec.ingest.formats.layout import Layout
from causalrec.ingest.formats.parquet_cells import (
    Flaw,
    flawed,
    pieces,
    problem_of,
    row_bytes,
    unfolded,
)
from causalrec.ingest.formats.parquet_types import is_text, plain, plain_type
from causalrec.ingest.formats.values import convert_value

CHUNK_ROWS = 16_384
MAX_GROUP_BYTES = 1 << 30  # size of one uncompressed row group; Spark writes 128 MiB
MAX_RAW_ELEMENTS = 1_000  # of a list, kept of a rejected row
INT96 = "INT96"
TEXTS = ("BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY")


@dataclass(frozen=True)
class ParquetHead:
    """Columns of a file.

    Attributes:
        names: spelled as in the contract or the layout, in file order.
        schema: types; times that Spark wrote as INT96 are UTC.
        given: names as in the file.
    """

    names: tuple[str, ...]
    schema: pa.Schema
    given: tuple[str, ...]


def parquet_head(stream: BinaryIO, landing: Contract, layout: Layout, file: str) -> ParquetHead:
    """Columns of a Parquet stream, from its footer.

    Raises:
        NotRead: a row group is too large to read at once.
    """
    found = pq.ParquetFile(stream)
    for i in range(found.metadata.num_row_groups):
        size = found.metadata.row_group(i).total_byte_size
        if size > MAX_GROUP_BYTES:
            raise NotRead(
                f"{file}: row group {i + 1} has {size:,} bytes, at most {MAX_GROUP_BYTES:,} are read",
                do="write smaller row groups, or look for a cell that is far too long",
            )
    return _head(found, landing, layout)


def _head(found: pq.ParquetFile, landing: Contract, layout: Layout) -> ParquetHead:
    schema = found.schema_arrow
    old = {
        c.name for c in (found.schema.column(i) for i in range(len(found.schema))) if c.physical_type == INT96
    }
    fields = [
        pa.field(f.name, pa.timestamp(f.type.unit, "UTC"))
        if f.name in old and pa.types.is_timestamp(f.type)
        else f.with_type(plain_type(f.type))
        for f in schema
    ]
    names = spelled(schema.names, layout.known(landing))
    return ParquetHead(tuple(names), pa.schema(fields), tuple(schema.names))


def read_parquet(
    stream: BinaryIO, landing: Contract, origin: Origin, max_row_bytes: int, layout: Layout
) -> Iterator[pa.RecordBatch]:
    """Parsed batches of a Parquet file; ``source_line`` is the number of the row."""
    footer = pq.ParquetFile(stream)
    head = _head(footer, landing, layout)
    wanted = {
        given: name
        for given, name in zip(head.given, head.names, strict=True)
        if name in layout.known(landing)
    }
    texts = [f.name for f in footer.schema_arrow if f.name in wanted and is_text(f.type)]
    stream.seek(0)
    found = pq.ParquetFile(stream, read_dictionary=texts)
    first, above = 1, Above(layout.feed.fill_down)
    for batch in found.iter_batches(CHUNK_ROWS, columns=list(wanted), use_threads=False):
        columns = [plain(column) for column in batch.columns]
        batch = pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
        for part, long in pieces(batch, row_bytes(batch), max_row_bytes):
            ours, flaws = unfolded(part, long, head.schema, wanted)
            numbers = range(first, first + part.num_rows)
            first += part.num_rows
            yield from _batch(ours, part, flaws, landing, origin, numbers, layout, above)


def _batch(
    batch: pa.RecordBatch,
    folded: pa.RecordBatch,
    flaws: Sequence[Flaw],
    landing: Contract,
    origin: Origin,
    numbers: range,
    layout: Layout,
    above: Above,
) -> Iterator[pa.RecordBatch]:
    flawed_rows, long = flawed(flaws), flaws[0].rows

    def raw(i: int) -> str:
        return _raw(folded if long[i].as_py() else batch, i, origin.max_raw_chars)

    if layout.is_native and not pc.any(flawed_rows).as_py():
        try:
            columns = [_column(batch, c.name, c.type) for c in landing.columns]
        except ValueError:
            columns = []
        if columns:
            nothing = pa.nulls(batch.num_rows, pa.string())
            yield columns_batch(landing, origin, numbers, columns, nothing, raw)
            return

    def one_by_one(places: Sequence[int]) -> pa.RecordBatch:
        rows, at = [], []
        for i, row in zip(places, batch.take(pa.array(places, pa.int64())).to_pylist(), strict=True):
            for one in _rows(row, problem_of(flaws, i), landing, origin, layout, above):
                rows.append(one)
                at.append(i)
        return rows_batch(landing, origin, [numbers[i] for i in at], rows, lambda i: raw(at[i]))

    found = mapped(batch, landing, layout, origin.arrival_date)
    if found is None:
        yield one_by_one(range(batch.num_rows))
        return
    found = replace(found, doubtful=pc.or_(found.doubtful, flawed_rows))
    nothing = pa.nulls(batch.num_rows, pa.string())
    yield from column_batches(found, landing, origin, numbers, nothing, raw, one_by_one)


def _rows(
    row: Mapping[str, object],
    problem: Problem | None,
    landing: Contract,
    origin: Origin,
    layout: Layout,
    above: Above,
) -> Sequence[Parsed]:
    if problem is not None:
        return [rejected(landing, problem)]
    return list(parse_rows(landing, layout, row, origin.arrival_date, convert_value, above))


def _raw(batch: pa.RecordBatch, i: int, most: int) -> str:
    """One row as JSON, its texts truncated."""
    row: dict[str, object] = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        cell = column.slice(i, 1)
        cell = cell.dictionary_decode() if pa.types.is_dictionary(cell.type) else cell
        if pa.types.is_list(cell.type) or pa.types.is_large_list(cell.type):
            cell = pc.list_slice(cell, 0, MAX_RAW_ELEMENTS)
        is_text = pa.types.is_string(cell.type) or pa.types.is_large_string(cell.type)
        row[name] = (pc.utf8_slice_codeunits(cell, 0, most) if is_text else cell)[0].as_py()
    return json.dumps(row, ensure_ascii=False, default=str)


def _column(batch: pa.RecordBatch, name: str, type_name: str) -> pa.Array:
    target = ARROW_TYPES[type_name]
    if name not in batch.schema.names:
        return pa.nulls(batch.num_rows, target)
    values = batch[name]
    if type_name == "array<string>" and not pa.types.is_null(values.type):
        raise pa.ArrowInvalid("lists are checked one by one")
    if pa.types.is_floating(values.type) and pa.types.is_integer(target):
        raise pa.ArrowInvalid("whole numbers are checked one by one")
    if pa.types.is_string(values.type) and type_name != "string":
        raise pa.ArrowInvalid("texts are read one by one")
    if type_name == "timestamp" and pa.types.is_timestamp(values.type):
        values = pc.cast(values, pa.timestamp(values.type.unit, "UTC"))
        return pc.cast(values, target, safe=False)  # nanoseconds lose their last three digits
    return pc.cast(values, target)
