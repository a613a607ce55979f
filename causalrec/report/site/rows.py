"""Reads rows of one night, a batch at a time, so that only those which the site shows are in memory."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from causalrec.lake import Lake

BATCH_ROWS = 65_536


def rows_of(lake: Lake, table: str, ds: dt.date, columns: list[str], ids: pa.Array | None = None) -> pa.Table:
    """Columns of the rows of ``ds``; only those whose first column is among ``ids`` where given."""
    found = lake.table(table)
    schema = pa.schema([found.schema.field(name) for name in columns])
    snapshot = found.snapshot()
    if snapshot is None:
        return schema.empty_table()
    batches = []
    for batch in snapshot.batches(snapshot.select({"ds": [ds.isoformat()]}), columns, BATCH_ROWS):
        kept = batch if ids is None else batch.filter(pc.is_in(batch.column(0), value_set=ids))
        batches.append(kept)
    return pa.Table.from_batches(batches, batches[0].schema) if batches else schema.empty_table()


def by_night(rows: Iterable[dict[str, Any]], key: str) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Value of the column ``key`` -> date -> its rows, in their order."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for row in rows:
        found.setdefault(row[key], {}).setdefault(row["ds"].isoformat(), []).append(row)
    return found


def distinct(lake: Lake, table: str, ds: dt.date, column: str) -> pa.Array:
    """Distinct values of a column; memory grows with them, not with the rows."""
    found = lake.table(table)
    values = pa.array([], found.schema.field(column).type)
    snapshot = found.snapshot()
    if snapshot is None:
        return values
    for batch in snapshot.batches(snapshot.select({"ds": [ds.isoformat()]}), [column], BATCH_ROWS):
        values = pc.unique(pa.concat_arrays([values, pc.unique(batch.column(0))]))
    return values
