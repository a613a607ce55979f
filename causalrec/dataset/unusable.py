"""Events that a dataset cannot use: older than its window, or about items missing from the catalogue."""

import datetime as dt
from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from causalrec.config import Settings
from causalrec.dataset.arrivals import inside_window
from causalrec.errors import DatasetError
from causalrec.ingest.gate import too_many_unknown
from causalrec.ingest.nearmiss import told

SAMPLE = 1_000  # unknown items that are compared with the catalogue, those with the most events first


@dataclass(frozen=True)
class Unusable:
    """How many of the events that count (``dataset.event_weights``) a dataset leaves out.

    Attributes:
        events: all that had arrived. too_old: those before the window of ``history_days``. unknown: of the
            rest, those about items that are in no catalogue delivery.
        note: sentences for the ledger; '' if next to nothing is left out.
    """

    events: int
    too_old: int
    unknown: int
    note: str

    @property
    def counters(self) -> dict[str, float]:
        """For the ledger."""
        return {
            "events": float(self.events),
            "events_too_old": float(self.too_old),
            "events_of_unknown_items": float(self.unknown),
        }


def unusable(events: DataFrame, items: DataFrame, settings: Settings, ds: dt.date) -> Unusable:
    """Counts what the dataset of ``ds`` leaves out, in one pass over the events.

    Args:
        events: everything known on ``ds``, of any age. items: ``item_id`` of the catalogue.

    Raises:
        DatasetError: more than ``ingest.max_unknown_items_share`` of the events are about unknown items.
    """
    weighted = events.where(F.col("event_type").isin(*settings.dataset.event_weights))
    marked = weighted.join(items.withColumn("known", F.lit(True)), "item_id", "left")
    inside = inside_window(ds, settings.dataset.history_days)
    lost = inside & F.col("known").isNull()
    counts = marked.agg(
        F.count(F.lit(1)).alias("events"),
        F.count_if(~inside).alias("too_old"),
        F.count_if(lost).alias("unknown"),
    ).collect()[0]  # one row
    notes = []
    used, limits = counts["events"] - counts["too_old"], settings.ingest
    share = counts["unknown"] / max(used, 1)
    if share > limits.loud_share:
        said = f"{counts['unknown']:,} of {used:,} events ({share:.1%}) refer to items that no catalogue has"
        said = f"{said}, {_examples(marked.where(lost), items)}"
        if too_many_unknown(counts["unknown"], used, limits):
            raise DatasetError(
                f"{said}; at most {limits.max_unknown_items_share:.1%} may be",
                do="deliver these items, write ids the same way in events and products, or raise "
                "ingest.max_unknown_items_share; nothing was written",
            )
        notes.append(f"LOST {said}: deliver these items, or write ids the same way in events and products")
    if counts["too_old"] > limits.loud_share * counts["events"]:
        days = settings.dataset.history_days
        notes.append(
            f"LEFT OUT {counts['too_old']:,} of {counts['events']:,} events that are older than {days:,} "
            "days, as dataset.history_days says (0: events of any age)"
        )
    return Unusable(counts["events"], counts["too_old"], counts["unknown"], "\n".join(notes))


def _examples(lost: DataFrame, items: DataFrame) -> str:
    most = lost.groupBy("item_id").count().orderBy(F.desc("count"), "item_id").limit(SAMPLE)
    missing = most.select("item_id").toArrow()["item_id"].combine_chunks().cast(pa.string())
    known = items.orderBy("item_id").toArrow()["item_id"].combine_chunks().cast(pa.string())
    return told(missing, known)
