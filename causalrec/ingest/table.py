"""From files in the landing zone to one table: parse, mark, gate, write. Shared by events and products.

One pass over the files: their rows are cached by Spark, measured once, and written twice (good rows and
quarantine). Nothing is written until all deliveries of the run have passed the gate.
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from causalrec.config import Settings
from causalrec.contracts import Contract
from causalrec.contracts.expectations import prepare
from causalrec.errors import printable
from causalrec.ingest.advice import loss_note
from causalrec.ingest.broken import loaded_without_broken, sound_files
from causalrec.ingest.delivered import delivered_rows, read_rows
from causalrec.ingest.delivery import Feed, feed_inputs, list_files, misnamed_folders, open_dates
from causalrec.ingest.formats.layout import Layout
from causalrec.ingest.gate import check_columns, check_fields, check_files, check_rejects, check_volume
from causalrec.ingest.history import Past, compared, counters_of, history_end, past_deliveries
from causalrec.ingest.losses import write_losses
from causalrec.ingest.mark import SourceFile
from causalrec.ingest.measure import Measures, measure
from causalrec.ingest.quality import check_expectations
from causalrec.ingest.unread import UnreadField, unread_fields
from causalrec.lake import Lake, Ledger, Outcome, Written
from causalrec.lake.bridge import write_frame
from causalrec.sources.landing import arrival_dates

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SHOWN_NAMES = 5
NULLED = "nulled."
"""Counters ``nulled.COLUMN.REASON``: accepted rows whose value of that optional column became null."""


def ingest_table(
    feed: Feed, settings: Settings, lake: Lake, ledger: Ledger, spark: "SparkSession", ds: dt.date
) -> dict[dt.date, Outcome]:
    """Load ``ds`` and every older delivery that has not been loaded yet, in one transaction per table.

    Raises:
        SourceError: a delivery is absent, empty or unreadable.
        ContractError: the columns of a file differ from the landing contract.
        QualityError: a delivery as a whole fails the gate. In each case nothing was written.
    """
    dates = open_dates(feed, settings, ledger, ds)
    if not dates:
        return {ds: Outcome(note=f"no {feed.kind} delivery for {ds}: nothing changed")}
    marks = {date: feed_inputs(feed, settings, date) for date in dates}
    files, unread = list_files(feed, settings, dates)
    layout = Layout.of(feed.landing, settings.landing)
    broken = settings.landing.unread_files
    sound, damaged = sound_files(files, feed.landing, layout, settings.ingest.max_row_bytes, broken)

    def load(chosen: Sequence[SourceFile]) -> dict[dt.date, Outcome]:
        parsed = read_rows(spark, chosen, feed, settings, lake)
        return load_rows(parsed, feed, settings, lake, ledger, ds, dates)

    outcomes, loaded, torn = loaded_without_broken(load, sound, feed.landing, broken)
    if ds not in outcomes:
        outcomes[ds] = Outcome(note=f"no {feed.kind} delivery for {ds}")
    outcomes = _noted(outcomes, ds, [*damaged, *torn, *unread, *misnamed_folders(feed, settings)])
    counts = Counter(file.arrival_date for file in loaded)
    return {
        date: replace(outcome, counters={"files": counts[date], **outcome.counters}, inputs=marks.get(date))
        for date, outcome in outcomes.items()
    }


def load_rows(
    parsed: "DataFrame",
    feed: Feed,
    settings: Settings,
    lake: Lake,
    ledger: Ledger,
    ds: dt.date,
    dates: Sequence[dt.date],
) -> dict[dt.date, Outcome]:
    """Mark, gate and write parsed rows, which are the entire content of the arrival dates ``dates``."""
    past = past_deliveries(ledger, feed.job)
    arrived = arrival_dates(settings.landing_root, feed.kind)
    history = history_end((*arrived, *dates), past, settings.ingest)
    with ThreadPoolExecutor(1) as beside:
        ready = beside.submit(prepare)
        with delivered_rows(parsed, feed, settings, lake, history, dates) as marked:
            measures = measure(marked, feed.table)
            ready.result()
            warnings = _gate(feed, settings, past, history, ds, dates, measures)
            writes = _write(marked, feed, lake, dates, measures)
    loud = settings.ingest.loud_share
    emptied = unread_fields(lake, feed.kind, [date for date in dates if measures[date].nulled])
    outcomes = {date: _outcome(date, measures[date], writes, emptied, feed.table, loud) for date in dates}
    return _noted(outcomes, ds, warnings)


def _gate(
    feed: Feed,
    settings: Settings,
    past: Mapping[dt.date, Past],
    history: dt.date | None,
    ds: dt.date,
    dates: Sequence[dt.date],
    measures: dict[dt.date, Measures],
) -> list[str]:
    """Run all checks of the batch; returns the warnings of those that do not block."""
    check_files(measures, dates, feed.table)
    check_columns(measures, feed.table, feed.landing)
    usual = {date: found for date, found in measures.items() if history is None or date > history}
    before = {date: one.rows for date, one in past.items() if history is None or date > history}
    check_volume(usual, before, feed.table, settings.ingest)
    check_rejects(measures, feed.table, settings.ingest)
    check_fields(measures, feed.table, settings.ingest)
    judged = compared(measures, past, feed.table, settings.ingest, history)
    return check_expectations(judged, feed.table, settings.report_store.child("quality"), ds)


def _write(
    marked: "DataFrame", feed: Feed, lake: Lake, dates: Sequence[dt.date], measures: dict[dt.date, Measures]
) -> list[Written]:
    """The good rows last: if that write fails, the run counts as not done and everything is written again."""
    lost = write_losses(marked, feed, lake, dates, measures)
    good = marked.where(F.col("reason").isNull()).select(*feed.table.column_names)
    partitions = [{"arrival_date": date.isoformat()} for date in dates]
    return lost + write_frame(good, lake.table(feed.kind), partitions)


def _outcome(
    date: dt.date,
    found: Measures,
    writes: Sequence[Written],
    emptied: Sequence[UnreadField],
    table: Contract,
    loud_share: float,
) -> Outcome:
    examples = {f"{one.column} {one.reason}": one.example for one in emptied if one.date == date}
    notes = [loss_note(found, table, loud_share, examples)]
    if found.left_out:
        notes.append(f"{found.left_out:,} rows left out, as [landing.{table.name}] says")
    if found.unknown:
        names = printable(", ".join(list(found.unknown_names)[:SHOWN_NAMES]))
        notes.append(f"{found.unknown:,} rows carry fields unknown to the contract: {names}")
    return Outcome(
        rows_in=found.rows_in,
        rows_out=found.rows_good,
        rejects=found.rejects,
        writes=tuple(w for w in writes if f"arrival_date={date}" in w.partition.split("/")),
        counters={
            "rows_with_unknown_fields": found.unknown,
            "texts_cut": found.cut,
            "left_out": found.left_out,
            "erased": found.erased,
            **{f"{NULLED}{note.replace(' ', '.')}": n for note, n in found.nulled.items()},
            **counters_of(found),
        },
        note="\n".join(note for note in notes if note),
    )


def _noted(outcomes: dict[dt.date, Outcome], ds: dt.date, warnings: list[str]) -> dict[dt.date, Outcome]:
    """Attach the warnings to the run date, or to the last date if there was no delivery for it."""
    if not warnings:
        return outcomes
    at = ds if ds in outcomes else max(outcomes)
    note = "\n".join(part for part in (outcomes[at].note, *warnings) if part)
    return outcomes | {at: replace(outcomes[at], note=note)}
