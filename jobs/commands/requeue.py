"""``causalrec requeue``: rows in quarantine are tried again, after a fix of contract, limits or code."""

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
from causalrec.lake import Outcome
from causalrec.run import Run, open_run
from jobs._stage.load import load_job
from jobs._stage.runner import Job, run, shop_settings
from jobs._terminal.progress import Terminal
from jobs._terminal.tables import Table
from jobs.commands._shared.options import DAY, SettingsFile, day, one_of

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
        str | None, typer.Option(help="Only dates with rows that were rejected for this reason.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what is in quarantine.")] = False,
    settings_file: SettingsFile = None,
) -> int:
    """Show what waits, load these dates again, show what became of it."""
    settings, console = shop_settings(settings_file), Console()
    first, last = first or dt.date.min, last or dt.date.max
    shop = open_run(settings, last, Terminal(console), force=True)
    feed = FEEDS[table]
    found = waiting(shop.lake, feed, first, last)
    if reason:
        found = {date: counts for date, counts in found.items() if reason in counts}
    if not found or dry_run:
        console.print(_table(feed, found, {}) if found else "quarantine holds no such rows")
        return 0
    shop.ds = max(found)
    ingest = load_job(feed.job)

    def work(job: Run) -> Mapping[dt.date, Outcome]:
        return retry(feed, settings, job.lake, job.ledger, job.spark(), sorted(found))

    # the ledger says what an ingest of these deliveries would say, so the plan takes them for done
    rows = run(Job(feed.job, ingest.inputs, work), shop)
    console.print(_table(feed, found, {row.ds: row.rejects for row in rows}))
    return 0


def _table(
    feed: Feed, before: Mapping[dt.date, Mapping[str, int]], after: Mapping[dt.date, Mapping[str, int]]
) -> Table:
    table = Table(title=f"quarantine of {feed.kind}")
    for column in ("arrival date", "reason", "waited", "still rejected"):
        table.add_column(column, justify="right" if column in ("waited", "still rejected") else "left")
    for date, counts in before.items():
        left = after.get(date, {})
        for reason in sorted(counts.keys() | left.keys()):
            now = f"{left.get(reason, 0):,}" if date in after else ""
            table.add_row(date.isoformat(), escape(reason), f"{counts.get(reason, 0):,}", now)
    return table
