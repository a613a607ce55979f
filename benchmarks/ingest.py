"""Generated events through ingest, gate and interactions, against plain Spark and DuckDB on the same files.

    python benchmarks/ingest.py [--events 100000 1000000] [--format json|parquet]

*ours* is what the jobs do: strict parse, row rules, duplicates, measures, gate with Data Docs, two checked
Delta writes, interactions. *plain* is the floor of any Spark job that does as little as possible: the same
files by Spark's own reader, the same shuffle for duplicates, one count, plain Parquet, then the same
interactions query to plain Parquet. *duckdb* does the same as plain in one process of one thread.
CPU seconds count this process, the JVM and the Python workers.
"""

# ruff: noqa: S608 - the queries are made of numbers and of paths of this run

import argparse
import datetime as dt
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import psutil
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from causalrec.config import Settings
from causalrec.config.spark import SparkSettings
from causalrec.contracts import load_contract
from causalrec.lake import Lake, Ledger
from causalrec.lake.session import spark_session

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

DAY = dt.date(2026, 3, 1)
FILES = 4
EVENTS = """
select 'e' || i as event_id,
  strftime(timestamp '2026-03-01' + to_milliseconds(i * 86000000 // {n}), '%Y-%m-%dT%H:%M:%S.%gZ')
    as event_time,
  'u' || hash(i) % ({n} // 50 + 1) as user_id, 'i' || hash(i + 7) % 5000 as item_id,
  case when i % 20 = 0 then 'purchase' when i % 10 = 1 then 'cart' when i % 5 = 2 then 'view'
    else 'impression' end as event_type,
  's' || i // 12 as session_id, cast(1 + i % 12 as int) as position, 'ranked' as policy,
  0.05 as propensity, cast(i % 997 as double) + 0.5 as price
from range({first}, {last}) t(i)
"""


@dataclass(frozen=True)
class Cost:
    """Wall and CPU seconds."""

    wall: float
    cpu: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--events", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--format", choices=("json", "parquet"), default="json")
    arguments = parser.parse_args()
    console = Console()
    with spark_session(SparkSettings(driver_memory="3g"), "ingest bench") as spark:
        for turn, events in enumerate([20_000, *arguments.events]):  # the first one warms up
            with tempfile.TemporaryDirectory() as folder:
                costs = measured(spark, Path(folder), events, arguments.format)
            if turn:
                console.print(shown(events, arguments.format, costs))


