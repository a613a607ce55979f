"""Records of lost rows and fields: the tables ``quarantine`` and ``unread_fields``."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from causalrec.ingest.delivery import Feed
from causalrec.ingest.formats.batch import LEFT_OUT
from causalrec.ingest.measure import Measures
from causalrec.ingest.unread import UNREAD
from causalrec.lake import Lake, Written
from causalrec.lake.bridge import write_frame
from causalrec.lake.upkeep.erasures import ERASED

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

QUARANTINE = "quarantine"
NAMES = ("event_id", "user_id", "item_id")
"""Columns that identify the row of a field."""


def write_losses(
    marked: "DataFrame",
    feed: Feed,
    lake: Lake,
    dates: Sequence[dt.date],
    measures: Mapping[dt.date, Measures],
) -> list[Written]:
    """Replace the rows of these arrival dates in both tables; dates without losses are not touched."""
    lost = {
        QUARANTINE: ({d for d in dates if measures[d].rejects}, _rejected),
        UNREAD: ({d for d in dates if measures[d].nulled}, _emptied),
    }
    writes = []
    for name, (filled, rows) in lost.items():
        table = lake.table(name)
        held = {p["arrival_date"] for p in table.partitions() if p["table_name"] == feed.kind}
        touched = [d for d in dates if d in filled or d.isoformat() in held]
        partitions = [{"table_name": feed.kind, "arrival_date": d.isoformat()} for d in touched]
        if partitions:
            writes += write_frame(rows(marked, feed), table, partitions, allow_empty=True)
    return writes


def _rejected(marked: "DataFrame", feed: Feed) -> "DataFrame":
    return marked.where(~F.col("reason").isin(LEFT_OUT, ERASED)).select(
        F.col("reason").alias("reason_code"),
        F.coalesce("detail", F.lit("")).alias("detail"),
        F.coalesce("raw", F.lit("")).alias("raw"),
        "source_file",
        "source_line",
        F.lit(f"{feed.landing.version}, {feed.table.version}").alias("contract_version"),
        F.lit(feed.kind).alias("table_name"),
        "arrival_date",
    )


def _emptied(marked: "DataFrame", feed: Feed) -> "DataFrame":
    """One row for each field of a good row that became null."""
    good = marked.where(F.col("reason").isNull() & (F.size("nulled") > 0))
    field = F.explode(F.arrays_zip("nulled", "unread")).alias("field")
    rows = good.select(*[_named(marked, name) for name in NAMES], "source_file", "arrival_date", field)
    note = F.split("field.nulled", " ")
    return rows.select(
        note[0].alias("column_name"),
        note[1].alias("reason_code"),
        F.col("field.unread").alias("raw"),
        *NAMES,
        "source_file",
        F.lit(feed.kind).alias("table_name"),
        "arrival_date",
    )


def _named(marked: "DataFrame", name: str) -> "Column":
    value = F.col(name) if name in marked.columns else F.lit(None).cast("string")
    return value.alias(name)
