"""Lists for open carts: from a set of items to further items."""

import datetime as dt

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from causalrec.config.lists import ListSettings
from causalrec.scoring.behaviour.shelves import MARKET, ONE_FOR_ALL, Shelves
from causalrec.scoring.behaviour.visits import CART, PURCHASE

CART_KEY = "user_id"
OTHER = "other_item_id"
REACH = 5  # candidates per item of a cart, and of all items, for each row of a list
NOTHING = ""  # no item of the cart goes with it for certain


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


def cart_lists(
    carts: DataFrame,
    pairs: DataFrame,
    k: int,
    *,
    usual: DataFrame | None = None,
    certain: DataFrame | None = None,
    shelves: Shelves = ONE_FOR_ALL,
) -> DataFrame:
    """The ``k`` items that are likeliest to be taken, once looked at, with a set of items in the cart.

    The chance is the item's own rate times the lifts of all items of the set, at most 1: they are taken to
        act independently. A pair that is not in ``pairs`` has a lift of 1. Items of the set are not listed.

    Args:
        carts: user_id (or any name of a set) and item_id.
        pairs: item_id, other_item_id, rate and lift (:func:`causalrec.scoring.behaviour.complements.lifts`,
            or the rows of the table ``complements``).
        usual: item_id and rate of everything that may be listed, so that every list is full; by default only
            what ``pairs`` connects with the set is listed.
        certain: item_id and other_item_id of the pairs that may be named as a reason; by default all.
        shelves: where markets count, only what is sold in the user's is listed.

    Returns:
        user_id, rank, item_id, chance, gain (what the set adds to the item's rate) and because_item_id: the
            item of the set with the largest lift among the ``certain`` pairs, or "".
    """
    pairs = pairs.join(carts.select("item_id").distinct(), "item_id", "left_semi")
    named = (pairs if certain is None else certain).select("item_id", OTHER).withColumn("named", F.lit(True))
    known = pairs.select("item_id", OTHER, "lift").join(named, ["item_id", OTHER], "left")
    rates = usual
    if rates is None:
        rates = pairs.groupBy(F.col(OTHER).alias("item_id")).agg(F.first("rate").alias("rate"))
    each = _candidates(shelves, carts, pairs, k, usual).join(carts, CART_KEY)
    each = each.join(known, ["item_id", OTHER], "left").withColumn("lift", F.coalesce("lift", F.lit(1.0)))
    reason = F.max_by("item_id", F.when(F.col("named"), F.struct("lift", "item_id")))
    rows = each.groupBy(CART_KEY, OTHER).agg(
        F.product("lift").alias("lifts"), F.coalesce(reason, F.lit(NOTHING)).alias("because_item_id")
    )
    rows = rows.join(rates.select(F.col("item_id").alias(OTHER), "rate"), OTHER)
    rows = rows.withColumn("chance", F.least(F.col("rate") * F.col("lifts"), F.lit(1.0)))
    order = Window.partitionBy(CART_KEY).orderBy(F.desc("chance"), OTHER)
    return (
        rows.withColumns({"rank": F.row_number().over(order), "gain": F.col("chance") - F.col("rate")})
        .where(F.col("rank") <= k)
        .select(CART_KEY, "rank", F.col(OTHER).alias("item_id"), "chance", "gain", "because_item_id")
    )


def _candidates(
    shelves: Shelves, carts: DataFrame, pairs: DataFrame, k: int, usual: DataFrame | None
) -> DataFrame:
    """user_id and other_item_id of what may be listed: the best partners of each item, the best of all.

    Of each market, where they count.

    A list loses nothing to this limit as long as no more than a fifth of an item's partners are in the cart
    or lowered by other items of it.
    """
    placed = shelves.placed(carts)
    partners = shelves.each(pairs, OTHER)
    if shelves.limited is not None:  # otherwise all pairs are of items in carts
        asked = placed.select("item_id", MARKET).distinct()
        partners = partners.join(asked, ["item_id", MARKET], "left_semi")
    gain = F.desc(F.col("rate") * F.col("lift"))
    place = F.row_number().over(Window.partitionBy("item_id", MARKET).orderBy(gain, OTHER))
    near = partners.withColumn("place", place).where(F.col("place") <= REACH * k)
    found = placed.join(near.select("item_id", MARKET, OTHER), ["item_id", MARKET]).select(CART_KEY, OTHER)
    if usual is not None:
        first = F.row_number().over(Window.partitionBy(MARKET).orderBy(F.desc("rate"), "item_id"))
        best = shelves.each(usual).withColumn("place", first).where(F.col("place") <= REACH * k)
        everyone = placed.select(CART_KEY, MARKET).distinct()
        here = everyone.join(F.broadcast(best.select(MARKET, F.col("item_id").alias(OTHER))), MARKET)
        found = found.unionByName(here.select(CART_KEY, OTHER))
    return found.distinct().join(carts.withColumnRenamed("item_id", OTHER), [CART_KEY, OTHER], "left_anti")
