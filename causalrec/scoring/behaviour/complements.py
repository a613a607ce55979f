"""What sells better, or worse, once something else is in the basket.

Estimand, where looks are logged: how many times as often ``b`` is taken, once it is looked at, in a visit
that takes ``a`` as in another visit with the same readiness to take things. A pair that a page shows together
is expected more often because of it, so that being shown together does not make a complement; nor does
popularity, nor coming from people who take a lot in one visit. What remains confounded: a taste that ``a``
and ``b`` share.

Without looks (purchases alone), the lift is relative to what baskets of the same size would contain by
chance, and substitutes cannot be told from unseen items: none are listed.
"""

import math
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from causalrec.config.lists import ListSettings
from causalrec.scoring.behaviour.chance import at_least, at_most, beyond_chance, usual_spread
from causalrec.scoring.behaviour.lift import lift, lift_quantile
from causalrec.scoring.behaviour.shelves import ONE_FOR_ALL, Shelves

VISIT = ["user_id", "visit"]
READINESS = 1.0  # prior responses that shrink a visit's readiness towards the average
RATE = 10.0  # prior looks that shrink an item's rate towards the shop's
LOOKS, BASKETS = "looks", "baskets"


@dataclass(frozen=True)
class PairCounts:
    """What visits say of pairs of items.

    Attributes:
        frame: per ordered pair (item_id, other_item_id), how often the second was taken with the first
            (observed), how often it would have been anyway (expected), and its rate.
        rates: item_id and rate: the chance that a look at the item ends in taking it; its share of what was
            taken if no looks are logged.
        evidence: "looks" or "baskets".
    """

    frame: DataFrame
    rates: DataFrame
    evidence: str


def pair_counts(visits: DataFrame, settings: ListSettings) -> PairCounts:
    """Responses to one item in visits that took another, observed and expected.

    Args:
        visits: user_id, visit, item_id, taken (see :func:`causalrec.scoring.behaviour.visits.visit_items`).
    """
    kept = _bounded(visits, settings.max_visit_items)
    if visits.where("taken = 0").isEmpty():
        return PairCounts(_basket_pairs(kept), _shares(kept), BASKETS)
    return PairCounts(_look_pairs(kept), _rates(kept), LOOKS)


def lifts(pairs: PairCounts, settings: ListSettings) -> DataFrame:
    """item_id, other_item_id, rate and lift, shrunk towards 1, of all pairs, chance or not."""
    found = lift(F.col("observed"), F.col("expected"), settings.prior_strength)
    return pairs.frame.select("item_id", "other_item_id", "rate", found.alias("lift"))


def listed(
    pairs: PairCounts,
    settings: ListSettings,
    shelves: Shelves = ONE_FOR_ALL,
    *,
    substitutes: bool,
) -> DataFrame:
    """Best ``k`` per item whose lift is above 1 (for substitutes: below) by more than chance explains.

    Over all pairs, at most ``chance_share`` of those that qualify are expected to be chance, where chance
    includes the spread that lifts of this shop have anyway. Ordered by ``gain``: what the first item adds to
    the probability that the other is taken once it is seen, at the conservative end of the interval. Where
    markets count, the best ``k`` in each that sells the item, of what it sells.

    Returns:
        item_id, rank, other_item_id, gain, rate, lift, low, high, observed, expected, evidence, markets.
    """
    observed, expected, strength = F.col("observed"), F.col("expected"), settings.prior_strength
    rows = pairs.frame.select(
        "item_id", "other_item_id", "observed", "expected", "rate",
        lift(observed, expected, strength).alias("lift"),
        lift_quantile(observed, expected, strength, 1 - settings.certainty).alias("low"),
        lift_quantile(observed, expected, strength, settings.certainty).alias("high"),
    )  # fmt: skip
    spread = F.lit(usual_spread(pairs.frame, below=not substitutes))
    if substitutes:
        found = rows.where("high < 1") if pairs.evidence == LOOKS else rows.where(F.lit(False))
        gain, order, p = F.col("rate") * (F.col("high") - 1), F.asc("gain"), at_most
    else:
        found, p = rows.where("low > 1"), at_least
        gain, order = F.col("rate") * (F.col("low") - 1), F.desc("gain")
    found = found.withColumn("p", p(observed, expected, spread))
    found = beyond_chance(found, _tests(pairs), settings.chance_share)
    best = shelves.best(
        found.withColumn("gain", gain).drop("p"),
        "item_id",
        [order, F.asc("other_item_id")],
        settings.k,
        "other_item_id",
    )
    return best.withColumn("evidence", F.lit(pairs.evidence))


