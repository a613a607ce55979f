"""What the rows of either arm earned in the lists that hold both, from the tables."""

import datetime as dt
from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F

from causalrec.config.experiment import CONTROL, ExperimentSettings
from causalrec.dataset.behaviour import IMPRESSION, RESPONSES, visit_of_event
from causalrec.experiment.credit import OTHER, SIDE
from causalrec.experiment.moments import DID
from causalrec.experiment.outcomes import DAY, PURCHASE
from causalrec.experiment.policies import policies, policy_of
from causalrec.lake import LakeTable
from causalrec.lake.bridge import read_frame

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def drafts_of(
    spark: "SparkSession", table: LakeTable, settings: ExperimentSettings, ds: dt.date, version: int
) -> "DataFrame":
    """user_id, ds, policy, model_version and ``best`` (rank) of either arm in the lists shown by ``ds``."""
    nights = [night for night in table.upto("ds", str(ds - DAY)) if night >= str(settings.start)]
    keys = ["user_id", "ds", "policy", "model_version"]
    rows = read_frame(spark, table, {"ds": nights}, [*keys, "rank"], version)
    mine = rows.where(F.col("policy").isin(*policies(settings)))
    return mine.groupBy(*keys).agg(F.min("rank").alias("best"))


def first_choices(drafts: "DataFrame", settings: ExperimentSettings) -> dict[str, int]:
    """Arm -> lists with rows of both arms in which it chose first; the coin says that each has half."""
    lists = drafts.groupBy("user_id", "ds").agg(
        F.min(F.struct("best", "policy")).getField("policy").alias("first"),
        F.countDistinct("policy").alias("sides"),
    )
    counts = lists.where(F.col("sides") == len(policies(settings))).groupBy("first").count().collect()
    told = {row["first"]: int(row["count"]) for row in counts}  # a row per arm
    return {arm: told.get(policy, 0) for policy, arm in policies(settings).items()}


def credits(drafts: "DataFrame", events: "DataFrame", settings: ExperimentSettings) -> "DataFrame":
    """arm and all of :data:`~causalrec.experiment.credit.PAIRED` but ``one``: a row per user, zeros for none.

    A look is an item in a visit (a session; without one the user's day, UTC) that a list showed, and belongs
    to the arm whose row it was first. What the user did with the item later in the same visit is credited to
    that arm; purchases of items that no list showed before are credited to neither.
    """
    users = drafts.groupBy("user_id").agg(F.min("ds").alias("first"))
    ((name, _),) = settings.arms.items()
    sides = {"": policy_of(settings, name), OTHER: policy_of(settings, CONTROL)}
    told = events.join(users, "user_id").where(F.to_date("event_time") > F.col("first"))
    told = told.withColumn("visit", visit_of_event())
    shown = (F.col("event_type") == IMPRESSION) & F.col("policy").isin(*sides.values())
    visit = Window.partitionBy("user_id", "visit", "item_id")
    look = F.min(F.when(shown, F.struct("event_time", "policy"))).over(visit)
    later = told.withColumn("look", look).where(F.col("look").isNotNull())
    after = F.col("event_type").isin(*RESPONSES) & (F.col("event_time") >= F.col("look.event_time"))
    bought = after & (F.col("event_type") == PURCHASE)
    items = later.groupBy("user_id", "visit", "item_id", F.col("look.policy").alias("by")).agg(
        F.lit(1.0).alias("looks"),
        F.max(after.cast("double")).alias("clicks"),
        F.max(bought.cast("double")).alias("bought"),
        F.sum(F.when(bought, F.coalesce("price", F.lit(0.0))).otherwise(0.0)).alias("revenue"),
    )
    sums = items.groupBy("user_id").agg(*(
        (F.max if did == "bought" else F.sum)(F.when(F.col("by") == policy, F.col(did)).otherwise(0.0))
        .alias(f"{did}{end}")
        for end, policy in sides.items()
        for did in DID
    ))  # fmt: skip
    every = users.select("user_id").join(sums, "user_id", "left").fillna(0.0)
    for end in sides:
        every = every.withColumn(f"clicked{end}", (F.col(f"clicks{end}") > 0).cast("double"))
    return every.select(F.lit(name).alias("arm"), *(f"{did}{end}" for end in sides for did in SIDE))
