"""``causalrec status``: what exists for a date, what is stale or missing and why, what arrived late."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from causalrec.config.tuned import FILE as TUNED
from causalrec.config.tuned import read_tuned
from causalrec.errors import CausalrecError, SettingsError
from causalrec.ingest.unread import INGESTS, UNREAD, unread_fields
from causalrec.lake import LedgerRow
from causalrec.lake.record.ledger import DONE, LOST, late_rows
from causalrec.pipeline import NIGHTLY, RECORDED, STAGES, upstream
from causalrec.registry.champion.promotions import decisions
from causalrec.registry.promotion.waits import APPROVE, who_waits
from causalrec.run import Run, open_run
from jobs._stage.load import load_job
from jobs._stage.runner import Job, shop_settings
from jobs._terminal.tables import Table, write_json
from jobs.commands._shared.options import DAY, Json, SettingsFile, day
from jobs.plan import why_stale

COLORS = {"done": "green", "stale": "yellow", "missing": "red", "failed": "bold red", "not needed": "dim"}


@dataclass(frozen=True)
class JobState:
    """One job on one date.

    Attributes:
        state: ``done``, ``stale``, ``missing``, ``failed`` or ``not needed``.
        why: empty if the job is done.
        row: its newest success, whose results exist; None if there is none.
    """

    job: str
    state: str
    why: str
    row: LedgerRow | None


def states(
    context: Run, jobs: Sequence[Job], rows: Sequence[LedgerRow], optional: Sequence[str] = ()
) -> list[JobState]:
    """The state of every job on the date of ``context``, in order; without Spark, writing nothing.

    Args:
        context: the shop and the date.
        jobs: in the order of the pipeline.
        rows: the ledger's rows of that date, oldest first.
        optional: further jobs, shown only if they ran.
    """
    found: dict[str, JobState] = {}
    for job in jobs:
        own = [row for row in rows if row.job == job.name]
        found[job.name] = _with_upstream(_own_state(context, job, own), found)
    for name in optional:
        own = [row for row in rows if row.job == name]
        if own:
            found[name] = JobState(name, own[-1].status.replace("success", "done"), "", own[-1])
    return list(found.values())


def _own_state(context: Run, job: Job, rows: Sequence[LedgerRow]) -> JobState:
    done = [row for row in rows if row.status in DONE]
    row = done[-1] if done else None
    failed = rows[-1] if rows and rows[-1].status == "failed" else None
    if failed is not None:
        return JobState(job.name, "failed", f"{failed.finished_at:%Y-%m-%d %H:%M} {failed.note}", row)
    if rows and rows[-1].status == LOST:
        return JobState(job.name, "stale", f"{', '.join(sorted(rows[-1].lost))} lost what it wrote", row)
    if row is None:
        return JobState(job.name, "missing", "never ran", None)
    reason = why_stale(context, job, row, context.ds)
    return JobState(job.name, "stale" if reason else "done", reason or "", row)


def _with_upstream(own: JobState, found: Mapping[str, JobState]) -> JobState:
    """A result whose inputs are about to change is stale too, even before they change."""
    if own.state != "done":
        return own
    behind = [name for name in upstream(own.job, list(found)) if found[name].state != "done"]
    if not behind:
        return own
    return JobState(
        own.job, "stale", "; ".join(f"after {name}, which is {found[name].state}" for name in behind), own.row
    )


def late_lines(late: Mapping[str, Mapping[str, int]], ds: dt.date, known: str) -> list[str]:
    """In words: what happened by the night of ``ds`` but arrived later.

    Args:
        late: event date -> arrival date -> rows.
        ds: run date.
        known: the setting ``dataset.known``.
    """
    day = ds.isoformat()
    lines = []
    own = {arrival: n for arrival, n in late.get(day, {}).items() if arrival > day}
    if own:
        arrivals = ", ".join(f"{n:,} on {arrival}" for arrival, n in own.items())
        lines.append(f"late: {sum(own.values()):,} events of {day} arrived after it ({arrivals})")
    after = {e: sum(n for a, n in found.items() if a > day) for e, found in late.items() if e <= day}
    total, dates = sum(after.values()), [event for event, n in after.items() if n]
    if total:
        span = dates[0] if len(dates) == 1 else f"{len(dates)} dates, {dates[0]} to {dates[-1]}"
        lines.append(
            f"unknown to this night: {total:,} events of {span}"
            + (
                "; a run with dataset.known = today includes them"
                if known == "then"
                else " (in its results, dataset.known = today)"
            )
        )
    return lines


def unread_lines(shop: Run, found: Sequence[JobState]) -> list[str]:
    """In words: columns of a date's deliveries that became null in some rows."""
    lines = []
    for state in found:
        row = state.row
        if row is None or state.job not in INGESTS or not any(w["table"] == UNREAD for w in row.writes):
            continue
        kind = INGESTS[state.job]
        lines += [
            f"unread: {one.column} of {one.rows:,} {kind} ({one.reason}, such as {one.example!r}); they are "
            f"empty until a correction and causalrec requeue {kind}"
            for one in unread_fields(shop.lake, kind, [row.ds])
        ]
    return lines


