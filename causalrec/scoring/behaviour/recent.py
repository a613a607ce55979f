"""What each user looked at last."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from causalrec.dataset.behaviour import IMPRESSION, RESPONSES
from causalrec.scoring.behaviour.shelves import ONE_FOR_ALL, Shelves


def recent_items(events: DataFrame, k: int, shelves: Shelves = ONE_FOR_ALL) -> DataFrame:
    """The last ``k`` items of each user, latest first; items that were only shown do not count.

    Where markets count, of those that are sold in the user's.

    Returns:
        user_id, rank, item_id, last_time and deepest: the deepest event, of view, cart and purchase.
    """
    depth = F.array_position(F.array(*map(F.lit, RESPONSES)), F.col("event_type"))
    pairs = (
        events.where(F.col("event_type") != IMPRESSION)
        .groupBy("user_id", "item_id")
        .agg(F.max("event_time").alias("last_time"), F.max_by("event_type", depth).alias("deepest"))
    )
    order = Window.partitionBy("user_id").orderBy(F.desc("last_time"), "item_id")
    place = F.row_number().over(order)
    return shelves.for_users(pairs).withColumn("rank", place).where(F.col("rank") <= k)
