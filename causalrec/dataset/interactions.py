"""Positive user-item pairs as known on one run date, with a deterministic split.

Point in time: see :mod:`causalrec.dataset.arrivals`. Events of robots and repetitions within a session do not
count (:mod:`causalrec.dataset.behaviour`). Every step is a Spark SQL expression; nothing is collected.
"""

from typing import TypeAlias

from pyspark.sql import Column, DataFrame, Observation, Window
from pyspark.sql import functions as F

from causalrec.config.dataset import DatasetSettings
from causalrec.dataset.behaviour import marked_repeats

MIN_TRAIN_PER_USER = 1  # interactions per user that always stay in training

POSITIVE_COLUMNS = [
    "event_id", "event_time", "user_id", "item_id", "event_type", "session_id", "arrival_date",
    "deliveries", "robot",
]  # fmt: skip
Starts: TypeAlias = tuple[int, int]
"""Microseconds at which the validation and the test period begin."""
HASH_STEPS = 1 << 52  # a hash becomes a uniform number in [0, 1) with this resolution


def positive_events(
    events: DataFrame, items: DataFrame, settings: DatasetSettings, observed: Observation
) -> DataFrame:
    """Events of the weighted types on known items, without robots and repetitions.

    ``observed`` receives ``delivered_again`` (rows after the first of an event), ``positives`` (events, each
    once), and what was dropped from them: ``unknown_item``, ``robot_events`` (on known items) and ``repeats``
    (of the rest).

    Args:
        events: of :func:`causalrec.dataset.behaviour.arrived`. items: item_id of every known product.
    """
    weighted = events.where(F.col("event_type").isin(*_types(settings))).select(*POSITIVE_COLUMNS)
    joined = weighted.join(items.withColumn("known", F.lit(True)), "item_id", "left")
    marked = marked_repeats(joined.withColumn("known", F.coalesce("known", F.lit(False))), settings)
    person = F.col("known") & ~F.col("robot")
    marked = marked.observe(
        observed,
        F.coalesce(F.sum(F.col("deliveries") - 1), F.lit(0)).alias("delivered_again"),
        F.count(F.lit(1)).alias("positives"),
        F.count_if(~F.col("known")).alias("unknown_item"),
        F.count_if(F.col("known") & F.col("robot")).alias("robot_events"),
        F.count_if(person & F.col("repeat")).alias("repeats"),
    )
    return marked.where(person & ~F.col("repeat")).drop("known", "robot", "repeat", "deliveries")


def interactions(positives: DataFrame, settings: DatasetSettings, starts: Starts | None) -> DataFrame:
    """One row per (user, item): weight, events, first_time, last_time, split.

    ``weight`` sums the event weights. Splits:

    * ``random``: a hash of (seed, user, item) decides, so a pair keeps its split on every date; per user the
      ``min_train_per_user`` pairs of highest hash always train.
    * ``temporal``: the last ``test_share`` of the observed time is test, the ``valid_share`` before it valid.
      A pair belongs to the period in which it began, and its later events are not counted: training knows
      nothing of what came after. Users who started late have no training pairs and are kept.

    Args:
        starts: of :func:`period_starts`, on the same positives.
    """
    if settings.split == "random":
        return _random_split(_aggregate(positives.withColumn("period", F.lit(0)), settings), settings)
    return (
        _aggregate(positives.withColumn("period", _period(starts)), settings)
        .withColumn(
            "split", F.element_at(F.array(*map(F.lit, ("train", "valid", "test"))), F.col("period") + 1)
        )
        .drop("period")
    )


def _types(settings: DatasetSettings) -> list[str]:
    return sorted(settings.event_weights)


def _aggregate(events: DataFrame, settings: DatasetSettings) -> DataFrame:
    """Per pair the counts of its first period.

    Summed as integers, since a float sum would depend on the order.
    """
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


def period_starts(positives: DataFrame, settings: DatasetSettings) -> Starts | None:
    """Microseconds at which validation and test begin (only two numbers reach the driver).

    None if the split is not temporal, or without rows.
    """
    if settings.split == "random":
        return None
    time = F.unix_micros("event_time")
    span = positives.agg(F.min(time).alias("low"), F.max(time).alias("high")).first()
    if span is None or span.low is None:
        return None
    test_from = span.high - int((span.high - span.low) * settings.test_share)
    return test_from - int((span.high - span.low) * settings.valid_share), test_from


def _period(starts: Starts | None) -> Column:
    """0, 1, 2 for the train, valid and test period."""
    if starts is None:
        return F.lit(0)
    (valid_from, test_from), time = starts, F.unix_micros("event_time")
    return F.when(time < F.lit(valid_from), 0).when(time < F.lit(test_from), 1).otherwise(2)


def _random_split(pairs: DataFrame, settings: DatasetSettings) -> DataFrame:
    bits = F.xxhash64(F.lit(settings.seed), "user_id", "item_id")
    uniform = F.pmod(bits, F.lit(HASH_STEPS)) / F.lit(float(HASH_STEPS))
    place = F.row_number().over(Window.partitionBy("user_id").orderBy(F.desc("uniform"), "item_id"))
    held = settings.test_share + settings.valid_share
    split = (
        F.when(F.col("place") <= MIN_TRAIN_PER_USER, "train")
        .when(F.col("uniform") < settings.test_share, "test")
        .when(F.col("uniform") < held, "valid")
        .otherwise("train")
    )
    placed = pairs.withColumn("uniform", uniform).withColumn("place", place)
    return placed.withColumn("split", split).drop("uniform", "place", "period")
