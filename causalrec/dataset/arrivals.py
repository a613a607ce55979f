"""Point in time: which rows a run of one date may see.

A row carries two times. ``arrival_date`` is the delivery that contained it, and the partition it stays in, so
that a delivery can be replaced as a whole; ``event_time`` decides on which date it counts. A night sees what
had arrived by the end of its date (``known = then``). With ``known = today`` an old date is run again with
everything known by now about the time up to its end: late events then count on the date they happened. An
event that is delivered again on a later date counts once, as it first arrived.
"""

import datetime as dt
from typing import Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from causalrec.lake import LakeTable
from causalrec.lake.bridge import read_frame

Known: TypeAlias = Literal["then", "today"]

CLOCK_SKEW = dt.timedelta(days=1)  # an event may arrive (by date) at most this much before its own time
EVENT_COLUMNS = [
    "event_id", "event_time", "user_id", "item_id", "event_type", "session_id", "policy", "position",
    "propensity",
]  # fmt: skip


def arrivals(table: LakeTable, ds: dt.date, known: Known = "then") -> list[str]:
    """Arrival dates that a run for ``ds`` reads, ascending."""
    last = ds if known == "then" else dt.date.max
    return table.upto("arrival_date", last.isoformat())


def events_upto(
    spark: SparkSession,
    events: LakeTable,
    ds: dt.date,
    history_days: int,
    version: int | None = None,
    known: Known = "then",
) -> DataFrame:
    """Events known on ``ds`` that happened inside the last ``history_days`` days before its end; 0: any."""
    dates = arrivals(events, ds, known)
    if history_days:
        dates = [day for day in dates if day >= str(_window_start(ds, history_days) - CLOCK_SKEW)]
    columns = [*EVENT_COLUMNS, "arrival_date"]
    frame = read_frame(spark, events, where={"arrival_date": dates}, columns=columns, version=version)
    return frame.where(inside_window(ds, history_days) & _happened(ds, known))


def inside_window(ds: dt.date, history_days: int) -> Column:
    """Whether an event is young enough for a dataset of ``ds``."""
    return _micros() >= _midnight(_window_start(ds, history_days)) if history_days else F.lit(True)


def first_arrivals(events: DataFrame) -> DataFrame:
    """One row per event_id: the first to arrive (ties, which the gate rules out, are broken by content).

    ``deliveries`` counts the rows that it stands for.
    """
    others = [name for name in events.columns if name not in ("event_id", "arrival_date")]
    first = F.min(F.struct("arrival_date", *others)).alias("first")
    found = events.groupBy("event_id").agg(first, F.count(F.lit(1)).alias("deliveries"))
    return found.select("event_id", "first.*", "deliveries")


def known_items(
    spark: SparkSession, products: LakeTable, ds: dt.date, version: int | None = None, known: Known = "then"
) -> DataFrame:
    """item_id of every product known on ``ds``."""
    where = {"arrival_date": arrivals(products, ds, known)}
    return read_frame(spark, products, where=where, columns=["item_id"], version=version).distinct()


def branded_items(
    spark: SparkSession, products: LakeTable, ds: dt.date, version: int | None = None, known: Known = "then"
) -> DataFrame:
    """item_id and latest brand of every product known on ``ds``.

    The item id stands in for a missing brand.
    """
    where = {"arrival_date": arrivals(products, ds, known)}
    columns = ["item_id", "brand", "arrival_date"]
    frame = read_frame(spark, products, where=where, columns=columns, version=version)
    last = frame.groupBy("item_id").agg(F.max(F.struct("arrival_date", "brand")).alias("last"))
    return last.select("item_id", F.coalesce("last.brand", "item_id").alias("brand"))


def all_users(
    spark: SparkSession, events: LakeTable, ds: dt.date, version: int | None = None, known: Known = "then"
) -> pa.Array:
    """Sorted user_id of everyone with any event by ``ds``.

    Held locally, since models hold one row per user anyway.
    """
    where = {"arrival_date": arrivals(events, ds, known)}
    columns = ["user_id"] if known == "then" else ["user_id", "event_time"]
    frame = read_frame(spark, events, where=where, columns=columns, version=version)
    users = frame.where(_happened(ds, known)).select("user_id").distinct()
    column = users.toArrow()["user_id"].combine_chunks().cast(pa.string())
    return column.take(pc.sort_indices(column))


def _window_start(ds: dt.date, history_days: int) -> dt.date:
    return ds - dt.timedelta(days=min(history_days, ds.toordinal()) - 1)


def _happened(ds: dt.date, known: Known) -> Column:
    """Of later arrivals only events up to the end of ``ds`` are read.

    Rows that had arrived by then cannot be later.
    """
    return F.lit(True) if known == "then" else _micros() < _midnight(ds + dt.timedelta(days=1))


def _micros() -> Column:
    return F.unix_micros("event_time")


def _midnight(day: dt.date) -> int:
    return int(dt.datetime.combine(day, dt.time(), dt.UTC).timestamp()) * 1_000_000
