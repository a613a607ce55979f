"""``causalrec export``: the published tables of a night in the stores that a shop serves from."""

import os
from collections.abc import Mapping
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from causalrec.config import Settings
from causalrec.run import open_lake
from causalrec.scoring.export.night import newest_night
from causalrec.scoring.export.run import TARGETS, Report, configured
from causalrec.scoring.export.run import export as export_night
from jobs._stage.runner import EXIT_ERROR, shop_settings
from jobs._terminal.tables import Table
from jobs.commands._shared.options import PublishedDate, SettingsFile


def export(
    ds: PublishedDate = None,
    to: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STORE",
            help=f"{', '.join(TARGETS)} or a plug-in; may be repeated (default: all configured stores).",
        ),
    ] = None,
    settings_file: SettingsFile = None,
) -> int:
    """Export, and show what each store now holds; 1 if one of them failed."""
    settings, console = shop_settings(settings_file), Console()
    lake = open_lake(settings)
    ds = ds or newest_night(lake)
    targets = to or configured(settings)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,} rows"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("export", total=None)

        def progress(label: str, rows: int) -> None:
            bar.update(task, description=label, advance=rows)

        report = export_night(settings, lake, ds, targets, passwords(settings, os.environ), progress)
    console.print(table_of(report))
    for target, error in report.failed.items():
        console.print(f"[bold red]{target}[/] {escape(str(error))}", highlight=False, soft_wrap=True)
    return EXIT_ERROR if report.failed else 0


def passwords(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """Store -> password, for stores whose variable is set."""
    names = {
        "postgres": settings.export.postgres.password_env,
        "redis": settings.export.redis.password_env,
        "qdrant": settings.export.qdrant.api_key_env,
    }
    return {target: environ[name] for target, name in names.items() if environ.get(name)}


def table_of(report: Report) -> Table:
    """One line per store and table."""
    table = Table(title=f"export of {report.night.ds} ({report.night.name})")
    for column in ("store", "table", "rows", "lists", "state", "seconds", "where"):
        number = column in ("rows", "lists", "seconds")
        table.add_column(column, justify="right" if number else "left", overflow="fold")
    for one in report.exported:
        table.add_row(
            one.target, one.table, f"{one.rows:,}", f"{one.lists:,}", one.state, f"{one.seconds:.1f}",
            escape(one.where),
        )  # fmt: skip
    for target in report.failed:
        table.add_row(target, "-", "", "", "[bold red]failed[/]", "", "it still serves the night before")
    if report.night.empty:
        table.caption = f"no rows for this date, left unchanged: {', '.join(report.night.empty)}"
    return table
