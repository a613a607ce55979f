"""Event ids that already belong to a different event, in an earlier delivery or in the same one.

The contract names the columns that make up the content of a row. The same id with the same content is a
repetition, which later stages count once; with different content, one of the two would be lost silently.
"""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from causalrec.config import Settings
from causalrec.errors import ReasonCode
from causalrec.ingest.delivery import Feed
from causalrec.ingest.mark import kept_text
from causalrec.lake import Lake
from causalrec.lake.bridge import read_frame

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

CONTENT = "_content"
SHOWN_CHARS = 80


def without_reused(
    marked: "DataFrame", feed: Feed, settings: Settings, lake: Lake, dates: Sequence[dt.date]
) -> "DataFrame":
    """Mark good rows whose id has different content on an earlier arrival date, stored or in this run.

    Stored deliveries are checked as far back as datasets reach (``dataset.history_days``; 0: all of them).
    """
    rules = feed.table.extensions
    if not rules.content or rules.duplicates is None:
        return marked
    (key,) = rules.duplicates.by
    content = F.xxhash64(*rules.content).alias(CONTENT)
    days = settings.dataset.history_days
    first = dates[0] - dt.timedelta(days=days) if 0 < days < dates[0].toordinal() else dt.date.min
    again = {date.isoformat() for date in dates}
    stored = [
        day for day in lake.table(feed.kind).upto("arrival_date", dates[-1].isoformat())
        if day not in again and day >= first.isoformat()
    ]  # fmt: skip
    if not stored and len(dates) == 1:
        return marked
    mine = marked.where(F.col("reason").isNull()).select(key, "arrival_date", content)
    known = mine.unionByName(_stored(marked, feed, lake, stored, content)) if stored else mine
    first_of = F.min_by(F.struct("arrival_date", CONTENT), "arrival_date")
    oldest = known.groupBy(F.col(key).alias("_key")).agg(first_of.alias("_first"))
    oldest = oldest.select(
        "_key", F.col("_first.arrival_date").alias("_day"), F.col(f"_first.{CONTENT}").alias("_was")
    )
    joined = marked.withColumn(CONTENT, content).join(oldest, F.col(key) == F.col("_key"), "left")
    earlier = F.col("_day") < F.col("arrival_date")
    reused = F.col("reason").isNull() & earlier & (F.col("_was") != F.col(CONTENT))
    shown = F.left(key, F.lit(SHOWN_CHARS))
    detail = F.concat(F.lit(f"{key}="), shown, F.lit(" is another row on "), F.col("_day"))
    values = [F.col(name) for name in marked.columns if name in feed.landing.column_names]
    raw = F.coalesce("raw", kept_text(values))
    changed = {
        "reason": F.when(reused, F.lit(str(ReasonCode.REUSED_ID))).otherwise(F.col("reason")),
        "detail": F.when(reused, detail).otherwise(F.col("detail")),
        "raw": F.when(reused, raw).otherwise(F.col("raw")),
    }
    return joined.withColumns(changed).select(*marked.columns)


def _stored(
    marked: "DataFrame", feed: Feed, lake: Lake, dates: Sequence[str], content: "Column"
) -> "DataFrame":
    """Ids of earlier deliveries that occur again, with their content."""
    rules = feed.table.extensions
    (key,) = rules.duplicates.by if rules.duplicates else ("",)
    columns = [key, "arrival_date", *rules.content]
    where = {"arrival_date": list(dates)}
    table = read_frame(marked.sparkSession, lake.table(feed.kind), where=where, columns=columns)
    mine = marked.where(F.col("reason").isNull()).select(key).distinct()
    return table.join(mine, key, "left_semi").select(key, "arrival_date", content)


def scoped_ids(parsed: "DataFrame", feed: Feed, settings: Settings) -> "DataFrame":
    """Event ids that are unique in the shop: if it restarts its numbering, with the scope of the numbering.

    An id that already has its prefix, from the table or from quarantine, keeps it.
    """
    scope = settings.landing.event_ids
    if feed.kind != "events" or scope == "shop":
        return parsed
    session = F.coalesce("session_id", F.lit(""))
    within = F.col("arrival_date").cast("string") if scope == "delivery" else session
    prefix = F.concat(within, F.lit("/"))
    event_id = F.col("event_id")
    scoped = F.when(event_id.startswith(prefix), event_id).otherwise(F.concat(prefix, event_id))
    return parsed.withColumn("event_id", scoped)
