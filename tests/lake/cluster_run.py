"""Writes, replaces, refuses and reads through the bridge: ``cluster_run.py LAKE [MASTER]``.

Without a master it is the one that ``spark-submit`` names.
"""

import json
import sys
import time
from typing import TYPE_CHECKING

from causalrec.config.spark import SparkSettings
from causalrec.errors import LakeError
from causalrec.lake import Lake
from causalrec.lake.bridge import read_frame, write_frame
from causalrec.lake.session import spark_session
from tests.jvm import LIGHT
from tests.lake.tables import CONTRACTS, rows

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DAYS = [{"ds": "2026-03-01"}, {"ds": "2026-03-02"}]
CONF = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.executor.memory": "1g",
    "spark.executor.extraJavaOptions": LIGHT,
}
PATIENCE = 60  # seconds until both executors must have come


def main(root: str, master: str = "") -> None:
    conf = CONF if master else {}
    settings = SparkSettings(master=master, shuffle_partitions=2, java_options=LIGHT, conf=conf)
    with spark_session(settings, "cluster_run") as spark:
        said = {
            "master": spark.sparkContext.master,
            "memory": spark.conf.get("spark.driver.memory", ""),
            "cores": spark.conf.get("spark.cores.max", ""),
        }
        executors = executors_of(spark)
        found = work(spark, Lake(root, contracts=CONTRACTS.__getitem__))
    sys.stdout.write(json.dumps({"executors": executors, **said, **found}) + "\n")


def executors_of(spark: "SparkSession") -> int:
    """Executors besides the driver, once they are there."""
    end = time.monotonic() + PATIENCE
    while True:
        count = int(spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size()) - 1
        if count >= 2 or time.monotonic() > end:
            return count
        time.sleep(0.2)


def work(spark: "SparkSession", lake: Lake) -> dict[str, object]:
    """The digests that the cluster wrote, and whether Arrow data on the driver has the same ones."""
    sales = lake.table("sales")
    frame = spark.range(0, 400, numPartitions=2).selectExpr(
        "concat('id', id) id", "id n", "cast(id / 8 as double) price", "id % 2 = 0 ok",
        "timestamp_micros(id * 1000001) at", "array('x', cast(id as string)) tags",
        "array(cast(id as float)) vector", "date_add(date'2026-03-01', cast(id % 2 as int)) ds",
    )  # fmt: skip
    written = write_frame(frame, sales, DAYS)
    again = write_frame(frame.repartition(3), sales, DAYS)
    try:
        write_frame(frame, sales, DAYS[:1])
        refused = ""
    except LakeError as error:
        refused = str(error)
    driver = [sales.replace(sales.read({"ds": [day["ds"]]}), day).digest for day in DAYS]
    sales.replace(rows("late"), DAYS[1], allow_empty=True)  # so few rows must be asked for
    return {
        "digests": [w.digest for w in written],
        "driver": driver,
        "changed": [w.changed for w in written + again],
        "refused": refused,
        "pinned": read_frame(spark, sales, {"ds": ["2026-03-02"]}, ["n"], version=1).count(),
        "now": read_frame(spark, sales).count(),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
