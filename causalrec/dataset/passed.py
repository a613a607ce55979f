"""What users were shown, looked past and did not choose: the other half of a log of impressions.

An impression without a click may never have been seen. One above an item that the user did respond to in the
same session was ("skip above", Joachims et al., SIGIR 2005), so only these count.
"""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from causalrec.config.sections import DatasetSettings
from causalrec.dataset.arrivals import first_arrivals
from causalrec.dataset.exposure import RESPONSES
from causalrec.dataset.interactions import HASH_STEPS


def passed_over(events: DataFrame, settings: DatasetSettings) -> DataFrame:
    """user_id, item_id of impressions skipped above a response, and never responded to where skipped.

    Impressions of uniform policies stay out, for they judge models; so do those without session or position.
    Of each user at most ``passed_per_user`` pairs are taken, by a hash, so that the same pairs are taken on
    every date.
    """
    kinds = F.col("event_type").isin("impression", *RESPONSES)
    relevant = first_arrivals(events.where(kinds & F.col("session_id").isNotNull()))
    ranked = ~F.coalesce(F.col("policy"), F.lit("")).isin(*settings.uniform_policies)
    shown = (F.col("event_type") == "impression") & ranked
    visits = relevant.groupBy("user_id", "session_id", "item_id").agg(
        F.min(F.when(shown, F.col("position"))).alias("place"),
        F.max(F.col("event_type").isin(*RESPONSES)).alias("responded"),
    )
    lowest = F.max(F.when(F.col("responded"), F.col("place"))).over(
        Window.partitionBy("user_id", "session_id")
    )
    skipped = visits.withColumn("lowest", lowest).where(
        ~F.col("responded") & (F.col("place") < F.col("lowest"))
    )
    bits = F.pmod(F.xxhash64(F.lit(settings.seed), "user_id", "item_id"), F.lit(HASH_STEPS))
    turn = F.row_number().over(Window.partitionBy("user_id").orderBy(bits, "item_id"))
    pairs = skipped.select("user_id", "item_id").distinct().withColumn("turn", turn)
    return pairs.where(F.col("turn") <= settings.passed_per_user).select("user_id", "item_id")
