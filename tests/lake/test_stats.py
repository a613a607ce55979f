"""Statistics of files, as a reader of the log uses them to skip files: bounds that hold, or none."""

import datetime as dt
import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from causalrec.lake.stats import LONGEST_TEXT, statistics


def found(
    column: pa.Array, groups: int = 1, hidden: frozenset[str] = frozenset(), write_statistics: bool = True
) -> dict[str, Any]:
    table, sink = pa.table({"a": column}), io.BytesIO()
    with pq.ParquetWriter(sink, table.schema, write_statistics=write_statistics) as writer:
        step = max(1, len(column) // groups)
        for start in range(0, len(column), step):
            writer.write_table(table.slice(start, step))
    sink.seek(0)
    made: dict[str, Any] = json.loads(statistics(pq.read_metadata(sink), table.schema, hidden))
    return made


def bounds(column: pa.Array, groups: int = 1) -> tuple[object, object] | None:
    told = found(column, groups)
    assert told["numRecords"] == len(column)
    assert told["minValues"].keys() == told["maxValues"].keys()
    return (told["minValues"]["a"], told["maxValues"]["a"]) if "a" in told["minValues"] else None


def moment(micros: int) -> dt.datetime:
    return dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC) + dt.timedelta(microseconds=micros)


@pytest.mark.parametrize(
    ("values", "kind", "wanted"),
    [
        ([3, 1, None, 2], pa.int64(), (1, 3)),
        ([2.5, -1.0], pa.float64(), (-1.0, 2.5)),
        ([float("inf"), 1.0], pa.float64(), None),
        ([1.0, float("-inf")], pa.float64(), None),
        (["b", "a"], pa.string(), ("a", "b")),
        (["b", "a" * LONGEST_TEXT], pa.string(), ("a" * 32, "b")),
        (["b", "a" * (LONGEST_TEXT + 1)], pa.string(), None),
        (["c" * (LONGEST_TEXT + 1), "a"], pa.string(), None),
        ([dt.date(2026, 3, 2), dt.date(2026, 3, 1)], pa.date32(), ("2026-03-01", "2026-03-02")),
        ([moment(0), moment(1_000)], pa.timestamp("us", "UTC"),
         ("2026-03-01T12:00:00.000Z", "2026-03-01T12:00:00.001Z")),
        ([moment(1), moment(1_001)], pa.timestamp("us", "UTC"),
         ("2026-03-01T12:00:00.000Z", "2026-03-01T12:00:00.002Z")),
        ([moment(999_999)], pa.timestamp("us", "UTC"),
         ("2026-03-01T12:00:00.999Z", "2026-03-01T12:00:01.000Z")),
        ([True, False], pa.bool_(), (False, True)),
        ([b"x", b"y"], pa.binary(), None),
        ([None, None], pa.int64(), None),
    ],
)  # fmt: skip
def test_bounds(values: list[object], kind: pa.DataType, wanted: tuple[object, object] | None) -> None:
    assert bounds(pa.array(values, kind)) == wanted
    assert found(pa.array(values, kind))["nullCount"] == {"a": values.count(None)}


def test_row_groups_count_together() -> None:
    column = pa.array([5, None, 7, 2, None, None], pa.int64())
    assert bounds(column, 3) == (2, 7)  # the last group is empty of values
    assert found(column, 3)["nullCount"] == {"a": 3}


def test_hidden_and_nested_columns_have_no_bounds() -> None:
    told = found(pa.array([1, 2, None]), hidden=frozenset({"a"}))
    assert told == {"numRecords": 3, "minValues": {}, "maxValues": {}, "nullCount": {"a": 1}}
    told = found(pa.array([[1], [2]]))
    assert told == {"numRecords": 2, "minValues": {}, "maxValues": {}, "nullCount": {}}


def test_files_without_statistics() -> None:
    told = found(pa.array([1, 2]), write_statistics=False)
    assert told == {"numRecords": 2, "minValues": {}, "maxValues": {}, "nullCount": {}}
