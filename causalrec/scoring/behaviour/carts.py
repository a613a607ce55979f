"""Lists for open carts: from a set of items to further items."""

import datetime as dt

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from causalrec.config.lists import ListSettings
from causalrec.scoring.behaviour.visits import CART, PURCHASE

CART_KEY = "user_id"


def open_carts(events: DataFrame, settings: ListSettings, ds: dt.date) -> DataFrame:
    """user_id and item_id of what is in a cart at the end of ``ds``: added, and not bought since."""
    last = [
        F.max(F.when(F.col("event_type") == kind, F.col("event_time"))).alias(kind)
        for kind in (CART, PURCHASE)
    ]
    pairs = events.groupBy("user_id", "item_id").agg(*last)
    since = F.lit(ds - dt.timedelta(days=settings.cart_days - 1)).cast("date")
    left = F.col(PURCHASE).isNull() | (F.col(PURCHASE) < F.col(CART))
    return pairs.where((F.to_date(CART) >= since) & left).select("user_id", "item_id")


def cart_lists(carts: DataFrame, complements: DataFrame, k: int) -> DataFrame:
    """The best ``k`` companions of each set of items.

    Gains of several items add up: each is what one item adds to the probability of the companion. Items of
        the set are not companions.

    Args:
        carts: user_id (or any name of a set) and item_id.
        complements: item_id, other_item_id and gain, as
            :func:`causalrec.scoring.behaviour.complements.listed` returns them.

    Returns:
        user_id, rank, item_id, gain and because_item_id: the item of the set that contributes most.
    """
    within = carts.select(CART_KEY, F.col("item_id").alias("other_item_id"))
    found = carts.join(complements.select("item_id", "other_item_id", "gain"), "item_id")
    found = found.join(within, [CART_KEY, "other_item_id"], "left_anti")
    best = F.max_by("item_id", F.struct("gain", F.col("item_id"))).alias("because_item_id")
    rows = found.groupBy(CART_KEY, "other_item_id").agg(F.sum("gain").alias("gain"), best)
    order = Window.partitionBy(CART_KEY).orderBy(F.desc("gain"), "other_item_id")
    return (
        rows.withColumn("rank", F.row_number().over(order))
        .where(F.col("rank") <= k)
        .select(CART_KEY, "rank", F.col("other_item_id").alias("item_id"), "gain", "because_item_id")
    )
