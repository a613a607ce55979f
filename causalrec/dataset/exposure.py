"""Outcomes under uniformly random exposure: the part of the log that answers what showing an item does."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from causalrec.dataset.interactions import first_arrivals

RESPONSES = ("view", "cart", "purchase")


def random_exposure(events: DataFrame, policies: tuple[str, ...]) -> DataFrame:
    """user_id, item_id, outcome: pairs that one of the uniform ``policies`` showed, and what followed.

    ``outcome`` is 1 where the user viewed, carted or bought the item in the same session, not before the
    impression; 0 otherwise. A pair shown several times counts once, with its best outcome. Impressions
    without a session are left out, for their responses cannot be told.
    """
    kinds = F.col("event_type").isin("impression", *RESPONSES)
    relevant = first_arrivals(events.where(kinds & F.col("session_id").isNotNull()))
    session = ["user_id", "item_id", "session_id"]
    shown = (F.col("event_type") == "impression") & F.col("policy").isin(*policies)
    shown_at = F.min(F.when(shown, F.col("event_time"))).alias("shown_at")
    responded_at = F.max(F.when(F.col("event_type").isin(*RESPONSES), F.col("event_time"))).alias(
        "responded_at"
    )
    visits = relevant.groupBy(*session).agg(shown_at, responded_at).where(F.col("shown_at").isNotNull())
    outcome = F.coalesce(F.col("responded_at") >= F.col("shown_at"), F.lit(False)).cast("int")
    return visits.groupBy("user_id", "item_id").agg(F.max(outcome).alias("outcome"))