def _tests(pairs: PairCounts) -> int:
    """How many pairs were compared. Of baskets, those that nobody bought together have no row but count."""
    if pairs.evidence == LOOKS:
        return int(pairs.frame.count())
    return int(
        math.prod(pairs.frame.select(name).distinct().count() for name in ("item_id", "other_item_id"))
    )


def _bounded(visits: DataFrame, most: int) -> DataFrame:
    """At most ``most`` items of a visit, taken ones first, since pairs grow with the square."""
    chance = F.xxhash64(*VISIT, "item_id")
    place = F.row_number().over(Window.partitionBy(*VISIT).orderBy(F.desc("taken"), chance, "item_id"))
    return visits.withColumn("place", place).where(F.col("place") <= most).drop("place")


def _look_pairs(visits: DataFrame) -> DataFrame:
    seen = visits.join(_rates(visits), "item_id")
    whole = Window.partitionBy(*VISIT)
    sums = [F.sum(name).over(whole).alias(f"all_{name}") for name in ("taken", "rate")]
    rows = seen.select(*VISIT, "item_id", "taken", "rate", *sums)
    first = rows.where("taken = 1").select(*VISIT, "item_id", F.col("rate").alias("first_rate"))
    other = rows.withColumnRenamed("item_id", "other_item_id")
    pairs = first.join(other, VISIT).where("item_id <> other_item_id")
    return pairs.groupBy("item_id", "other_item_id").agg(
        F.sum("taken").cast("double").alias("observed"),
        F.sum(_expected()).alias("expected"),
        F.first("rate").alias("rate"),
    )


def _rates(visits: DataFrame) -> DataFrame:
    """item_id and the share of its looks that led to taking it, shrunk towards the shop's."""
    items = visits.groupBy("item_id").agg(F.sum("taken").alias("t"), F.count(F.lit(1)).alias("n"))
    shop = items.agg((F.sum("t") / F.sum("n")).alias("usual"))
    rate = (F.col("t") + F.lit(RATE) * F.col("usual")) / (F.col("n") + F.lit(RATE))
    return items.crossJoin(F.broadcast(shop)).select("item_id", rate.alias("rate"))


def _expected() -> Column:
    """Probability of the other item, from its rate and the readiness shown in the rest of the visit."""
    rest_taken = F.col("all_taken") - 1 - F.col("taken")
    rest_rate = F.col("all_rate") - F.col("first_rate") - F.col("rate")
    readiness = (rest_taken + F.lit(READINESS)) / (rest_rate + F.lit(READINESS))
    return F.least(F.col("rate") * readiness, F.lit(1.0))


def _shares(visits: DataFrame) -> DataFrame:
    """item_id and its share of everything that was taken."""
    items = visits.where("taken = 1").groupBy("item_id").agg(F.count(F.lit(1)).alias("n"))
    total = items.agg(F.sum("n").alias("total"))
    return items.crossJoin(F.broadcast(total)).select("item_id", F.expr("n / total AS rate"))


def _basket_pairs(visits: DataFrame) -> DataFrame:
    baskets, shares = visits.where("taken = 1"), _shares(visits)
    sized = baskets.withColumn("size", F.count(F.lit(1)).over(Window.partitionBy(*VISIT)))
    items = sized.groupBy("item_id").agg(F.sum(F.col("size") - 1).alias("companions"))
    first = items.join(shares.withColumnRenamed("rate", "own_share"), "item_id")
    other = baskets.withColumnRenamed("item_id", "other_item_id")
    counted = baskets.join(other.select(*VISIT, "other_item_id"), VISIT).where("item_id <> other_item_id")
    counted = counted.groupBy("item_id", "other_item_id").agg(
        F.count(F.lit(1)).cast("double").alias("observed")
    )
    joined = counted.join(first, "item_id").join(
        shares.withColumnRenamed("item_id", "other_item_id"), "other_item_id"
    )
    return joined.select(
        "item_id", "other_item_id", "observed", "rate",
        (F.col("companions") * F.col("rate") / (1 - F.col("own_share"))).alias("expected"),
    )  # fmt: skip
