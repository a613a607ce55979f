"""Cells of a Parquet file before any row is looked at: texts are bounded, and no value is taken that lies."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from causalrec.errors import ReasonCode
from causalrec.ingest.formats.batch import Problem
from causalrec.ingest.formats.parquet_types import is_bytes, is_text

CHUNK_BYTES = 64 << 20  # of texts that are decoded from dictionaries at a time
FIRST_SECOND, LAST_SECOND = -62_135_510_400, 253_402_214_400  # a day inside the years 1 to 9999, in any zone
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


@dataclass(frozen=True)
class Flaw:
    """What is wrong with some rows: ``rows`` is true for these."""

    rows: pa.Array
    problem: Problem


def row_bytes(batch: pa.RecordBatch) -> pa.Array:
    """Bytes of the texts of each row, which are still dictionary-encoded, and of those in lists."""
    sizes = pa.repeat(pa.scalar(0, pa.int64()), batch.num_rows)
    for column in batch.columns:
        if pa.types.is_dictionary(column.type):
            lengths = pc.cast(pc.binary_length(column.dictionary), pa.int64())
            sizes = pc.add(sizes, pc.fill_null(lengths.take(column.indices), 0))
        elif _is_list_of_texts(column.type):
            sizes = pc.add(sizes, _list_bytes(column))
    return sizes


def _is_list_of_texts(found: pa.DataType) -> bool:
    listed = pa.types.is_list(found) or pa.types.is_large_list(found)
    return listed and is_text(found.value_type)


def _list_bytes(column: pa.Array) -> pa.Array:
    lengths = pc.fill_null(pc.binary_length(column.flatten()), 0).to_numpy(zero_copy_only=False)
    counts = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    before = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    ends = np.cumsum(counts, dtype=np.int64)
    return pa.array(before[ends] - before[ends - counts], pa.int64())


def pieces(
    batch: pa.RecordBatch, sizes: pa.Array, max_row_bytes: int
) -> Iterator[tuple[pa.RecordBatch, Flaw]]:
    """Pieces small enough to decode, each with its rows that are too long."""
    long = pc.greater(sizes, max_row_bytes)
    kept = pc.if_else(long, 0, sizes)
    filled = pc.divide(pc.cumulative_sum(kept), CHUNK_BYTES)
    problem = Problem(ReasonCode.BAD_TEXT, f"the row is longer than {max_row_bytes:,} bytes")
    start = 0
    while start < batch.num_rows:
        same = pc.equal(filled.slice(start), filled[start])
        size = max(pc.sum(pc.cast(same, pa.int64())).as_py(), 1)
        yield batch.slice(start, size), Flaw(long.slice(start, size), problem)
        start += size


def unfolded(
    batch: pa.RecordBatch, long: Flaw, types: pa.Schema, names: Mapping[str, str]
) -> tuple[pa.RecordBatch, list[Flaw]]:
    """Decoded columns under our names, and every flaw; the cells that cause it are null.

    Args:
        types: of the columns, by their names in the file. names: ours, by those.
    """
    columns, flaws = [], [long]
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if is_bytes(column.type):
            column = column.dictionary_encode()
        if pa.types.is_dictionary(column.type):
            garbled, texts = _garbled(column)
            if garbled is not None:
                flaws.append(Flaw(garbled, Problem(ReasonCode.BAD_TEXT, f"{names[name]}: it is not UTF-8")))
            hidden = long.rows if garbled is None else pc.or_(long.rows, garbled)
            shown = pc.if_else(hidden, None, column.indices)
            column = pa.DictionaryArray.from_arrays(shown, texts).dictionary_decode()
        elif _is_list_of_texts(column.type) and pc.any(long.rows).as_py():
            column = pc.if_else(long.rows, pa.scalar(None, column.type), column)
        beyond = _beyond_years(column)
        if beyond is not None:
            detail = f"{names[name]}: it is outside the years 1 to 9999"
            flaws.append(Flaw(beyond, Problem(ReasonCode.INVALID_TYPE, detail)))
            column = pc.if_else(beyond, pa.scalar(None, column.type), column)
        target = types.field(name).type
        if pa.types.is_timestamp(target) and column.type != target:
            column = pc.cast(column, target)
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, names=[names[name] for name in batch.schema.names]), flaws


def problem_of(flaws: Sequence[Flaw], i: int) -> Problem | None:
    """What is wrong with row ``i``."""
    return next((one.problem for one in flaws if one.rows[i].as_py()), None)


def flawed(flaws: Sequence[Flaw]) -> pa.Array:
    """True for every row with a flaw."""
    rows = flaws[0].rows
    for one in flaws[1:]:
        rows = pc.or_(rows, one.rows)
    return rows


def _garbled(column: pa.DictionaryArray) -> tuple[pa.Array | None, pa.Array]:
    """Rows whose text is not UTF-8, None for none, which Arrow tells at once; the dictionary as texts."""
    texts = column.dictionary
    if not is_text(texts.type):
        return None, texts
    try:
        texts.validate(full=True)
        return None, texts.cast(pa.string()) if is_bytes(texts.type) else texts
    except pa.ArrowInvalid:
        raw = texts.cast(pa.binary())
        wrong = pa.array([one is not None and not _is_utf8(one) for one in raw.to_pylist()], pa.bool_())
        good = pc.if_else(wrong, pa.scalar(None, pa.binary()), raw).cast(pa.string())
        return pc.fill_null(wrong.take(column.indices), False), good


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _beyond_years(column: pa.Array) -> pa.Array | None:
    """Times and dates that no calendar of Python has, and that another unit cannot hold; None for none."""
    if pa.types.is_timestamp(column.type):
        units = PER_SECOND[column.type.unit]
        numbers = pc.cast(column, pa.int64())
    elif pa.types.is_date32(column.type):
        units = 1
        numbers = pc.multiply(pc.cast(pc.cast(column, pa.int32()), pa.int64()), 86_400)
    elif pa.types.is_date64(column.type):
        units = PER_SECOND["ms"]
        numbers = pc.cast(column, pa.int64())
    else:
        return None
    low, high = (min(max(second * units, -(2**63)), 2**63 - 1) for second in (FIRST_SECOND, LAST_SECOND))
    beyond = pc.or_(pc.less(numbers, low), pc.greater(numbers, high))
    return pc.fill_null(beyond, False) if pc.any(beyond).as_py() else None
