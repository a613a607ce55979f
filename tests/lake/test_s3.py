"""The lake on a real S3-speaking server: the same calls, the same promises."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from causalrec.config.lake import LakeSettings
from causalrec.errors import ConflictError, LakeError, PinError
from causalrec.lake import Lake, LakeTable
from causalrec.lake.bridge import read_frame, write_frame
from causalrec.lake.upkeep.vacuum import vacuum

from .s3 import REGION, s3_store
from .tables import CONTRACTS, ids, rows

pytestmark = pytest.mark.server

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

WRITERS = 8
DAY, NEXT = {"ds": "2026-03-01"}, {"ds": "2026-03-02"}
DAY_ONLY = {"ds": ["2026-03-01"]}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A server with an empty bucket ``shop``."""
    with s3_store() as address:
        yield address


@pytest.fixture
def sales(endpoint: str, request: pytest.FixtureRequest) -> LakeTable:
    settings = LakeSettings(endpoint=endpoint, region=REGION)
    root = f"s3://shop/{request.node.name}/lake"
    return Lake(root, settings, CONTRACTS.__getitem__).table("sales")


def test_replace_read_pin_and_refuse(sales: LakeTable) -> None:
    assert (sales.exists(), sales.read().num_rows) == (False, 0)
    first = sales.replace(rows("a", "b"), DAY)
    again = sales.replace(rows("b", "a"), DAY)
    sales.replace(rows("c"), DAY)
    sales.replace(rows("d"), NEXT)
    assert (first.version, again.changed, again.digest) == (1, False, first.digest)
    assert (ids(sales), ids(sales, version=1)) == (["c", "d"], ["a", "b"])
    assert ids(sales, ds="2026-03-02") == ["d"]
    with pytest.raises(LakeError, match="no rows for"):
        sales.replace(rows(), DAY)
    with pytest.raises(PinError):
        sales.read(version=9)
    assert sales.location.listing("_attempts") == []
    assert len(sales.location.listing("ds=2026-03-01")) == 2  # one per version, none of the refused try
    eager = LakeTable(sales.contract, sales.location, sales.settings.model_copy(update={"vacuum_hours": 0}))
    assert vacuum(eager, {3}).files == 1
    assert (ids(sales), ids(sales, version=3)) == (["c", "d"], ["c", "d"])


def test_eight_commits_at_once_all_land(sales: LakeTable) -> None:
    sales.created()

    def write(index: int) -> int:
        return sales.replace(rows(f"row{index}"), {"ds": f"2026-03-{index + 1:02d}"}).version

    with ThreadPoolExecutor(WRITERS) as pool:
        versions = list(pool.map(write, range(WRITERS)))
    assert sorted(versions) == list(range(1, WRITERS + 1))
    assert ids(sales) == [f"row{index}" for index in range(WRITERS)]


def test_of_writers_of_one_partition_one_wins(sales: LakeTable) -> None:
    sales.created()

    def write(index: int) -> str | None:
        try:
            sales.replace(rows(f"row{index}"), DAY)
        except ConflictError:
            return None
        return f"row{index}"

    with ThreadPoolExecutor(4) as pool:
        winners = {name for name in pool.map(write, range(4)) if name}
    found = ids(sales)
    assert len(found) == 1
    assert found[0] in winners


@pytest.mark.spark
def test_executors_write_and_read_without_a_connector(spark: "SparkSession", sales: LakeTable) -> None:
    frame = spark.range(0, 40, numPartitions=2).selectExpr(
        "concat('id', id) id", "id n", "cast(id / 8 as double) price", "id % 2 = 0 ok",
        "timestamp_micros(id * 1000001) at", "array('x', cast(id as string)) tags",
        "array(cast(id as float)) vector", "date'2026-03-01' ds",
    )  # fmt: skip
    (written,) = write_frame(frame, sales, [DAY])
    assert (written.rows, written.changed) == (40, True)
    assert write_frame(frame.repartition(3), sales, [DAY])[0].changed is False
    sales.replace(rows("other"), NEXT)
    assert read_frame(spark, sales, DAY_ONLY).exceptAll(frame).count() == 0
    pruned = read_frame(spark, sales, columns=["ds", "id"])
    assert (pruned.columns, pruned.count()) == (["ds", "id"], 41)
    assert read_frame(spark, sales, DAY_ONLY, version=1).count() == 40
