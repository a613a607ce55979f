"""Positive user-item pairs as known on one run date, with a deterministic split.

Point in time: only events of arrival dates up to ``ds`` are read, so a backfill of an old date sees what was
known then. An event delivered again on a later date counts once, as it arrived first. Every step is a Spark
SQL expression; nothing is collected.
"""

import datetime as dt

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame, Observation, SparkSession, Window
from pyspark.sql import functions as F

from causalrec.config.sections import DatasetSettings
from causalrec.lake import LakeTable
from causalrec.lake.bridge import read_frame

HASH_STEPS = 1 << 52  # a hash becomes a uniform number in [0, 1) with this resolution
CLOCK_SKEW = dt.timedelta(days=1)  # an event may arrive (by date) at most this much before its own time
EVENT_COLUMNS = ["event_id", "event_time", "user_id", "item_id", "event_type", "session_id", "policy"]
EVENT_COLUMNS += ["position"]


def events_upto(
    spark: SparkSession, events: LakeTable, ds: dt.date, history_days: int, version: int | None = None
) -> DataFrame:
    """Events that had arrived by ``ds`` and happened inside the last ``history_days`` days before its end."""
    start = ds - dt.timedelta(days=history_days - 1)
    dates = [day for day in events.upto("arrival_date", ds.isoformat()) if day >= str(start - CLOCK_SKEW)]
    columns = [*EVENT_COLUMNS, "arrival_date"]
    frame = read_frame(spark, events, where={"arrival_date": dates}, columns=columns, version=version)
    midnight = dt.datetime.combine(start, dt.time(), dt.UTC)
    return frame.where(F.unix_micros("event_time") >= int(midnight.timestamp()) * 1_000_000)


def first_arrivals(events: DataFrame) -> DataFrame:
    """One row per event_id: the one that arrived first (ties, which the gate excludes, by content)."""
    others = [name for name in events.columns if name not in ("event_id", "arrival_date")]
    first = F.min(F.struct("arrival_date", *others)).alias("first")
    return events.groupBy("event_id").agg(first).select("event_id", "first.*")


def known_items(
    spark: SparkSession, products: LakeTable, ds: dt.date, version: int | None = None
) -> DataFrame:
    """item_id of every product that had arrived by ``ds``."""
    dates = products.upto("arrival_date", ds.isoformat())
    frame = read_frame(spark, products, where={"arrival_date": dates}, columns=["item_id"], version=version)
    return frame.distinct()


def all_users(spark: SparkSession, events: LakeTable, ds: dt.date, version: int | None = None) -> pa.Array:
    """Sorted user_id of everyone with any event by ``ds``; local, for models hold one row per user anyway."""
    where = {"arrival_date": events.upto("arrival_date", ds.isoformat())}
    users = read_frame(spark, events, where=where, columns=["user_id"], version=version).distinct()
    column = users.toArrow()["user_id"].combine_chunks().cast(pa.string())
    return column.take(pc.sort_indices(column))


def positive_events(
    events: DataFrame, items: DataFrame, settings: DatasetSettings, observed: Observation
) -> DataFrame:
    """First arrivals of the weighted event types on known items.

    ``observed`` receives ``positives`` (after deduplication) and ``unknown_item`` (dropped for their item).
    """
    weighted = events.where(F.col("event_type").isin(*_types(settings)))
    joined = first_arrivals(weighted).join(items.withColumn("known", F.lit(True)), "item_id", "left")
    joined = joined.observe(
        observed,
        F.count(F.lit(1)).alias("positives"),
        F.count_if(F.col("known").isNull()).alias("unknown_item"),
    )
    return joined.where(F.col("known")).drop("known")


def interactions(positives: DataFrame, settings: DatasetSettings) -> DataFrame:
    """One row per (user, item): weight, events, first_time, last_time, split.

    ``weight`` sums the event weights. Splits:

    * ``random``: a hash of (seed, user, item) decides, so a pair keeps its split on every date; per user the
      ``min_train_per_user`` pairs of highest hash always train.
    * ``temporal``: the last ``test_share`` of the observed time is test, the ``valid_share`` before it valid.
      A pair belongs to the period in which it began, and later events of the pair are not counted: training
      knows nothing of what came after. Users who began late have no training pairs and stay as they are.
    """
    if settings.split == "random":
        return _random_split(_aggregate(positives.withColumn("period", F.lit(0)), settings), settings)
    return (
        _aggregate(positives.withColumn("period", _period(positives, settings)), settings)
        .withColumn(
            "split", F.element_at(F.array(*map(F.lit, ("train", "valid", "test"))), F.col("period") + 1)
        )
        .drop("period")
    )


def _types(settings: DatasetSettings) -> list[str]:
    return sorted(settings.event_weights)


def _aggregate(events: DataFrame, settings: DatasetSettings) -> DataFrame:
    """Per pair the counts of its first period; integers first, for a float sum would depend on the order."""
    counts = [F.count_if(F.col("event_type") == name).alias(f"n_{name}") for name in _types(settings)]
    times = [F.min("event_time").alias("first_time"), F.max("event_time").alias("last_time")]
    periods = events.groupBy("user_id", "item_id", "period").agg(*counts, *times)
    names = [name for name in periods.columns if name not in ("user_id", "item_id")]
    first = F.min(F.struct(*names)).alias("first")
    pairs = periods.groupBy("user_id", "item_id").agg(first).select("user_id", "item_id", "first.*")
    n_events = sum((F.col(f"n_{name}") for name in _types(settings)), F.lit(0))
    weight = sum((F.col(f"n_{n}") * settings.event_weights[n] for n in _types(settings)), F.lit(0.0))
    return pairs.select(
        "user_id", "item_id", weight.alias("weight"), n_events.cast("int").alias("events"),
        "first_time", "last_time", "period",
    )  # fmt: skip


def _period(positives: DataFrame, settings: DatasetSettings) -> Column:
    """0, 1, 2 for the train, valid and test part of the observed time (two numbers reach the driver)."""
    time = F.unix_micros("event_time")
    span = positives.agg(F.min(time).alias("low"), F.max(time).alias("high")).first()
    if span is None or span.low is None:
        return F.lit(0)
    test_from = span.high - int((span.high - span.low) * settings.test_share)
    valid_from = test_from - int((span.high - span.low) * settings.valid_share)
    return F.when(time < F.lit(valid_from), 0).when(time < F.lit(test_from), 1).otherwise(2)


def _random_split(pairs: DataFrame, settings: DatasetSettings) -> DataFrame:
    bits = F.xxhash64(F.lit(settings.seed), "user_id", "item_id")
    uniform = F.pmod(bits, F.lit(HASH_STEPS)) / F.lit(float(HASH_STEPS))
    place = F.row_number().over(Window.partitionBy("user_id").orderBy(F.desc("uniform"), "item_id"))
    held = settings.test_share + settings.valid_share
    split = (
        F.when(F.col("place") <= settings.min_train_per_user, "train")
        .when(F.col("uniform") < settings.test_share, "test")
        .when(F.col("uniform") < held, "valid")
        .otherwise("train")
    )
    placed = pairs.withColumn("uniform", uniform).withColumn("place", place)
    return placed.withColumn("split", split).drop("uniform", "place", "period")
