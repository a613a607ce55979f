"""Visits behind the looks: one user, one item, one session; how it was shown, and what was done with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import dropwhile

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from causalrec.config.dataset import DatasetSettings
from causalrec.dataset.behaviour import IMPRESSION, RESPONSES, VIEW, visit_of_event

COUNTED = ("cart", "purchase")
"""Responses that never count as a look."""
# below this share of carts and purchases that follow a look, looks are not what people chose from
LEAST_EXPLAINED = 0.5
COUNTERS = ("look_delivered_again", "look_events", "look_robot_events", "look_unknown_item")


@dataclass(frozen=True)
class Visits:
    """Visits of people to known items, and what was counted on the way to them.

    Attributes:
        kind: the event type that is a look.
        rows: user_id, item_id, brand, ``shown`` (a struct: event_time, position, policy, propensity; null if
            there was no look), and the last time of each response.
        explained: whether most carts and purchases, from the first day with a look on, follow a look.
        counters: ``look_delivered_again`` (rows after the first of an event), ``look_events`` (each once),
            and what was dropped from them: ``look_robot_events`` and ``look_unknown_item`` (of people).
    """

    kind: str
    rows: DataFrame
    explained: bool
    counters: dict[str, float]


@contextmanager
def visits_of_looks(events: DataFrame, items: DataFrame, settings: DatasetSettings) -> Iterator[Visits]:
    """Visits whose looks are impressions; views if a shop logs none, or if views alone explain its choices.

    Impressions of a single placement among the views of a whole shop are not what people chose from.

    Args:
        events: of :func:`causalrec.dataset.behaviour.arrived`.
        items: item_id and brand of every known product.
    """
    kind = kind_of_look(events, settings)
    with look_visits(events, items, kind) as visits:
        if visits.explained or kind == VIEW:
            yield visits
            return
        with look_visits(events, items, VIEW) as viewed:
            yield viewed if viewed.explained and viewed.counters["look_events"] else visits


def kind_of_look(events: DataFrame, settings: DatasetSettings) -> str:
    """Impressions; views if a shop logs no impressions, or only those shown at random."""
    chosen = ~F.coalesce("policy", F.lit("")).isin(*settings.uniform_policies)
    logged = events.where((F.col("event_type") == IMPRESSION) & chosen)
    return VIEW if logged.isEmpty() else IMPRESSION


@contextmanager
def look_visits(events: DataFrame, items: DataFrame, kind: str) -> Iterator[Visits]:
    """Joins and groups the events once; the result is kept while the context is open.

    Args:
        events: of :func:`causalrec.dataset.behaviour.arrived`.
        items: item_id and brand of every known product.
        kind: the event type that is a look.
    """
    relevant = events.where(F.col("event_type").isin(IMPRESSION, *RESPONSES))
    kept = _grouped(relevant.join(items, "item_id", "left"), kind).persist(StorageLevel.MEMORY_AND_DISK)
    try:
        explained, counters = _judged(kept)
        yield Visits(kind, kept.where(_usable()).drop("robot", "events", "again"), explained, counters)
    finally:
        kept.unpersist()


def _grouped(marked: DataFrame, kind: str) -> DataFrame:
    """One row per user, item and session, robots and unknown items (no brand) among them.

    Without a session id, a user's day (UTC) is one session.
    """
    of_kind = F.col("event_type") == kind
    shown = F.struct("event_time", "position", "policy", "propensity")
    last = [F.max(F.when(F.col("event_type") == name, F.col("event_time"))).alias(name) for name in RESPONSES]
    return marked.groupBy("user_id", "item_id", "brand", "robot", visit_of_event().alias("session")).agg(
        F.min(F.when(of_kind, shown)).alias("shown"),
        *last,
        F.count_if(of_kind).alias("events"),
        F.coalesce(F.sum(F.when(of_kind, F.col("deliveries") - 1)), F.lit(0)).alias("again"),
    )


def _usable() -> Column:
    return ~F.col("robot") & F.col("brand").isNotNull()


def _judged(visits: DataFrame) -> tuple[bool, dict[str, float]]:
    """Whether looks explain choices, and the counters, in one pass."""
    chosen = _usable() & F.coalesce(*COUNTED).isNotNull()
    shown = _usable() & F.col("shown").isNotNull()
    unknown = ~F.col("robot") & F.col("brand").isNull()
    totals = (
        F.sum("again"),
        F.sum("events"),
        F.sum(F.when(F.col("robot"), F.col("events")).otherwise(0)),
        F.sum(F.when(unknown, F.col("events")).otherwise(0)),
    )
    days = visits.groupBy(F.to_date(F.coalesce("shown.event_time", *COUNTED)).alias("day")).agg(
        F.count_if(shown).alias("shown"),
        F.count_if(chosen).alias("chosen"),
        F.count_if(chosen & shown).alias("explained"),
        *(total.alias(name) for name, total in zip(COUNTERS, totals, strict=True)),
    )
    rows = days.collect()  # one row per day
    dated = sorted((row for row in rows if row["shown"] or row["chosen"]), key=lambda row: row["day"])
    logged = list(dropwhile(lambda row: not row["shown"], dated))
    explained, made = (sum(row[name] for row in logged) for name in ("explained", "chosen"))
    counters = {name: float(sum(row[name] for row in rows)) for name in COUNTERS}
    return explained >= LEAST_EXPLAINED * made, counters
