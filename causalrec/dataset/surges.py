"""Surges: days on which a brand was shown more than usual, for reasons that were not logged.

The volume of impressions is the only trace of a campaign in a log. Looks on such days are kept apart, so that
a model can tell what an item owes to the campaign; see the front-door adjustment.
"""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from causalrec.config.dataset import DatasetSettings


def marked_surges(looks: DataFrame, settings: DatasetSettings) -> DataFrame:
    """``looks`` (brand, day, policy, ...) with ``surge``; looks shown at random do not count.

    The usual volume is the brand's share of all looks since its first day, times the looks of the day.
    """
    chosen = looks.where(~F.col("policy").isin(*settings.uniform_policies))
    daily = chosen.groupBy("brand", "day").agg(F.count(F.lit(1)).alias("shown"))
    onwards = Window.orderBy(F.desc("day"))  # one row per day of the history
    days = daily.groupBy("day").agg(F.sum("shown").alias("total"))
    days = days.withColumn("since", F.sum("total").over(onwards))
    brands = daily.groupBy("brand").agg(F.min("day").alias("day"), F.sum("shown").alias("whole"))
    shares = brands.join(days, "day").select("brand", (F.col("whole") / F.col("since")).alias("share"))
    usual = F.col("total") * F.col("share") + F.lit(settings.surge_prior)
    ratio = (F.col("shown") + F.lit(settings.surge_prior)) / usual
    found = daily.join(days, "day").join(shares, "brand").where(ratio > settings.surge)
    flags = found.select("brand", "day", F.lit(True).alias("surge"))
    return looks.join(flags, ["brand", "day"], "left").withColumn("surge", F.coalesce("surge", F.lit(False)))
