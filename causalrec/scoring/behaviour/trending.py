"""Items that more people choose now than before."""

import datetime as dt

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from causalrec.config.lists import ListSettings
from causalrec.dataset.behaviour import IMPRESSION
from causalrec.scoring.behaviour.chance import at_least, beyond_chance
from causalrec.scoring.behaviour.lift import lift, lift_quantile
from causalrec.scoring.behaviour.shelves import ONE_FOR_ALL, Shelves

EVERYTHING = ""


def trending_items(
    events: DataFrame,
    categories: DataFrame,
    settings: ListSettings,
    ds: dt.date,
    shelves: Shelves = ONE_FOR_ALL,
) -> DataFrame:
    """Best ``k`` per category and over all (category ``""``): users of the last days over those expected.

    Where markets count, the best ``k`` of what each of them sells. The users are those of the whole shop.

    Expected: the item's share of users in the days before, scaled to the present number of users, so that a
    busy week alone makes no trend. For an item without a past nothing is expected, and it needs as many users
    as the prior requires. Only a lift above 1 with the required certainty is a trend, and over all items at
    most ``chance_share`` of the trends are expected to be chance.

    Args:
        categories: item_id and category (null where unknown).

    Returns:
        category, rank, item_id, users (distinct user-days of now), expected, lift, low and markets.
    """
    age = F.datediff(F.lit(ds), F.to_date("event_time"))
    days = (
        events.where(F.col("event_type") != IMPRESSION)
        .select("user_id", "item_id", age.alias("age"))
        .where(f"age BETWEEN 0 AND {settings.trend_days + settings.trend_baseline_days - 1}")
        .distinct()
    )
    now = F.col("age") < settings.trend_days
    items = days.groupBy("item_id").agg(
        F.count_if(now).cast("double").alias("users"), F.count_if(~now).cast("double").alias("before")
    )
    all_now, all_before = (F.sum(name) for name in ("users", "before"))
    shop = items.agg(F.when(all_before > 0, all_now / all_before).alias("growth"))
    expected = F.col("before") * F.col("growth")
    counted = items.crossJoin(F.broadcast(shop)).where("growth IS NOT NULL").withColumn("expected", expected)
    arguments = (F.col("users"), F.col("expected"), settings.prior_strength)
    rows = counted.withColumn("lift", lift(*arguments))
    rows = rows.withColumn("low", lift_quantile(*arguments, 1 - settings.certainty))
    rows = beyond_chance(
        rows.where("low > 1").withColumn("p", _by_chance()), items.count(), settings.chance_share
    )
    named = rows.join(categories.where("category <> ''"), "item_id")
    columns = ["category", "item_id", "users", "expected", "lift", "low"]
    both = named.select(*columns).unionByName(rows.withColumn("category", F.lit(EVERYTHING)).select(*columns))
    listed = shelves.best(both, "category", [F.desc("low"), F.asc("item_id")], settings.k)
    return listed.withColumn("users", F.col("users").cast("long"))


def _by_chance() -> Column:
    """Probability of as many users now, given those of both periods (the binomial test of two rates).

    The negative binomial with ``before + 1`` failures has the same tail.
    """
    size = F.col("before") + 1
    return at_least(F.col("users"), F.col("growth") * size, 1 / size)
