"""Looks: what was shown to whom, and how deep the response went, as sufficient statistics.

A look is one item shown to one user in one session; its outcome is the deepest response of that user to that
item in the same session, not before it was shown. If a shop logs impressions, they are the looks; if not, or
if they explain few of the choices and views explain most, views are, and carts and purchases are their
outcomes. If most carts and purchases since the first look follow no look (ratings; orders and page views from
two systems), it is not known what people chose from, and there are no looks. One row is kept per user, item
and stratum (a policy, a band of positions and whether the brand had a surge), so that training never reads
single looks.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from causalrec.config.dataset import DatasetSettings
from causalrec.dataset.behaviour import RESPONSES
from causalrec.dataset.exposure import PROPENSITY
from causalrec.dataset.look_visits import visits_of_looks
from causalrec.dataset.surges import marked_surges

COUNTS = ("views", "carts", "purchases")
"""Columns of the table: looks that led at least to each of ``RESPONSES``."""
DAY_SECONDS = 86_400
KEY = ["user_id", "item_id", "policy", "band", "surge", "late"]


@dataclass(frozen=True)
class Looks:
    """What a dataset knows of looks.

    Attributes:
        rows: one per user, known item, policy, band, ``surge`` and ``late``; see schemas/looks.yaml.
        counters: of :class:`causalrec.dataset.look_visits.Visits`.
    """

    rows: DataFrame
    counters: dict[str, float]


@contextmanager
def looks(
    events: DataFrame,
    items: DataFrame,
    settings: DatasetSettings,
    ds: dt.date,
    training_ends: int | None = None,
) -> Iterator[Looks]:
    """Looks as known on ``ds``; their rows can be read while the context is open.

    Repeated impressions in a session are one look, with the policy and position of the first. Without a
    session id, a user's day (UTC) is one session. Robots are excluded.

    Args:
        events: of :func:`causalrec.dataset.behaviour.arrived`.
        items: item_id and brand of every known product.
        training_ends: microseconds; a look is ``late`` if it, or a response in its session, came at or after
            this time. None: no look is late.
    """
    with visits_of_looks(events, items, settings) as visits:
        shown = F.col("shown").isNotNull() if visits.explained else F.lit(False)
        responses = _responses(visits.rows.where(shown), settings, training_ends)
        yield Looks(_statistics(marked_surges(responses, settings), visits.kind, ds), visits.counters)


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
