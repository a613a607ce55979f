"""Writes and reads through the lake against plain Spark Parquet on the same rows.

    python benchmarks/lake_write.py [--rows 1000000] [--rounds 3]

Both sides run in one session on the same cached frame, turn by turn; the table shows the medians. The
lake's write also checks every row, computes and verifies content digests and commits; plain Parquet does not.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from causalrec.config.sections import SparkSettings
from causalrec.lake import Lake
from causalrec.lake.bridge import read_frame, write_frame
from causalrec.lake.session import spark_session

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

DAY = "2026-03-01"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        spark_session(SparkSettings(), "lake_write") as spark,
    ):
        show(measure(spark, Path(folder), arguments.rows, arguments.rounds), arguments.rows)


def measure(spark: "SparkSession", folder: Path, rows: int, rounds: int) -> dict[str, list[float]]:
    """Seconds of every round; the first round warms up and is left out."""
    frame = events(spark, rows).cache()
    frame.count()
    table = Lake(str(folder / "lake")).table("events")
    plain = str(folder / "plain")
    times: dict[str, list[float]] = {"write plain": [], "write lake": [], "read plain": [], "read lake": []}
    for turn in range(rounds + 1):
        changed = frame.withColumn("price", frame["price"] + turn)  # equal content would skip the commit
        steps: dict[str, Callable[[], object]] = {
            "write plain": partial(write_plain, changed, plain),
            "write lake": partial(write_frame, changed, table, [{"arrival_date": DAY}]),
            "read plain": lambda: total(spark.read.parquet(plain)),
            "read lake": lambda: total(read_frame(spark, table, {"arrival_date": [DAY]})),
        }
        for name, step in steps.items():
            began = time.perf_counter()
            step()
            if turn:
                times[name].append(time.perf_counter() - began)
    return times


def events(spark: "SparkSession", rows: int) -> "DataFrame":
    """Rows like those of a shop: 20,000 users, 5,000 items."""
    return spark.range(rows).selectExpr(
        "concat('e', lpad(id, 12, '0')) event_id",
        "timestamp_micros(1772323200000000 + id * 1000) event_time",
        "concat('u', pmod(hash(id), 20000)) user_id",
        "concat('i', pmod(hash(id + 1), 5000)) item_id",
        "if(id % 10 = 0, 'purchase', 'impression') event_type",
        "concat('s', id div 7) session_id",
        "cast(1 + id % 20 as int) position",
        "'popular' policy",
        "0.05 + 0D propensity",
        "cast(id % 997 as double) price",
        "'part-0.jsonl' source_file",
        f"date'{DAY}' arrival_date",
    )


def write_plain(frame: "DataFrame", folder: str) -> None:
    frame.write.mode("overwrite").partitionBy("arrival_date").parquet(folder)


def total(frame: "DataFrame") -> object:
    return frame.selectExpr("sum(price)", "count(distinct user_id)").collect()


def show(times: dict[str, list[float]], rows: int) -> None:
    console = Console()
    table = Table(title=f"{rows:,} rows, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for column in ("step", "plain, s", "lake, s", "ratio", "all lake rounds"):
        table.add_column(column, justify="right")
    for step in ("write", "read"):
        plain, lake = (statistics.median(times[f"{step} {side}"]) for side in ("plain", "lake"))
        shown = " ".join(f"{seconds:.2f}" for seconds in times[f"{step} lake"])
        table.add_row(step, f"{plain:.2f}", f"{lake:.2f}", f"{lake / plain:.2f}", shown)
    console.print(table)


if __name__ == "__main__":
    main()
