"""Events about items that no catalogue delivery has: how many, and what ids they may have meant."""

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from causalrec.config.sections import IngestSettings
from causalrec.errors import DatasetError

SAMPLE = 1_000
SHOWN = 3


def unknown_items_note(
    asked: DataFrame, items: DataFrame, counters: Mapping[str, float], settings: IngestSettings
) -> str:
    """A sentence on the events that are lost because their item is not known; '' where they are few.

    Args:
        asked: ``item_id`` of the events. items: ``item_id`` of the catalogue.
        counters: ``positives`` and, of them, ``unknown_item``.

    Raises:
        DatasetError: more than ``max_unknown_items_share`` of the events are lost that way.
    """
    lost, total = counters["unknown_item"], counters["positives"]
    share = lost / max(total, 1)
    if share <= settings.loud_share:
        return ""
    said = f"{lost:,.0f} of {total:,.0f} carts and purchases ({share:.1%}) are about items of no catalogue"
    missing = asked.join(items, "item_id", "left_anti").select("item_id").distinct().limit(SAMPLE)
    near = (
        missing.withColumn("plain", _plain("item_id"))
        .join(items.select(F.col("item_id").alias("meant"), _plain("item_id").alias("plain")), "plain")
        .limit(SHOWN)
        .collect()
    )
    pairs = ", ".join(f"{row['item_id']!r} beside {row['meant']!r}" for row in near)
    only = "" if near else ", ".join(repr(row["item_id"]) for row in missing.limit(SHOWN).collect())
    said += f"; ids differ by case, zeros or signs: {pairs}" if near else f", such as {only}"
    if share > settings.max_unknown_items_share:
        raise DatasetError(
            said,
            do="deliver these items, write ids alike, or raise ingest.max_unknown_items_share",
        )
    return f"LOST {said}: deliver these items, or write ids alike in both deliveries"


def _plain(column: str) -> Column:
    """An id without case, leading zeros, signs and a trailing .0, as exports lose them."""
    text = F.regexp_replace(F.lower(column), r"\.0$", "")
    return F.regexp_replace(F.regexp_replace(text, r"[^\p{L}\p{N}]", ""), r"^0+(?=.)", "")
