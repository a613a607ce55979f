"""What a user is likely to buy again, by how often the item is rebought and when they last bought it.

Purchases of an item by a user follow a renewal process with Erlang gaps of shape 2, so that the next one is
unlikely right after the last and falls due with the cycle (the time-dependent variant of Bhagat et al., Buy
It Again, KDD 2018, in closed form). Its rate has a Gamma prior per item, itself shrunk towards all items;
every day without a repeat lowers the user's own rate.
"""

import datetime as dt

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from causalrec.config.lists import ListSettings
from causalrec.scoring.behaviour.shelves import ONE_FOR_ALL, Shelves
from causalrec.scoring.behaviour.visits import PURCHASE

ITEM_PRIOR = 5.0  # repeated purchases by which an item's rate is shrunk towards the shop's
USER_PRIOR = 1.0  # the same for a user's rate of an item towards the item's
LEAST_DAYS = 1.0  # waiting time that a first purchase on the last day counts for


def buy_again(
    events: DataFrame,
    settings: ListSettings,
    ds: dt.date,
    shelves: Shelves = ONE_FOR_ALL,
) -> DataFrame:
    """Best ``k`` bought items per user, by the chance of buying them in the ``buy_days`` days after ``ds``.

    Purchases on one day count once. Where markets count, only what is sold in the user's is listed; rates are
    those of the whole shop.

    Returns:
        user_id, rank, item_id, chance, purchases (days with one), last_bought and cycle_days (expected mean
        gap for this user and item).
    """
    bought = events.where(F.col("event_type") == PURCHASE).select(
        "user_id", "item_id", F.to_date("event_time").alias("day")
    )
    pairs = bought.groupBy("user_id", "item_id").agg(
        F.countDistinct("day").alias("purchases"),
        F.min("day").alias("first"),
        F.max("day").alias("last_bought"),
    )
    waited = F.greatest(F.datediff(F.lit(ds), F.col("first")).cast("double"), F.lit(LEAST_DAYS))
    pairs = pairs.withColumn("again", F.col("purchases") - 1).withColumn("waited", waited)
    joined = pairs.join(_item_rates(pairs), "item_id")
    rate = (F.col("again") + F.lit(USER_PRIOR)) / (F.col("waited") + F.lit(USER_PRIOR) / F.col("item_rate"))
    since = F.datediff(F.lit(ds), F.col("last_bought")).cast("double")
    rated = joined.where("item_rate > 0").withColumn("rate", rate).withColumn("since", since)
    chance = _due(F.col("rate"), F.col("since"), settings.buy_days)
    rows = shelves.for_users(rated).withColumn("chance", chance)
    order = Window.partitionBy("user_id").orderBy(F.desc("chance"), "item_id")
    return (
        rows.withColumn("rank", F.row_number().over(order))
        .where(F.col("rank") <= settings.k)
        .select(
            "user_id", "rank", "item_id", "chance", "purchases", "last_bought",
            (1 / F.col("rate")).alias("cycle_days"),
        )
    )  # fmt: skip


def _item_rates(pairs: DataFrame) -> DataFrame:
    """Repeat purchases per day of waiting, per item; 0 in a shop where nothing is bought twice."""
    items = pairs.groupBy("item_id").agg(F.sum("again").alias("again"), F.sum("waited").alias("waited"))
    shop = items.agg((F.sum("again") / F.sum("waited")).alias("usual"))
    prior_days = F.lit(ITEM_PRIOR) / F.col("usual")
    rate = F.when(
        F.col("usual") > 0, (F.col("again") + F.lit(ITEM_PRIOR)) / (F.col("waited") + prior_days)
    ).otherwise(0.0)
    return items.crossJoin(F.broadcast(shop)).select("item_id", rate.alias("item_rate"))


def _due(rate: Column, since: Column, days: int) -> Column:
    """P(next within ``days`` | none for ``since`` days) of Erlang gaps of shape 2 and mean 1 / rate."""
    ratio = F.exp(-2 * rate * F.lit(days)) * (1 + 2 * rate * (since + days)) / (1 + 2 * rate * since)
    return 1 - ratio
