"""Looks: what was shown to whom, and how deep the response went, as sufficient statistics.

A look is one item shown to one user in one session; its outcome is the deepest response of that user to that
item in the same session, not before it was shown. If a shop logs impressions, they are the looks; if not,
views are, and carts and purchases are their outcomes. If most carts and purchases since the first look follow
no look (ratings; orders and page views from two systems), it is not known what people chose from, and there
are no looks. One row is kept per user, item and stratum (a policy, a band of positions and whether the brand
had a surge), so that training never reads single looks.
"""

import datetime as dt
from functools import reduce
from itertools import dropwhile

from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F

from causalrec.config.dataset import DatasetSettings
from causalrec.dataset.arrivals import first_arrivals
from causalrec.dataset.behaviour import IMPRESSION, marked_robots
from causalrec.dataset.exposure import PROPENSITY
from causalrec.dataset.surges import marked_surges

VIEW = "view"
RESPONSES = (VIEW, "cart", "purchase")
"""Shallow to deep."""
COUNTS = ("views", "carts", "purchases")
"""Columns of the table: looks that led at least to each of ``RESPONSES``."""
COUNTED = ("cart", "purchase")
"""Responses that never count as a look."""
# below this share of carts and purchases that follow a look, looks are not what people chose from
LEAST_EXPLAINED = 0.5
DAY_SECONDS = 86_400
KEY = ["user_id", "item_id", "policy", "band", "surge", "late"]


def looks(
    events: DataFrame,
    items: DataFrame,
    settings: DatasetSettings,
    ds: dt.date,
    training_ends: int | None = None,
    observed: Observation | None = None,
) -> DataFrame:
    """One row per user, known item, policy, band, ``surge`` and ``late``; see schemas/looks.yaml.

    Repeated impressions in a session are one look, with the policy and position of the first. Without a
    session id, a user's day (UTC) is one session. Robots are excluded.

    Args:
        events: as known on ``ds``. items: item_id and brand of every known product.
        training_ends: microseconds; a look is ``late`` if it, or a response in its session, came at or after
            this time. None: no look is late.
        observed: receives ``look_delivered_again`` (rows after the first of an event), ``look_events``
            (impressions, or views where they are the looks, each once), and what was dropped from them:
            ``look_robot_events`` and ``look_unknown_item`` (of people).
    """
    kind = _kind_of_look(events, settings)
    relevant = first_arrivals(events.where(F.col("event_type").isin(IMPRESSION, *RESPONSES)))
    marked = marked_robots(relevant, events, settings).join(items, "item_id", "left")
    counted = marked if observed is None else marked.observe(observed, *_counts_of(kind))
    explained = _explain_choices(_visits(_usable(counted), kind))
    visits = _visits(_usable(marked), kind)
    known = visits.where(F.col("shown").isNotNull() if explained else F.lit(False))
    return _statistics(marked_surges(_responses(known, settings, training_ends), settings), kind, ds)


def _kind_of_look(events: DataFrame, settings: DatasetSettings) -> str:
    """Impressions; views if a shop logs no impressions, or only those shown at random."""
    chosen = ~F.coalesce("policy", F.lit("")).isin(*settings.uniform_policies)
    logged = events.where((F.col("event_type") == IMPRESSION) & chosen)
    return VIEW if logged.isEmpty() else IMPRESSION


def _counts_of(kind: str) -> list[Column]:
    look, robot = F.col("event_type") == kind, F.col("robot")
    return [
        F.coalesce(F.sum(F.when(look, F.col("deliveries") - 1)), F.lit(0)).alias("look_delivered_again"),
        F.count_if(look).alias("look_events"),
        F.count_if(look & robot).alias("look_robot_events"),
        F.count_if(look & ~robot & F.col("brand").isNull()).alias("look_unknown_item"),
    ]


def _usable(marked: DataFrame) -> DataFrame:
    return marked.where(~F.col("robot") & F.col("brand").isNotNull())


