"""File statistics of a Delta add action, from a Parquet footer."""

import datetime as dt
import json
import math
from typing import TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

Bound: TypeAlias = str | int | float | dt.date
"""A smallest or largest value from a Parquet footer."""

LONGEST_TEXT = 32  # characters; longer bounds are left out rather than truncated


def statistics(metadata: pq.FileMetaData, schema: pa.Schema, hidden: frozenset[str] = frozenset()) -> str:
    """JSON with numRecords, minValues, maxValues and nullCount of the flat columns.

    ``hidden`` columns get no smallest and largest values.
    """
    smallest: dict[str, object] = {}
    largest: dict[str, object] = {}
    nulls: dict[str, int] = {}
    flat = {field.name for field in schema if not pa.types.is_nested(field.type)}
    for index in range(metadata.num_columns):
        name = metadata.schema.column(index).path
        if name not in flat:
            continue
        parts = [
            metadata.row_group(group).column(index).statistics for group in range(metadata.num_row_groups)
        ]
        if any(part is None or not part.has_null_count for part in parts):
            continue
        nulls[name] = sum(part.null_count for part in parts)
        if name in hidden or any(part.num_values and not part.has_min_max for part in parts):
            continue
        lows = [part.min for part in parts if part.has_min_max]
        highs = [part.max for part in parts if part.has_min_max]
        if lows and _storable(min(lows)) and _storable(max(highs)):
            smallest[name], largest[name] = _render(min(lows), up=False), _render(max(highs), up=True)
    return json.dumps(
        {"numRecords": metadata.num_rows, "minValues": smallest, "maxValues": largest, "nullCount": nulls}
    )


def _storable(value: Bound) -> bool:
    if isinstance(value, str):
        return len(value) <= LONGEST_TEXT
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int | dt.date)


def _render(value: Bound, *, up: bool) -> object:
    if isinstance(value, dt.datetime):  # stored to the millisecond: round outwards
        spare = value.microsecond % 1000
        value = value - dt.timedelta(microseconds=spare)
        if up and spare:
            value += dt.timedelta(milliseconds=1)
        return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"
    if isinstance(value, dt.date):
        return value.isoformat()
    return value
