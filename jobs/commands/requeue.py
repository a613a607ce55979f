"""``causalrec requeue``: rows in quarantine are tried again, after a fix of contract, limits or code."""

import argparse
import datetime as dt
from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from causalrec.ingest import events, products
from causalrec.ingest.delivery import Feed
from causalrec.ingest.requeue import requeue, waiting
from causalrec.lake import Outcome
from causalrec.run import Run, open_run
from jobs._pipeline import load_job
from jobs._progress import Terminal
from jobs._runner import Job, loaded, run

FEEDS: Mapping[str, Feed] = {feed.kind: feed for feed in (events.FEED, products.FEED)}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The arguments of the command."""
    parser = subparsers.add_parser("requeue", help="reload quarantined rows after a fix")
    parser.add_argument("table", choices=sorted(FEEDS), help="table that the rows were meant for")
    parser.add_argument(
        "--from", dest="first", type=dt.date.fromisoformat, default=dt.date.min, help="from arrival date"
    )
    parser.add_argument(
        "--to", dest="last", type=dt.date.fromisoformat, default=dt.date.max, help="arrival date"
    )
    parser.add_argument("--reason", help="only dates with rows rejected for this reason")
    parser.add_argument("--dry-run", action="store_true", help="only show what is in quarantine")
    parser.add_argument("--settings", help="TOML file of the shop (or CAUSALREC_SETTINGS)")
    parser.set_defaults(run=command)


def command(arguments: argparse.Namespace, console: Console) -> int:
    """Show what waits, load these dates again, show what became of it."""
    settings = loaded(arguments)
    shop = open_run(settings, arguments.last, Terminal(console), force=True)
    feed = FEEDS[arguments.table]
    found = waiting(shop.lake, feed, arguments.first, arguments.last)
    if arguments.reason:
        found = {date: counts for date, counts in found.items() if arguments.reason in counts}
    if not found or arguments.dry_run:
        console.print(_table(feed, found, {}) if found else "quarantine holds no such rows")
        return 0
    shop.ds = max(found)
    ingest = load_job(feed.job)

    def work(job: Run) -> Mapping[dt.date, Outcome]:
        return requeue(feed, settings, job.lake, job.ledger, job.spark(), sorted(found))

    # the ledger says what an ingest of these deliveries would say, so the plan takes them for done
    rows = run(Job(feed.job, ingest.inputs, work), shop)
    console.print(_table(feed, found, {row.ds: row.rejects for row in rows}))
    return 0


def _table(
    feed: Feed, before: Mapping[dt.date, Mapping[str, int]], after: Mapping[dt.date, Mapping[str, int]]
) -> Table:
    table = Table(title=f"quarantine of {feed.kind}", title_justify="left")
    for column in ("arrival date", "reason", "waited", "still rejected"):
        table.add_column(column, justify="right" if column in ("waited", "still rejected") else "left")
    for date, counts in before.items():
        left = after.get(date, {})
        for reason in sorted(counts.keys() | left.keys()):
            now = f"{left.get(reason, 0):,}" if date in after else ""
            table.add_row(date.isoformat(), escape(reason), f"{counts.get(reason, 0):,}", now)
    return table
