"""What executors do with files, called without Spark."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from causalrec.lake import Lake, LakeTable
from causalrec.lake.arrow_read import S3_CONNECTOR, _ReadTask, spark_reaches
from causalrec.lake.files import (
    FileLimits,
    NewFile,
    PartitionWriter,
    attempt_of,
    by_partition,
    file_name,
    read_back,
    stored_digest,
)
from causalrec.lake.upkeep.compact import _bundles, merge_files

from .tables import ids, rows

DAY = {"ds": "2026-03-01"}


def test_the_wanted_columns_of_a_file(sales: LakeTable) -> None:
    sales.replace(rows("a", "b", n=[1, None]), DAY)
    (file,) = sales.created().files
    older = pa.schema([*sales.schema, pa.field("added", pa.int32())])
    task = _ReadTask(sales.location, older, ("ds",), ("ds", "n", "added", "id"))
    work = pa.RecordBatch.from_pylist([{"path": file.path, "partition": ["2026-03-01"]}] * 2)
    found = pa.Table.from_batches(list(task([work])))
    assert found.column_names == ["ds", "n", "added", "id"]
    assert [str(field.type) for field in found.schema] == ["date32[day]", "int64", "int32", "string"]
    assert found.to_pylist()[:2] == [
        {"ds": dt.date(2026, 3, 1), "n": 1, "added": None, "id": "a"},
        {"ds": dt.date(2026, 3, 1), "n": None, "added": None, "id": "b"},
    ]
    assert found.num_rows == 4


@pytest.mark.parametrize(("uri", "there", "reaches"), [
    ("/lake", False, True), ("s3://b/lake", False, False), ("s3://b/lake", True, True),
])  # fmt: skip
def test_stores_that_spark_can_open(uri: str, there: bool, reaches: bool) -> None:
    def loadable(name: str) -> bool:
        assert name == S3_CONNECTOR
        return there

    utils = SimpleNamespace(Utils=SimpleNamespace(classIsLoadable=loadable))
    spark: Any = SimpleNamespace(
        _jvm=SimpleNamespace(org=SimpleNamespace(apache=SimpleNamespace(spark=SimpleNamespace(util=utils))))
    )
    place: Any = SimpleNamespace(uri=uri)
    assert spark_reaches(spark, place) is reaches


def sized(*sizes: int) -> list[NewFile]:
    return [NewFile(f"{place}-{size}", DAY, size, 1, "", "") for place, size in enumerate(sizes)]


def test_bundles_of_similar_size() -> None:
    found = [[file.size for file in bundle] for bundle in _bundles(sized(1, 7, 2, 5, 3), 2)]
    assert found == [[7, 2], [5, 3, 1]]
    assert [[file.size for file in bundle] for bundle in _bundles(sized(4, 2), 3)] == [[4], [2], []]


class Spark:
    """Runs what executors would do, here."""

    def __init__(self) -> None:
        self.tasks = 0

    def createDataFrame(self, work: list[tuple[str, list[str]]], schema: str) -> "Spark":
        assert schema == "partition string, paths array<string>"
        self.work = [{"partition": partition, "paths": paths} for partition, paths in work]
        return self

    def repartition(self, count: int) -> "Spark":
        self.tasks = count
        return self

    def mapInArrow(self, task: Callable[..., Any], schema: str) -> "Spark":
        batches = [pa.RecordBatch.from_pylist([row]) for row in self.work]
        self.found = [row for batch in task(batches) for row in batch.to_pylist()]
        return self

    def collect(self) -> list[dict[str, str]]:
        return self.found


@pytest.mark.parametrize(("count", "most", "left"), [(3, 3, 3), (4, 3, 1), (1, 1, 1)])
def test_too_many_files_of_a_partition_become_few(
    make_lake: Callable[..., Lake], count: int, most: int, left: int
) -> None:
    table = make_lake(max_files_per_partition=most).table("sales")
    table.replace(rows("x"), DAY)
    new = []
    for place in range(count):
        writer = PartitionWriter(table.location, DAY, table.schema, "one", table.limits)
        stored = rows(f"a{place}", f"b{place}")
        writer.add_stored(stored)
        new += writer.close()
    spark: Any = Spark()
    found = merge_files(spark, table, "two", new)
    assert (len(found), spark.tasks) == (left, 0 if count <= most else left)
    assert sum(file.rows for file in found) == 2 * count
    assert {attempt_of(Path(file.path).name) for file in found} == {"one" if count <= most else "two"}
    assert {json.dumps(dict(file.partition)) for file in found} == {json.dumps(DAY)}
    assert ids(table) == ["x"]  # nothing is committed yet


def test_names_of_files_tell_their_attempt() -> None:
    name = file_name("ab12")
    assert (attempt_of(name), name.endswith(".parquet"), file_name("ab12") == name) == ("ab12", True, False)
    assert [attempt_of(one) for one in ("part-x.parquet", "a-b-c", "part-a-b-c")] == ["", "", ""]


def test_files_and_row_groups_are_bounded(sales: LakeTable) -> None:
    sales.replace(rows("x"), DAY)
    data = rows(*(f"{n:03d}" for n in range(100)))
    group = data.nbytes // 10
    writer = PartitionWriter(sales.location, DAY, sales.schema, "one", FileLimits(group * 3, group))
    writer.add_stored(data)
    files = writer.close()
    assert [file.rows for file in files] == [36, 36, 28]
    stored = pa.schema([field for field in sales.schema if field.name != "ds"])
    for file in files:
        held = pq.ParquetFile(sales.location.path(file.path), filesystem=sales.location.filesystem)
        assert held.num_row_groups == 2
        assert read_back(sales.location, file.path, stored).hex == file.digest
        assert stored_digest(sales.location, file.path, stored).hex == file.digest
        assert file.size == sales.location.filesystem.get_file_info([sales.location.path(file.path)])[0].size


def test_the_digest_of_another_writers_file_comes_from_its_rows(sales: LakeTable) -> None:
    sales.replace(rows("a", "b"), DAY)
    (file,) = sales.created().files
    path = sales.location.path(file.path)
    stored = pq.read_table(path, filesystem=sales.location.filesystem, partitioning=None)
    before = stored_digest(sales.location, file.path, stored.schema)
    with sales.location.filesystem.open_output_stream(path) as sink:
        pq.write_table(stored.replace_schema_metadata(None), sink)
    assert stored_digest(sales.location, file.path, stored.schema) == before


def test_rows_by_the_values_of_their_partition() -> None:
    data = pa.table({"k": ["b", "a", "b"], "n": [1, 1, 2], "v": [1, 2, 3]})
    found = [(key, part["v"].to_pylist()) for key, part in by_partition(data, ["k", "n"])]
    assert found == [({"k": "a", "n": "1"}, [2]), ({"k": "b", "n": "1"}, [1]), ({"k": "b", "n": "2"}, [3])]
    assert [(key, part is data) for key, part in by_partition(data, [])] == [({}, True)]
    ((key, part),) = by_partition(data.slice(0, 1), ["k"])
    assert (key, part["v"].to_pylist()) == ({"k": "b"}, [1])
    assert list(by_partition(data.slice(0, 0), ["k"])) == []
