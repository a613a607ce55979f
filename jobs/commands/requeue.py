"""``causalrec requeue``: retries rows in quarantine and unread fields after a correction."""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from causalrec.ingest import events, products
from causalrec.ingest.delivery import Feed
from causalrec.ingest.requeue import requeue as retry
from causalrec.ingest.requeue import waiting
from causalrec.ingest.table import NULLED
from causalrec.ingest.unread import unread_dates, unread_fields
from causalrec.lake import Lake, LedgerRow, Outcome
from causalrec.run import Run, open_run
from jobs._stage.load import load_job
from jobs._stage.runner import Job, run, shop_settings
from jobs._terminal.progress import Terminal
from jobs._terminal.tables import Table
from jobs.commands._shared.options import DAY, SettingsFile, day, one_of

Counts = dict[tuple[str, str], int]
"""Column (none for a whole row) and reason -> rows."""
FEEDS: Mapping[str, Feed] = {feed.kind: feed for feed in (events.FEED, products.FEED)}


def requeue(
    table: Annotated[
        str,
        typer.Argument(parser=one_of(sorted(FEEDS)), metavar="TABLE", help=f"{' or '.join(sorted(FEEDS))}."),
    ],
    first: Annotated[
        dt.date | None, typer.Option("--from", parser=day, metavar=DAY, help="First arrival date.")
    ] = None,
    last: Annotated[
        dt.date | None, typer.Option("--to", parser=day, metavar=DAY, help="Last arrival date.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Only dates with rows or fields that were lost for this reason.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what waits.")] = False,
    settings_file: SettingsFile = None,
) -> int:
    """Show what is waiting, reload these dates, and show the result."""
    settings, console = shop_settings(settings_file), Console()
    first, last = first or dt.date.min, last or dt.date.max
    shop = open_run(settings, last, Terminal(console), force=True)
    feed = FEEDS[table]
    found = _waiting(shop.lake, feed, first, last)
    if reason:
        found = {date: counts for date, counts in found.items() if any(r == reason for _, r in counts)}
    if not found or dry_run:
        console.print(_table(feed, found, {}) if found else "nothing of this kind waits to be tried again")
        return 0
    shop.ds = max(found)
    ingest = load_job(feed.job)

    def work(job: Run) -> Mapping[dt.date, Outcome]:
        return retry(feed, settings, job.lake, job.ledger, job.spark(), sorted(found))

    # the ledger row equals that of an ingest of these deliveries, so the plan treats them as done
    rows = run(Job(feed.job, ingest.inputs, work), shop)
    console.print(_table(feed, found, {row.ds: _left(row) for row in rows}))
    return 0


def _waiting(lake: Lake, feed: Feed, first: dt.date, last: dt.date) -> dict[dt.date, Counts]:
    """Rows of quarantine and unread fields by arrival date; rows have no column."""
    found: dict[dt.date, Counts] = {}
    for date, counts in waiting(lake, feed, first, last).items():
        found[date] = {("", reason): n for reason, n in counts.items()}
    for one in unread_fields(lake, feed.kind, unread_dates(lake, feed.kind, first, last)):
        found.setdefault(one.date, {})[one.column, one.reason] = one.rows
    return dict(sorted(found.items()))


def _left(row: LedgerRow) -> Counts:
    left = {("", reason): n for reason, n in row.rejects.items()}
    for name, n in row.counters.items():
        if name.startswith(NULLED):
            column, _, reason = name.removeprefix(NULLED).partition(".")
            left[column, reason] = int(n)
    return left


def _table(feed: Feed, before: Mapping[dt.date, Counts], after: Mapping[dt.date, Counts]) -> Table:
    table = Table(title=f"rows in quarantine and unread fields of {feed.kind}")
    for name in ("arrival date", "lost", "reason", "waited", "still there"):
        table.add_column(name, justify="right" if name in ("waited", "still there") else "left")
    for date, counts in before.items():
        left = after.get(date, {})
        for column, reason in sorted(counts.keys() | left.keys()):
            now = f"{left.get((column, reason), 0):,}" if date in after else ""
            lost = f"field {column}" if column else "row"
            waited = f"{counts.get((column, reason), 0):,}"
            table.add_row(date.isoformat(), escape(lost), escape(reason), waited, now)
    return table
