"""Inputs of the lists: events of people as known on a date, and what happened in each visit."""

import datetime as dt
from collections.abc import Mapping

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from causalrec.config import Settings
from causalrec.dataset.arrivals import events_upto, known_items
from causalrec.dataset.behaviour import arrived, visit_of_event
from causalrec.dataset.look_visits import COUNTED
from causalrec.lake import Lake
from causalrec.lake.outcome import Pin

PURCHASE, CART = "purchase", "cart"


def people_events(
    spark: SparkSession, lake: Lake, settings: Settings, ds: dt.date, pins: Mapping[str, Pin]
) -> DataFrame:
    """user_id, item_id, event_type, event_time and visit (session, or the day in UTC without one).

    Point in time like the dataset: first arrivals known on ``ds``, of known items, without robots.
    """
    chosen = settings.dataset
    events = events_upto(
        spark, lake.table("events"), ds, chosen.history_days, pins["events"].version, chosen.known
    )
    items = known_items(spark, lake.table("products"), ds, pins["products"].version, chosen.known)
    people = arrived(events, chosen).where(~F.col("robot"))
    return people.join(items, "item_id").select(
        "user_id", "item_id", "event_type", "event_time",
        visit_of_event().alias("visit"),
    )  # fmt: skip


def visit_items(events: DataFrame) -> DataFrame:
    """One row per user, visit and item: ``taken`` is 1 where it went into the cart or was bought, else 0."""
    taken = F.max(F.col("event_type").isin(*COUNTED).cast("int")).alias("taken")
    return events.groupBy("user_id", "visit", "item_id").agg(taken)
