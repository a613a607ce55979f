"""What the users of every arm did since their first list, and before the experiment, from the tables."""

import datetime as dt
from collections.abc import Mapping
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

import numpy as np
from pyspark.sql import Column
from pyspark.sql import functions as F

from causalrec.config import Settings
from causalrec.config.experiment import ExperimentSettings
from causalrec.dataset.arrivals import EVENT_COLUMNS, arrivals
from causalrec.dataset.behaviour import IMPRESSION, RESPONSES, arrived, visit_of_event
from causalrec.experiment.moments import COLUMNS, DID, Moments
from causalrec.experiment.policies import policies
from causalrec.lake import LakeTable
from causalrec.lake.bridge import read_frame

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

PURCHASE = "purchase"
DAY = dt.timedelta(days=1)


def lists_of(
    spark: "SparkSession", table: LakeTable, settings: ExperimentSettings, ds: dt.date, version: int
) -> "DataFrame":
    """user_id, policy, model_version and ds, each once, of the lists that were shown by ``ds``."""
    nights = [night for night in table.upto("ds", str(ds - DAY)) if night >= str(settings.start)]
    columns = ["user_id", "policy", "model_version", "ds"]
    rows = read_frame(spark, table, {"ds": nights}, columns, version)
    return rows.where(F.col("policy").isin(*policies(settings))).distinct()


def stayed(lists: "DataFrame", settings: ExperimentSettings) -> "DataFrame":
    """user_id, policy, arm and ``first`` (night) of users who were in one arm all the time.

    Shares that change move users by their hash alone, so leaving those out favours no arm.
    """
    names = F.create_map(*(F.lit(text) for pair in policies(settings).items() for text in pair))
    users = lists.groupBy("user_id").agg(
        F.min("policy").alias("policy"), F.max("policy").alias("last"), F.min("ds").alias("first")
    )
    kept = users.where(F.col("policy") == F.col("last")).drop("last")
    return kept.withColumn("arm", names[F.col("policy")])


def people(
    spark: "SparkSession", events: LakeTable, settings: Settings, ds: dt.date, version: int
) -> "DataFrame":
    """Events of people known on ``ds``, from ``pre_days`` before the experiment on."""
    start = settings.experiment.start
    assert start is not None  # noqa: S101 - an experiment that is judged has one
    begin = str(start - dt.timedelta(days=settings.experiment.pre_days))
    days = [day for day in arrivals(events, ds, settings.dataset.known) if begin < day]
    columns = [*EVENT_COLUMNS, "price", "arrival_date"]
    found = read_frame(spark, events, {"arrival_date": days}, columns, version)
    found = found.where(F.to_date("event_time") <= F.lit(ds))
    return arrived(found, settings.dataset).where(~F.col("robot"))


def deeds(users: "DataFrame", events: "DataFrame", settings: ExperimentSettings) -> "DataFrame":
    """arm and all :data:`COLUMNS` but ``one``: a row for every user of ``users``, zeros for who did nothing.

    A look is an item in a visit (a session; without one the user's day, UTC) that the list of the arm showed,
    before the experiment any list; a click is one that a view, cart or purchase followed in the same visit.
    Purchases count whatever led to them: a list that only draws them away from other pages earns nothing.
    """
    day, start = F.to_date("event_time"), F.lit(settings.start)
    whose = users.select("user_id", "first", F.col("policy").alias("own"))
    told = events.join(whose, "user_id")
    after, before = day > F.col("first"), (day <= start) & F.lit(bool(settings.pre_days))
    told = told.withColumn("after", after).where(after | before)
    shown = (F.col("event_type") == IMPRESSION) & (~F.col("after") | (F.col("policy") == F.col("own")))
    bought = F.col("event_type") == PURCHASE
    items = told.groupBy("user_id", "after", visit_of_event().alias("visit"), "item_id").agg(
        F.min(F.when(shown, F.col("event_time"))).alias("shown"),
        F.max(F.when(F.col("event_type").isin(*RESPONSES), F.col("event_time"))).alias("responded"),
        F.max(bought.cast("double")).alias("bought"),
        F.sum(F.when(bought, F.coalesce("price", F.lit(0.0))).otherwise(0.0)).alias("revenue"),
    )
    looked = F.col("shown").isNotNull()
    clicked = F.coalesce(looked & (F.col("responded") >= F.col("shown")), F.lit(False))
    parts: Mapping[str, Column] = {
        "looks": looked.cast("double"), "clicks": clicked.cast("double"),
        "bought": F.col("bought"), "revenue": F.col("revenue"),
    }  # fmt: skip
    sums = items.groupBy("user_id").agg(*(
        (F.max if name == "bought" else F.sum)(F.when(when, part).otherwise(0.0)).alias(f"{name}{end}")
        for name, part in parts.items()
        for end, when in (("", F.col("after")), ("_before", ~F.col("after")))
    ))  # fmt: skip
    every = users.select("user_id", "arm").join(sums, "user_id", "left").fillna(0.0)
    return every.withColumn("clicked", (F.col("clicks") > 0).cast("double")).select(
        "arm", *DID, *(f"{name}_before" for name in DID), "clicked"
    )


def moments(frame: "DataFrame", columns: tuple[str, ...] = COLUMNS) -> dict[str, Moments]:
    """Arm -> sums of products over the rows of :func:`deeds`: one pass, one row per arm in memory."""
    pairs = list(combinations_with_replacement(range(len(columns)), 2))
    rows = frame.withColumn(columns[0], F.lit(1.0))
    sums = [F.sum(F.col(columns[a]) * F.col(columns[b])).alias(f"{a}_{b}") for a, b in pairs]
    found = {}
    for row in rows.groupBy("arm").agg(*sums).collect():
        products = np.zeros((len(columns), len(columns)))
        for a, b in pairs:
            products[a, b] = products[b, a] = row[f"{a}_{b}"]
        found[row["arm"]] = Moments(products, columns)
    return found
