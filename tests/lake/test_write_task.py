"""What executors do to write a frame, called without Spark."""

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from causalrec.errors import ContractError, LakeError
from causalrec.lake import LakeTable
from causalrec.lake.bridge import _store, _WriteTask
from causalrec.lake.files import FileLimits, PartitionWriter

from .tables import rows

DAYS = [f"2026-03-0{day}" for day in (1, 2, 3)]


def frame(*days: int) -> pa.RecordBatch:
    """A row for each of the days."""
    names = [f"r{place}" for place in range(len(days))]
    column = pa.array([dt.date(2026, 3, day) for day in days])
    (batch,) = rows(*names).append_column("ds", column).combine_chunks().to_batches()
    return batch


def task(table: LakeTable, *allowed: str) -> _WriteTask:
    chosen = frozenset(f"ds={day}" for day in allowed) if allowed else None
    return _WriteTask("sales", table.location, table.schema, ("ds",), "ab", table.limits, chosen)


def replies(made: Iterable[pa.RecordBatch]) -> list[dict[str, Any]]:
    return [row for batch in made for row in batch.to_pylist()]


def test_a_file_for_each_partition_whatever_the_batches(sales: LakeTable) -> None:
    found = replies(task(sales)([frame(1, 2, 1), frame(2)]))
    files = [json.loads(row["file"]) for row in found]
    assert [(file["partition"], file["rows"]) for file in files] == [
        ({"ds": DAYS[0]}, 2),
        ({"ds": DAYS[1]}, 2),
    ]
    assert all(row["error"] is row["do"] is row["kind"] is None for row in found)
    assert all("part-ab-" in file["path"] for file in files)


def test_errors_are_replies(sales: LakeTable) -> None:
    (found,) = replies(task(sales, DAYS[0])([frame(1, 3, 3)]))
    assert found["error"].startswith("sales: 2 or more rows lie in ds=2026-03-03, which this write does not")
    assert (found["file"], found["kind"]) == (None, "LakeError")
    (found,) = replies(task(sales, DAYS[0])([frame(1).drop_columns(["n"])]))
    assert (found["kind"], found["do"] is None) == ("ContractError", False)


class Frame:
    """A Spark frame of one task."""

    def __init__(self, *batches: pa.RecordBatch) -> None:
        self.batches, self.calls = batches, list[str]()
        self.sparkSession: Any = None

    def select(self, *names: str) -> "Frame":
        assert names[-1] == "ds"
        return self

    def repartition(self, *names: str) -> "Frame":
        self.calls.append(f"repartition {names}")
        return self

    def sortWithinPartitions(self, *names: str) -> "Frame":
        self.calls.append(f"sort {names}")
        return self

    def mapInArrow(self, work: _WriteTask, schema: str) -> "Frame":
        self.found: Iterator[pa.RecordBatch] = work(self.batches)
        return self

    def collect(self) -> list[dict[str, Any]]:
        return replies(self.found)


def test_several_partitions_are_gathered_first(sales: LakeTable) -> None:
    sales.created()
    for days, gathered in ((DAYS[:1], False), (DAYS[:2], True), (None, False)):
        made: Any = Frame(frame(1))
        partitions = None if days is None else [{"ds": day} for day in days]
        (file,) = _store(made, sales, "ab", partitions)
        assert (file.rows, bool(made.calls)) == (1, gathered)
    assert Frame().calls == []


@pytest.mark.parametrize(
    ("batch", "error"), [(frame(3), LakeError), (frame(1).drop_columns(["n"]), ContractError)]
)
def test_an_error_of_an_executor_is_raised_as_its_kind(
    sales: LakeTable, batch: pa.RecordBatch, error: type[Exception]
) -> None:
    made: Any = Frame(batch)
    with pytest.raises(error):
        _store(made, sales, "ab", [{"ds": DAYS[0]}])


def test_a_row_larger_than_a_group_is_a_group(sales: LakeTable) -> None:
    sales.created()
    writer = PartitionWriter(sales.location, {"ds": DAYS[0]}, sales.schema, "ab", FileLimits(10**9, 1))
    writer.add_stored(rows("a", "b", "c"))
    (file,) = writer.close()
    held = pq.ParquetFile(sales.location.path(file.path), filesystem=sales.location.filesystem)
    assert (held.num_row_groups, file.rows) == (3, 3)
