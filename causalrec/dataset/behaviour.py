"""Events that say nothing about taste: those of robots, and repetitions within one session."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from causalrec.config.dataset import DatasetSettings
from causalrec.dataset.arrivals import first_arrivals

ONCE_PER_SESSION = ("view", "cart")  # event types that count once per user, item and session

IMPRESSION, VIEW = "impression", "view"
RESPONSES = (VIEW, "cart", "purchase")
"""Shallow to deep."""
MICROS = 60_000_000  # of a minute


def visit_of_event() -> Column:
    """The visit of an event: its session; without one, the user's day (UTC)."""
    return F.coalesce("session_id", F.to_date("event_time").cast("string"))


def robot_days(events: DataFrame, settings: DatasetSettings) -> DataFrame:
    """user_id and day (UTC) of everyone who acted more often than people do.

    Impressions do not count as actions.

    Counted per delivery, so that redelivered events turn nobody into a robot.
    """
    minute = F.floor(F.unix_micros("event_time") / MICROS).alias("minute")
    actions = events.where(F.col("event_type") != IMPRESSION)
    minutes = actions.groupBy("user_id", "arrival_date", F.to_date("event_time").alias("day"), minute).count()
    days = minutes.groupBy("user_id", "arrival_date", "day").agg(
        F.sum("count").alias("daily"), F.max("count").alias("fastest")
    )
    limits = {"daily": settings.max_daily_actions, "fastest": settings.max_minute_actions}
    robot = F.lit(False)
    for name, limit in limits.items():
        if limit:
            robot = robot | (F.col(name) > limit)
    return days.where(robot).select("user_id", "day").distinct()


def arrived(events: DataFrame, settings: DatasetSettings) -> DataFrame:
    """Each event once, as it first arrived, with ``deliveries`` and ``robot``."""
    return marked_robots(first_arrivals(events), events, settings)


def marked_robots(frame: DataFrame, events: DataFrame, settings: DatasetSettings) -> DataFrame:
    """``frame`` (user_id, event_time, …) with ``robot``: whether ``events`` make its user one that day."""
    if not settings.max_daily_actions and not settings.max_minute_actions:
        return frame.withColumn("robot", F.lit(False))
    days = robot_days(events, settings).withColumn("robot", F.lit(True))
    joined = frame.withColumn("day", F.to_date("event_time")).join(days, ["user_id", "day"], "left")
    return joined.withColumn("robot", F.coalesce("robot", F.lit(False))).drop("day")


def marked_repeats(frame: DataFrame, settings: DatasetSettings) -> DataFrame:
    """``frame`` with ``repeat``: the user had already done the same to the same item in the same session.

    Only for the types of ``once_per_session``: two purchases are two, a cart clicked twice is one. Without a
        session id, events at most ``session_gap_minutes`` apart belong to one session.
    """
    once = F.col("event_type").isin(*ONCE_PER_SESSION)
    order = Window.partitionBy("user_id", "item_id", "event_type", "session_id").orderBy(
        "event_time", "event_id"
    )
    before = F.lag(F.unix_micros("event_time")).over(order)
    near = F.unix_micros("event_time") - before <= settings.session_gap_minutes * MICROS
    repeated = before.isNotNull() & (F.col("session_id").isNotNull() | near)
    placed = frame.repartition("user_id", "item_id")  # serves the aggregate per pair as well
    return placed.withColumn("repeat", once & repeated)