def _explain_choices(visits: DataFrame) -> bool:
    """Whether most carts and purchases, from the first day with a look on, were of items just looked at."""
    chosen, shown = F.coalesce(*COUNTED).isNotNull(), F.col("shown").isNotNull()
    day = F.to_date(F.coalesce("shown.event_time", *COUNTED)).alias("day")
    counts = visits.groupBy(day).agg(
        F.count_if(shown).alias("shown"),
        F.count_if(chosen).alias("chosen"),
        F.count_if(chosen & shown).alias("explained"),
    )
    days = sorted(counts.where("shown > 0 OR chosen > 0").collect())  # one row per day
    logged = list(dropwhile(lambda row: not row["shown"], days))
    explained, made = (sum(row[name] for row in logged) for name in ("explained", "chosen"))
    return bool(explained >= LEAST_EXPLAINED * made)


def _visits(people: DataFrame, kind: str) -> DataFrame:
    """One row per user, item and session: how it was first shown (null if not), and its last responses."""
    session = F.coalesce("session_id", F.to_date("event_time").cast("string"))
    of_kind = F.col("event_type") == kind
    shown = F.struct("event_time", "position", "policy", "propensity")
    last = [F.max(F.when(F.col("event_type") == name, F.col("event_time"))).alias(name) for name in RESPONSES]
    return people.groupBy("user_id", "item_id", "brand", session.alias("session")).agg(
        F.min(F.when(of_kind, shown)).alias("shown"), *last
    )


def _responses(visits: DataFrame, settings: DatasetSettings, training_ends: int | None) -> DataFrame:
    """One row per look: when, how it was shown, and which depths were reached."""
    seen = visits.select("user_id", "item_id", "brand", "shown.*", *RESPONSES)
    moments = F.greatest("event_time", *RESPONSES)
    late = F.lit(False) if training_ends is None else F.unix_micros(moments) >= F.lit(training_ends)
    reached = {name: F.coalesce(F.col(name) >= F.col("event_time"), F.lit(False)) for name in RESPONSES}
    deeper = [reduce(Column.__or__, [reached[name] for name in RESPONSES[n:]]) for n in range(len(RESPONSES))]
    return seen.select(
        "user_id", "item_id", "brand", "event_time", "position", "propensity",
        F.to_date("event_time").alias("day"),
        F.coalesce("policy", F.lit("")).alias("policy"),
        _band(settings).alias("band"),
        late.alias("late"),
        *(flag.cast("int").alias(name) for name, flag in zip(COUNTS, deeper, strict=True)),
    )  # fmt: skip


def _band(settings: DatasetSettings) -> Column:
    """1 for the first band of positions, 0 if no position was logged."""
    beyond = [(F.col("position") > F.lit(end)).cast("int") for end in settings.position_bands]
    return F.coalesce(reduce(Column.__add__, beyond, F.lit(1)), F.lit(0))


def _statistics(visits: DataFrame, kind: str, ds: dt.date) -> DataFrame:
    """Sums of integers and decimals only: those of floats would depend on the order of the rows."""
    ends = int(dt.datetime.combine(ds + dt.timedelta(days=1), dt.time(), dt.UTC).timestamp())
    age = F.lit(ends) - F.unix_seconds("event_time")
    counted = [F.sum(name).alias(name) for name in COUNTS]
    rows = visits.groupBy(*KEY).agg(
        F.count(F.lit(1)).alias("looks"),
        *counted,
        F.avg(F.col("position").cast("decimal(12, 0)")).cast("double").alias("position"),
        F.avg(F.col("propensity").cast(PROPENSITY)).cast("double").alias("propensity"),
        (F.sum(age) / F.count(F.lit(1)) / DAY_SECONDS).alias("age_days"),
    )
    return rows.withColumn("look", F.lit(kind)).withColumn("ds", F.lit(ds))
