"""Retries rows in quarantine and unread fields after a contract, a setting or the code has been fixed.

An arrival date is reloaded from what the lake holds of it: its good rows, the values of their fields that
could not be used, and its rejected rows. The same rules, gate and write apply as to a delivery, so the files
are no longer needed in the landing zone. What still breaks a rule stays where it is, with its original text
and file.
"""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from causalrec.config import Settings
from causalrec.errors import SourceError
from causalrec.ingest.delivery import Feed, feed_inputs
from causalrec.ingest.formats.batch import parsed_schema
from causalrec.ingest.formats.layout import Layout
from causalrec.ingest.formats.rows import MAX_RAW_CHARS
from causalrec.ingest.losses import QUARANTINE
from causalrec.ingest.retry import PLACE, FieldTask, RowTask
from causalrec.ingest.table import NULLED, load_rows
from causalrec.ingest.unread import UNREAD, unread_dates, unread_fields
from causalrec.lake import Lake, Ledger, Outcome
from causalrec.lake.bridge import read_frame
from causalrec.lake.partition import Where
from causalrec.lake.upkeep.erasures import erased_emptied
from causalrec.sources.landing import delivery_fingerprint

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

NOTES = ("nulled", "unread")


def waiting(lake: Lake, feed: Feed, first: dt.date, last: dt.date) -> dict[dt.date, dict[str, int]]:
    """Arrival dates of the range with rows in quarantine -> reason -> rows."""
    table = lake.table(QUARANTINE)
    dates = [
        part["arrival_date"]
        for part in table.partitions()
        if part["table_name"] == feed.kind and first.isoformat() <= part["arrival_date"] <= last.isoformat()
    ]
    where: Where = {"table_name": [feed.kind], "arrival_date": dates}
    rows = table.read(where=where, columns=["arrival_date", "reason_code"])
    found: dict[dt.date, dict[str, int]] = {}
    for one in rows.group_by(["arrival_date", "reason_code"]).aggregate([([], "count_all")]).to_pylist():
        found.setdefault(one["arrival_date"], {})[one["reason_code"]] = one["count_all"]
    return dict(sorted((date, dict(sorted(counts.items()))) for date, counts in found.items()))


def requeue(
    feed: Feed,
    settings: Settings,
    lake: Lake,
    ledger: Ledger,
    spark: "SparkSession",
    dates: Sequence[dt.date],
) -> dict[dt.date, Outcome]:
    """Load the arrival dates ``dates`` again from the table and its quarantine; one Outcome per date.

    Raises:
        SourceError: the delivery of a date has changed since it was loaded.
        QualityError: the gate refuses a date as a whole; nothing was written.
    """
    marks = {date: feed_inputs(feed, settings, date) for date in dates}
    for date in dates:
        _refuse_changed(feed, settings, ledger, date)
    layout = Layout.of(feed.landing, settings.landing)
    stored = _with_fields(_stored(feed, lake, spark, dates), feed, lake, layout, dates)
    parsed = stored.unionByName(_rejected(feed, lake, layout, spark, dates))
    before = {date: sum(counts.values()) for date, counts in waiting(lake, feed, dates[0], dates[-1]).items()}
    fields = Counter[dt.date]()
    for one in unread_fields(lake, feed.kind, dates):
        fields[one.date] += one.rows
    done = load_rows(erased_emptied(parsed, lake), feed, settings, lake, ledger, dates[-1], dates)
    return {
        date: replace(outcome, note=_note(before.get(date, 0), fields[date], outcome), inputs=marks[date])
        for date, outcome in done.items()
    }


def _note(rows: int, fields: int, outcome: Outcome) -> str:
    said = []
    if rows or not fields:
        said.append(f"requeued {rows:,} rows, {outcome.rows_rejected:,} are still rejected")
    if fields:
        left = sum(int(n) for name, n in outcome.counters.items() if name.startswith(NULLED))
        said.append(f"requeued {fields:,} unread fields, {left:,} are still unread")
    return "\n".join([*said, *([outcome.note] if outcome.note else [])])


def _refuse_changed(feed: Feed, settings: Settings, ledger: Ledger, date: dt.date) -> None:
    """A new delivery must be loaded as such; here the rows of the old one would be mistaken for it."""
    last = ledger.last_success(feed.job, date)
    now = delivery_fingerprint(settings.landing_root, feed.kind, date)
    if now and last is not None and now != last.inputs.get("delivery"):
        raise SourceError(
            f"{feed.kind} {date}: the delivery in the landing zone is not the one that was loaded",
            do=f"load it: python -m jobs.{feed.job} --ds {date}",
        )


def _stored(feed: Feed, lake: Lake, spark: "SparkSession", dates: Sequence[dt.date]) -> "DataFrame":
    """The good rows as parsed ones. Their line is unknown; null sorts first, so they win over duplicates."""
    rows = read_frame(spark, lake.table(feed.kind), where={"arrival_date": [str(date) for date in dates]})
    schema = from_arrow_schema(parsed_schema(feed.landing))
    columns = [_stored_column(rows, f.name).cast(f.dataType).alias(f.name) for f in schema]
    return rows.select(*columns)


def _stored_column(rows: "DataFrame", name: str) -> "Column":
    if name in NOTES:
        return F.array().cast("array<string>")
    return F.col(name) if name in rows.columns else F.lit(None)


def _with_fields(
    stored: "DataFrame", feed: Feed, lake: Lake, layout: Layout, dates: Sequence[dt.date]
) -> "DataFrame":
    """The good rows with the fields that can be read now; the notes of the others are kept."""
    where: Where = {"table_name": [feed.kind], "arrival_date": [str(date) for date in dates]}
    if not set(unread_dates(lake, feed.kind, dates[0], dates[-1])) & set(dates):
        return stored
    rules = feed.table.extensions.duplicates
    key = ["arrival_date", *(rules.by if rules else ())]
    rows = read_frame(stored.sparkSession, lake.table(UNREAD), where=where)
    fields = rows.select(
        *[c for c in key if c != "arrival_date"], "column_name", "raw", "source_file", "arrival_date"
    )
    task = FieldTask(feed.landing, layout, tuple(key))
    tried = fields.mapInArrow(task, from_arrow_schema(task.schema))
    names = [name for name in task.schema.names if name not in (*key, *NOTES)]
    merged = tried.groupBy(*key).agg(
        *[F.first(name, ignorenulls=True).alias(f"_{name}") for name in names],
        *[F.flatten(F.collect_list(name)).alias(f"_{name}") for name in NOTES],
    )
    joined = stored.join(merged, key, "left")
    read = {name: F.coalesce(f"_{name}", name) for name in (*names, *NOTES)}
    return joined.withColumns(read).select(*stored.columns)


def _rejected(
    feed: Feed, lake: Lake, layout: Layout, spark: "SparkSession", dates: Sequence[dt.date]
) -> "DataFrame":
    where: Where = {"table_name": [feed.kind], "arrival_date": [str(date) for date in dates]}
    columns = ["raw", *PLACE]
    rows = read_frame(spark, lake.table(QUARANTINE), where=where, columns=columns)
    task = RowTask(feed.landing, layout, MAX_RAW_CHARS)
    return rows.mapInArrow(task, from_arrow_schema(parsed_schema(feed.landing)))
