"""Writes and reads through the lake against plain Spark Parquet on the same rows.

    python benchmarks/lake_write.py [--rows 1000000] [--rounds 3] [--growth 10] [--commits 200]

Both sides run in one session on the same cached frame, turn by turn; the table shows the medians of seconds
on the clock and of CPU seconds (this process, the JVM and the Python workers). The lake's write also checks
every row, computes and verifies content digests and commits; plain Parquet does not. ``--growth`` first does
the same with that many times fewer rows, ``--commits`` counts small commits per second.
"""

import argparse
import datetime as dt
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pyarrow as pa
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from causalrec.config.spark import SparkSettings
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
    parser.add_argument("--growth", type=int, help="first with this many times fewer rows")
    parser.add_argument("--commits", type=int, help="count small commits per second")
    arguments = parser.parse_args()
    sizes = [arguments.rows // arguments.growth, arguments.rows] if arguments.growth else [arguments.rows]
    with spark_session(SparkSettings(), "lake_write") as spark:
        for rows in sizes:
            with tempfile.TemporaryDirectory() as folder:
                show(measure(spark, Path(folder), rows, arguments.rounds), rows)
    if arguments.commits:
        with tempfile.TemporaryDirectory() as folder:
            commits(folder, arguments.commits)


Times = dict[str, list[tuple[float, float]]]
"""Step -> (seconds, CPU seconds) of every round."""


def measure(spark: "SparkSession", folder: Path, rows: int, rounds: int) -> Times:
    """What every round took; the first round warms up and is left out."""
    frame = events(spark, rows).cache()
    frame.count()
    table = Lake(str(folder / "lake")).table("events")
    plain = str(folder / "plain")
    times: Times = {"write plain": [], "write lake": [], "read plain": [], "read lake": []}
    for turn in range(rounds + 1):
        changed = frame.withColumn("price", frame["price"] + turn)  # equal content would skip the commit
        steps: dict[str, Callable[[], object]] = {
            "write plain": partial(write_plain, changed, plain),
            "write lake": partial(write_frame, changed, table, [{"arrival_date": DAY}]),
            "read plain": lambda: total(spark.read.parquet(plain)),
            "read lake": lambda: total(read_frame(spark, table, {"arrival_date": [DAY]})),
        }
        for name, step in steps.items():
            began, spent = time.perf_counter(), cpu_seconds()
            step()
            if turn:
                times[name].append((time.perf_counter() - began, cpu_seconds() - spent))
    frame.unpersist(blocking=True)
    return times


def cpu_seconds() -> float:
    """CPU seconds of this process and of all that it started (Spark keeps its Python workers)."""
    own = psutil.Process()
    total = 0.0
    for process in [own, *own.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            used = process.cpu_times()
            total += used.user + used.system + used.children_user + used.children_system
    return total


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


def show(times: Times, rows: int) -> None:
    console = Console()
    table = Table(title=f"{rows:,} rows, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    columns = ("step", "plain, s", "lake, s", "ratio", "plain, CPU s", "lake, CPU s", "ratio", "lake, us/row")
    for column in columns:
        table.add_column(column, justify="right")
    for step in ("write", "read"):
        cells = []
        for part in (0, 1):
            plain, lake = (
                statistics.median(each[part] for each in times[f"{step} {side}"])
                for side in ("plain", "lake")
            )
            cells += [f"{plain:.2f}", f"{lake:.2f}", f"{lake / plain:.2f}"]
        table.add_row(step, *cells, f"{1e6 * lake / rows:.2f}")
    console.print(table)


def commits(folder: str, count: int) -> None:
    """Small replacements of different partitions, one after the other and by eight threads."""
    lake = Lake(folder)

    def replace(table: str, number: int) -> None:
        day = dt.date(2026, 1, 1) + dt.timedelta(days=number)
        schema = lake.table(table).schema
        blank = {"string": "x", "int32": 1, "int64": 1, "double": 1.0}
        row = {field.name: blank[str(field.type)] for field in schema if field.name != "ds"}
        data = pa.Table.from_pylist([row], schema=pa.schema([f for f in schema if f.name != "ds"]))
        lake.table(table).replace(data, {"ds": day.isoformat()})

    for threads, table in ((1, "popular_items"), (8, "evaluations")):
        began, spent = time.perf_counter(), time.process_time()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(partial(replace, table), range(count)))
        rate = count / (time.perf_counter() - began)
        spent = 1000 * (time.process_time() - spent) / count
        Console().print(
            f"{count} commits of one row, {threads} at a time: {rate:.1f} a second, {spent:.0f} CPU ms each"
        )


if __name__ == "__main__":
    main()