def status(
    ds: Annotated[
        dt.date | None,
        typer.Option(parser=day, metavar=DAY, help="One date (default: the newest in the ledger)."),
    ] = None,
    first: Annotated[
        dt.date | None, typer.Option("--from", parser=day, metavar=DAY, help="First of a range.")
    ] = None,
    last: Annotated[
        dt.date | None, typer.Option("--to", parser=day, metavar=DAY, help="Last of a range.")
    ] = None,
    json: Json = False,
    settings_file: SettingsFile = None,
) -> int:
    """One row per job for a single date, one row per date for a range."""
    settings, console = shop_settings(settings_file), Console()
    shop = open_run(settings, ds or first or dt.date.min)
    ledger = shop.ledger
    rows = ledger.rows()
    dates = _dates(ds, first, last, rows)
    late = late_rows(ledger.successes("ingest_events").values())
    jobs = [load_job(name) for name in RECORDED if not STAGES[name].without_champion]
    extra = [name for name in RECORDED if STAGES[name].without_champion]
    days = {}
    for date in dates:
        days[date] = states(shop.at(date), jobs, [row for row in rows if row.ds == date], extra)
    words = {date: late_lines(late, date, settings.dataset.known) for date in dates}
    unread = {date: unread_lines(shop, days[date]) for date in dates}
    if json:
        write_json(_as_json(date, days[date], words[date], unread[date]) for date in dates)
    elif len(dates) == 1:
        console.print(_one_date(dates[0], days[dates[0]]))
        for line in [*words[dates[0]], *unread[dates[0]]]:
            console.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)
    else:
        console.print(_range(days, {date: [*words[date], *unread[date]] for date in dates}))
    if not json and (found := who_waits(rows, decisions(shop.lake))):
        told = f"version {found.version} waits for approval since {found.since:%Y-%m-%d %H:%M} UTC: {APPROVE}"
        console.print(told, style="bold yellow", markup=False, highlight=False, soft_wrap=True)
    if not json and read_tuned(settings.store, settings.model.name):
        told = f"causalrec tune chose settings that are in use: {settings.store.address(TUNED)}"
        console.print(told, style="dim", markup=False, highlight=False, soft_wrap=True)
    return 0


def _dates(
    ds: dt.date | None, first: dt.date | None, last: dt.date | None, rows: Sequence[LedgerRow]
) -> list[dt.date]:
    if ds:
        return [ds]
    if first and last:
        return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    if first or last:
        raise SettingsError("a range needs both a first and a last date", do="give both --from and --to")
    if not rows:
        raise CausalrecError("the ledger is empty: no job has ever run", do="run a night first, or give --ds")
    return [max(row.ds for row in rows)]


def _as_json(
    ds: dt.date, found: Sequence[JobState], words: Sequence[str], unread: Sequence[str]
) -> dict[str, object]:
    lines = {"late": list(words), "unread": list(unread)}
    return {"ds": ds.isoformat(), **lines, "jobs": [asdict(state) for state in found]}


def _one_date(ds: dt.date, found: Sequence[JobState]) -> Table:
    table = Table(title=f"status of {ds}")
    for column in ("job", "state", "why", "read", "exists", "rows", "rejected", "cpu s", "ran"):
        table.add_column(column, justify="right" if column in ("rows", "rejected", "cpu s") else "left")
    for state in found:
        row = state.row
        name = f"[{COLORS.get(state.state, 'green')}]{state.state}[/]"
        if row is None:
            table.add_row(state.job, name, escape(state.why))
            continue
        reads = ", ".join(f"{pin['table']}@{pin['version']}" for pin in row.reads)
        writes = ", ".join(sorted({f"{w['table']}@{w['version']}" for w in row.writes})) or "-"
        table.add_row(
            state.job, name, escape(state.why), reads, writes, f"{row.rows_out:,}",
            f"{row.rows_rejected:,}" if row.rows_rejected else "", f"{row.cpu_seconds:.1f}",
            f"{row.finished_at:%Y-%m-%d %H:%M}",
        )  # fmt: skip
    return table


def _range(days: Mapping[dt.date, Sequence[JobState]], words: Mapping[dt.date, Sequence[str]]) -> Table:
    table = Table(title="status")
    for column in ("ds", "done", "jobs that are not done, and why", "late or unread data"):
        table.add_column(column)
    for ds, found in days.items():
        nightly = [state for state in found if state.job in NIGHTLY]
        open_ones = [state for state in nightly if state.state != "done"]
        lines = [
            f"[{COLORS[state.state]}]{state.job}: {state.state}[/] {escape(state.why)}"
            for state in open_ones[:4]
        ]
        if len(open_ones) > len(lines):
            lines.append(f"and {len(open_ones) - len(lines)} more")
        done = f"{len(nightly) - len(open_ones)} of {len(nightly)}"
        table.add_row(ds.isoformat(), done, "\n".join(lines), escape("\n".join(words[ds])))
    return table
