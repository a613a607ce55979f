"""Spark frames through the lake, on a real session."""

import datetime as dt
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from causalrec.errors import ContractError, LakeError, PinError
from causalrec.lake import Lake, LakeTable
from causalrec.lake.bridge import append_frame, read_frame, write_frame

from .tables import ids, rows

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.spark

DAYS = [{"ds": f"2026-03-0{day}"} for day in (1, 2, 3)]


@pytest.fixture(scope="module")
def frame(spark: "SparkSession") -> "DataFrame":
    """300 rows over three days, every column type, some nulls."""
    return spark.range(0, 300, numPartitions=3).selectExpr(
        "concat('id', id) id",
        "if(id % 7 = 0, null, id) n",
        "cast(id / 8 as double) price",
        "id % 2 = 0 ok",
        "timestamp_micros(id * 1000001) at",
        "if(id % 5 = 0, null, array('x', cast(id as string))) tags",
        "array(cast(id as float), cast(0.5 as float)) vector",
        "date_add(date'2026-03-01', cast(id % 3 as int)) ds",
    )


def names(table: LakeTable) -> set[str]:
    found = table.snapshot()
    return {file.path for file in found.files} if found else set()


def test_one_commit_replaces_the_listed_partitions(frame: "DataFrame", sales: LakeTable) -> None:
    sales.replace(rows("other"), {"ds": "2026-02-01"})
    written = write_frame(frame, sales, DAYS)
    assert [(w.partition, w.rows, w.version, w.changed) for w in written] == [
        (f"ds=2026-03-0{day}", 100, 2, True) for day in (1, 2, 3)
    ]
    assert sales.read().num_rows == 301
    one = sales.read({"ds": ["2026-03-02"]}).filter(pa.compute.field("id") == "id4").to_pylist()
    assert one == [
        {
            "id": "id4", "n": 4, "price": 0.5, "ok": True,
            "at": dt.datetime(1970, 1, 1, 0, 0, 4, 4, tzinfo=dt.UTC),
            "tags": ["x", "4"], "vector": [4.0, 0.5], "ds": dt.date(2026, 3, 2),
        }
    ]  # fmt: skip


def test_both_engines_agree_on_the_digest(frame: "DataFrame", sales: LakeTable) -> None:
    by_spark = write_frame(frame, sales, DAYS)
    rewritten = [sales.replace(sales.read({"ds": [day["ds"]]}), day) for day in DAYS]
    assert [(w.digest, w.changed) for w in rewritten] == [(w.digest, False) for w in by_spark]
    before = names(sales)
    again = write_frame(frame.repartition(5), sales, DAYS)
    assert [w.changed for w in again] == [False] * 3
    assert (sales.version(), names(sales)) == (1, before)


def test_only_changed_partitions_are_committed(frame: "DataFrame", sales: LakeTable) -> None:
    write_frame(frame, sales, DAYS)
    before = names(sales)
    written = write_frame(frame.where("id <> 'id4'"), sales, DAYS)
    assert [w.changed for w in written] == [False, True, False]
    kept = {path for path in before if "2026-03-02" not in path}
    assert kept < names(sales)


def test_frames_read_back_what_was_written(
    spark: "SparkSession", frame: "DataFrame", sales: LakeTable
) -> None:
    write_frame(frame, sales, DAYS)
    write_frame(frame.where("ds = '2026-03-01' and n > 150"), sales, DAYS[:1])
    assert read_frame(spark, sales, version=1).exceptAll(frame).count() == 0
    pruned = read_frame(spark, sales, {"ds": ["2026-03-02", "2026-03-03"]}, ["ds", "id"])
    assert (pruned.columns, pruned.count()) == (["ds", "id"], 200)
    assert {str(row["ds"]) for row in pruned.select("ds").distinct().collect()} == {
        "2026-03-02",
        "2026-03-03",
    }
    assert read_frame(spark, sales, {"ds": ["1999-01-01"]}).count() == 0
    with pytest.raises(PinError):
        read_frame(spark, sales, version=99)


def test_a_table_that_does_not_exist_reads_empty(spark: "SparkSession", sales: LakeTable) -> None:
    empty = read_frame(spark, sales)
    assert (empty.columns, empty.count()) == (sales.schema.names, 0)


def test_refusals_leave_everything_as_it_was(frame: "DataFrame", sales: LakeTable) -> None:
    sales.replace(rows("old"), DAYS[0])
    outside = "rows lie in ds=2026-03-0[23], which this write does not replace"
    nan = frame.where("ds = '2026-03-01'").selectExpr("* except (price)", "double('nan') price")
    nulls = frame.selectExpr("* except (id)", "if(n > 9, id, null) id")
    text = frame.selectExpr("* except (n)", "string(n) n")
    cases = [
        (frame, LakeError, outside),
        (frame.where("false"), LakeError, "no rows for ds=2026-03-01"),
        (nan, ContractError, "values are NaN"),
        (nulls, ContractError, "are null, none allowed"),
        (text, ContractError, r"sales\.n: expected int64, found string"),
        (frame.drop("n"), ContractError, "column n .* is missing"),
        (frame.withColumn("extra", frame["n"]), ContractError, "column extra is not declared"),
    ]
    for given, kind, message in cases:
        with pytest.raises(kind, match=message):
            write_frame(given, sales, DAYS[:1])
    assert (ids(sales), sales.version(), len(names(sales))) == (["old"], 1, 1)
    assert len(sales.location.listing("ds=2026-03-01")) == 1
    assert sales.location.listing("ds=2026-03-02") == []
    assert write_frame(frame.where("false"), sales, DAYS[:1], allow_empty=True)[0].rows == 0


def test_many_small_files_become_few(frame: "DataFrame", sales: LakeTable) -> None:
    scattered = frame.where("ds = '2026-03-01'").repartition(12)
    (written,) = write_frame(scattered, sales, DAYS[:1])
    assert len(names(sales)) == 1
    assert sales.location.listing("ds=2026-03-01") == [next(iter(names(sales))).split("/")[1]]
    assert write_frame(frame.where("ds = '2026-03-01'"), sales, DAYS[:1])[0].digest == written.digest


def test_append_and_odd_partition_values(spark: "SparkSession", lake: Lake) -> None:
    log = lake.table("log")
    odd = "a/b:c größe=1%"
    frame = spark.createDataFrame([("1", odd), ("2", "plain")], "line string, source string")
    written = append_frame(frame, log)
    append_frame(frame.where("source = 'plain'"), log)
    assert (written.rows, written.version, log.version()) == (2, 1, 2)
    assert [tuple(row) for row in read_frame(spark, log, {"source": [odd]}).collect()] == [("1", odd)]
    assert read_frame(spark, log).count() == 3


def test_pruning_columns_reads_less(spark: "SparkSession", frame: "DataFrame", sales: LakeTable) -> None:
    write_frame(frame, sales, DAYS)
    plan = read_frame(spark, sales, {"ds": ["2026-03-02"]}, ["id"])._jdf.queryExecution().toString()
    assert "ReadSchema: struct<id:string>" in plan
    assert "2026-03-01" not in plan


def test_small_files_of_an_append_become_few(spark: "SparkSession", lake: Lake) -> None:
    log = lake.table("log")
    frame = spark.range(40).selectExpr("cast(id as string) line", "'a' source").repartition(12)
    assert append_frame(frame, log).rows == 40
    assert len(names(log)) == 1
    assert len(log.location.listing("source=a")) == 1
