"""Batches of a block that was read as columns; doubtful rows are read one by one."""

from collections.abc import Callable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from causalrec.contracts import Contract
from causalrec.ingest.formats.batch import Origin, columns_batch, left_out_batch
from causalrec.ingest.formats.columns import Mapped


def column_batches(
    found: Mapped,
    landing: Contract,
    origin: Origin,
    numbers: range,
    unknown: pa.Array,
    raw: Callable[[int], str],
    one_by_one: Callable[[list[int]], pa.RecordBatch],
) -> list[pa.RecordBatch]:
    """Good rows, left-out rows and doubtful rows, in the order of the file.

    Args:
        numbers: line or number of each row in its file. raw: text of a row, by its position in the block.
        one_by_one: reads the rows at these positions of the block one by one.
    """
    asked = pc.is_null(found.left_out)
    batches = []
    good = pc.and_(asked, pc.invert(found.doubtful))
    if places := _places(good):
        columns = [column.filter(good) for column in found.columns]
        lines, texts = _at(numbers, places), _text_at(raw, places)
        batches.append(columns_batch(landing, origin, lines, columns, unknown.filter(good), texts))
    unasked = pc.invert(asked)
    if places := _places(unasked):
        lines, texts = _at(numbers, places), _text_at(raw, places)
        batches.append(left_out_batch(landing, origin, lines, found.left_out.filter(unasked), texts))
    if places := _places(found.doubtful):
        batches.append(one_by_one(places))
    if len(batches) < 2:
        return batches
    whole: list[pa.RecordBatch] = pa.Table.from_batches(batches).sort_by("source_line").to_batches()
    return whole


def _places(chosen: pa.Array) -> list[int]:
    found: list[int] = pc.indices_nonzero(chosen).to_pylist()
    return found


def _at(numbers: range, places: Sequence[int]) -> Sequence[int]:
    return numbers if len(places) == len(numbers) else [numbers[i] for i in places]


def _text_at(raw: Callable[[int], str], places: Sequence[int]) -> Callable[[int], str]:
    return lambda i: raw(places[i])
