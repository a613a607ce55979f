"""What was shown: exposure records for debiasing, and the outcomes of random exposure."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from causalrec.config.dataset import DatasetSettings
from causalrec.dataset.behaviour import IMPRESSION, RESPONSES

PROPENSITY = "decimal(20, 15)"  # sums of it do not depend on the order of rows


def random_exposure(events: DataFrame, settings: DatasetSettings) -> DataFrame:
    """user_id, item_id, outcome, elsewhere: pairs that a uniform policy showed, and what followed.

    ``outcome`` is 1 where the user viewed, carted or bought the item in the same session, not before the
    impression; 0 otherwise. A pair shown several times counts once, with its best outcome. Impressions
    without a session are left out, since their responses cannot be matched. ``elsewhere`` says whether an
    event that makes a pair (``event_weights``) is not such a response: the user found the item without
    chance.

    Args:
        events: of :func:`causalrec.dataset.behaviour.arrived`.
    """
    kinds = F.col("event_type").isin(IMPRESSION, *RESPONSES, *settings.event_weights)
    relevant = events.where(kinds)
    by_chance = (F.col("event_type") == IMPRESSION) & F.col("policy").isin(*settings.uniform_policies)
    when, told = F.col("event_time"), F.col("session_id").isNotNull()
    visits = relevant.groupBy("user_id", "item_id", "session_id").agg(
        F.min(F.when(by_chance & told, when)).alias("shown_at"),
        F.max(F.when(F.col("event_type").isin(*RESPONSES), when)).alias("responded_at"),
        F.min(F.when(F.col("event_type").isin(*settings.event_weights), when)).alias("chosen_at"),
    )
    outcome = F.coalesce(F.col("responded_at") >= F.col("shown_at"), F.lit(False))
    before = F.col("shown_at").isNull() | (F.col("chosen_at") < F.col("shown_at"))
    elsewhere = F.col("chosen_at").isNotNull() & before
    pairs = visits.groupBy("user_id", "item_id").agg(
        F.max(outcome.cast("int")).alias("outcome"),
        F.max(elsewhere).alias("elsewhere"),
        F.count("shown_at").alias("shown"),
    )
    return pairs.where(F.col("shown") > 0).drop("shown")


def exposures(events: DataFrame) -> DataFrame:
    """One row per user, item and policy that showed it: how often, where, with what chance, when.

    ``policy`` is empty where the shop names none. ``propensity`` is the mean of the logged ones, null where
    none was logged; ``best_position`` its best position in any list. Robots are excluded.

    Args:
        events: of :func:`causalrec.dataset.behaviour.arrived`.
    """
    people = events.where((F.col("event_type") == IMPRESSION) & ~F.col("robot"))
    pairs = people.groupBy("user_id", "item_id", F.coalesce("policy", F.lit("")).alias("policy"))
    return pairs.agg(
        F.count(F.lit(1)).alias("impressions"),
        F.avg(F.col("propensity").cast(PROPENSITY)).cast("double").alias("propensity"),
        F.min("position").alias("best_position"),
        F.min("event_time").alias("first_time"),
        F.max("event_time").alias("last_time"),
    )
