"""``causalrec status``: what exists for a date, what is stale or missing and why, what arrived late."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape

from causalrec.config.tuned import FILE as TUNED
from causalrec.config.tuned import read_tuned
from causalrec.errors import CausalrecError, SettingsError
from causalrec.lake import LedgerRow
from causalrec.lake.record.ledger import late_rows
from causalrec.pipeline import NIGHTLY, RECORDED, STAGES
from causalrec.registry.champion.promotions import decisions
from causalrec.registry.promotion.waits import APPROVE, who_waits
from causalrec.run import open_run
from jobs._stage.load import load_job
from jobs._stage.runner import shop_settings
from jobs._terminal.tables import Table, write_json
from jobs.commands._shared.late_data import late_lines, unread_lines
from jobs.commands._shared.options import DAY, Json, SettingsFile, day
from jobs.commands._shared.states import JobState, states

WIDE = 160
"""Columns of a terminal from which the table has room for versions."""
NUMBERS = ("rows", "rejected", "cpu s")
COLORS = {"done": "green", "stale": "yellow", "missing": "red", "failed": "bold red", "not needed": "dim"}


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
        console.print(_one_date(dates[0], days[dates[0]], console.width))
        for line in [*_reasons(days[dates[0]]), *words[dates[0]], *unread[dates[0]]]:
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


def _one_date(ds: dt.date, found: Sequence[JobState], width: int) -> Table:
    """One row per job; which versions it read and wrote only where ``width`` has room for them."""
    wide = ("read", "wrote") if width >= WIDE else ()
    table = Table(title=f"status of {ds}", box=SIMPLE_HEAD)
    for column in ("job", "state", "rows", "rejected", "cpu s", "ran (UTC)"):
        table.add_column(column, justify="right" if column in NUMBERS else "left", no_wrap=True)
    for column in wide:
        table.add_column(column)
    for state in found:
        row = state.row
        cells = [state.job, f"[{COLORS.get(state.state, 'green')}]{state.state}[/]"]
        if row is not None:
            cells += [
                f"{row.rows_out:,}", f"{row.rows_rejected:,}" if row.rows_rejected else "",
                f"{row.cpu_seconds:.1f}", f"{row.finished_at:%Y-%m-%d %H:%M}",
            ]  # fmt: skip
            if wide:
                cells += [_tables(row.reads), _tables(row.writes)]
        table.add_row(*cells)
    return table


def _tables(versions: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(sorted({f"{one['table']}@{one['version']}" for one in versions}))


def _reasons(found: Sequence[JobState]) -> list[str]:
    """Why jobs are not done, one line each."""
    return [f"{one.job} ({one.state}): {one.why.removeprefix(f'{one.job}: ')}" for one in found if one.why]


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