def measured(spark: "SparkSession", work: Path, events: int, form: str) -> dict[str, Cost]:
    landing = work / "landing" / "events" / f"arrival_date={DAY}"
    landing.mkdir(parents=True)
    for part in range(FILES):
        query = EVENTS.format(n=events, first=part * events // FILES, last=(part + 1) * events // FILES)
        if form == "parquet":
            query = f"select * replace (cast(event_time as timestamptz) as event_time) from ({query})"
        suffix = {"json": "jsonl", "parquet": "parquet"}[form]
        duckdb.sql(f"set timezone = 'UTC'; copy ({query}) to '{landing}/{part}.{suffix}' (format {form})")
    settings = Settings.model_validate({"paths": {"work": work}, "ingest": {"volume_min_median": 10**9}})
    lake = Lake(settings.lake_root)
    products(lake)
    steps: dict[str, Callable[[], object]] = {
        "plain ingest": lambda: plain_ingest(spark, landing, work / "plain", form),
        "ours ingest": lambda: ours_ingest(settings, lake, spark),
        "plain pairs": lambda: pairs_of(spark, lake, spark.read.parquet(str(work / "plain"))).write.parquet(
            str(work / "pairs")
        ),
        "ours pairs": lambda: ours_pairs(spark, lake),
        "duckdb ingest": lambda: duckdb_ingest(landing, work, form),
        "duckdb pairs": lambda: duckdb_pairs(work),
    }
    return {name: cost(step) for name, step in steps.items()}


def products(lake: Lake) -> None:
    import pyarrow as pa

    target = lake.table("products")
    rows = [
        {
            "item_id": f"i{n}", "image_refs": [], "source_file": "p",
            "updated_at": dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
        }
        for n in range(5000)
    ]  # fmt: skip
    schema = pa.schema([field for field in target.schema if field.name != "arrival_date"])
    target.replace(pa.Table.from_pylist(rows, schema=schema), {"arrival_date": str(DAY)})


def ours_ingest(settings: Settings, lake: Lake, spark: "SparkSession") -> None:
    from causalrec.ingest.events import ingest_events

    ingest_events(settings, lake, Ledger(lake), spark, DAY)


def ours_pairs(spark: "SparkSession", lake: Lake) -> None:
    from pyspark.sql import functions as F

    from causalrec.dataset.arrivals import events_upto
    from causalrec.lake.bridge import write_frame

    found = pairs_of(spark, lake, events_upto(spark, lake.table("events"), DAY, 1000))
    write_frame(found.withColumn("ds", F.lit(DAY)), lake.table("interactions"), [{"ds": str(DAY)}])


def pairs_of(spark: "SparkSession", lake: Lake, events: "DataFrame") -> "DataFrame":
    from pyspark.sql import Observation

    from causalrec.config.dataset import DatasetSettings
    from causalrec.dataset.arrivals import known_items
    from causalrec.dataset.behaviour import arrived
    from causalrec.dataset.interactions import interactions, period_starts, positive_events

    items = known_items(spark, lake.table("products"), DAY)
    chosen = DatasetSettings()
    positives = positive_events(arrived(events, chosen), items, chosen, Observation())
    return interactions(positives, chosen, period_starts(positives, chosen))


def plain_ingest(spark: "SparkSession", landing: Path, out: Path, form: str) -> None:
    from pyspark.sql import Window
    from pyspark.sql import functions as F
    from pyspark.sql.pandas.types import from_arrow_schema

    names = [c for c in load_contract("landing_events").column_names if c != "arrival_date"]
    schema = from_arrow_schema(load_contract("landing_events").arrow_schema)
    frame = spark.read.schema(schema).format(form).load(str(landing)).select(*names)
    frame = frame.withColumn("source_file", F.lit("x")).withColumn("arrival_date", F.lit(DAY))
    order = Window.partitionBy("arrival_date", "event_id").orderBy("event_time", "source_file")
    kept = frame.withColumn("n", F.row_number().over(order)).persist()
    kept.groupBy("n").count().collect()
    kept.where("n = 1").drop("n").write.mode("overwrite").parquet(str(out))
    kept.unpersist()


def duckdb_ingest(landing: Path, work: Path, form: str) -> None:
    columns = "event_id: 'VARCHAR', event_time: 'TIMESTAMPTZ', user_id: 'VARCHAR', item_id: 'VARCHAR', "
    columns += "event_type: 'VARCHAR', session_id: 'VARCHAR', position: 'INT', policy: 'VARCHAR', "
    columns += "propensity: 'DOUBLE', price: 'DOUBLE'"
    source = f"read_json('{landing}/*', format='newline_delimited', columns={{{columns}}})"
    if form == "parquet":
        source = f"read_parquet('{landing}/*')"
    numbered = f"select *, row_number() over (partition by event_id order by event_time) n from {source}"
    con = duckdb.connect(config={"threads": 1})
    con.sql(f"copy (select * exclude (n) from ({numbered}) where n = 1) to '{work}/duck.parquet'")
    con.close()


def duckdb_pairs(work: Path) -> None:
    con = duckdb.connect(config={"threads": 1})
    con.sql(
        "copy (select user_id, item_id, count(*) n, min(event_time) a, max(event_time) b from "
        f"(select distinct on (event_id) * from '{work}/duck.parquet' "
        "where event_type in ('cart', 'purchase')) "
        f"group by all) to '{work}/duck_pairs.parquet'"
    )
    con.close()


def cost(step: Callable[[], object]) -> Cost:
    wall, cpu = time.monotonic(), tree_cpu()
    step()
    return Cost(time.monotonic() - wall, tree_cpu() - cpu)


def tree_cpu() -> float:
    """CPU seconds so far of this process and of all below it, ended ones included."""
    me = psutil.Process()
    total = 0.0
    for process in [me, *me.children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += sum(times[:4])
    return total


def shown(events: int, form: str, costs: dict[str, Cost]) -> Table:
    title = f"{events:,} events, {form}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    table = Table(title=title, title_justify="left")
    for column in (
        "step",
        "plain: s / CPU s",
        "ours: s / CPU s",
        "duckdb: s / CPU s",
        "ours / plain, CPU (wall)",
    ):
        table.add_column(column, justify="right")
    sums = {
        side: Cost(
            sum(c.wall for n, c in costs.items() if n.startswith(side)),
            sum(c.cpu for n, c in costs.items() if n.startswith(side)),
        )
        for side in ("plain", "ours", "duckdb")
    }
    for step in ("ingest", "pairs", "both"):
        plain, ours, duck = (
            sums[side] if step == "both" else costs[f"{side} {step}"] for side in ("plain", "ours", "duckdb")
        )
        cells = [f"{c.wall:.1f} / {c.cpu:.1f}" for c in (plain, ours, duck)]
        table.add_row(step, *cells, f"{ours.cpu / plain.cpu:.2f} ({ours.wall / plain.wall:.2f})")
    return table


if __name__ == "__main__":
    main()
