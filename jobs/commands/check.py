"""``causalrec check``: checks a landing zone before the first night, and suggests settings for it."""

import datetime as dt
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from causalrec.config import Settings, written_path
from causalrec.errors import printable
from causalrec.ingest.advice import picture_cure
from causalrec.ingest.check import KINDS, DeliveryCheck, check_landing
from causalrec.run import open_run
from causalrec.store import Location
from jobs._stage.runner import EXIT_REFUSED, EXIT_YES, shop_settings
from jobs._terminal.counted import show_counted
from jobs._terminal.progress import Terminal
from jobs._terminal.tables import Table
from jobs.commands._shared.options import DAY, SettingsFile, a_path, day

if TYPE_CHECKING:
    from causalrec.ingest.check.everything import Counted

PAGE = "landing_check.html"
SHOWN_COLUMNS = 20


def check(
    landing: Annotated[
        str | None, typer.Argument(metavar="LANDING", help="Landing zone (default: that of the settings).")
    ] = None,
    ds: Annotated[
        dt.date | None,
        typer.Option(parser=day, metavar=DAY, help="Look at deliveries up to this date."),
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option(parser=a_path, metavar="FILE", help=f"HTML file to write (default: reports/{PAGE})."),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option(
            "--all", help="Also count every row of every delivery, with Spark, under the rules of a night."
        ),
    ] = False,
    settings_file: SettingsFile = None,
) -> int:
    """Show what a night would read, reject and refuse; exit status 78 if it would refuse a delivery.

    Without --all only the first rows of the first and the newest delivery are read, which takes seconds.
    """
    settings, console = shop_settings(settings_file), Console()
    if landing:
        given = landing if "://" in landing else str(written_path(landing).absolute())
        paths = settings.paths.model_copy(update={"landing": given})
        settings = settings.model_copy(update={"paths": paths})
    found = check_landing(settings, ds)
    show(found, settings, console)
    counted = _counted(settings, ds, console) if everything else []
    show_counted(counted, console)
    store, name = (
        (Location(str(page.absolute().parent)), page.name) if page else (settings.report_store, PAGE)
    )
    store.write(name, page_of(found, settings, counted).encode())
    console.print(f"page: {store.address(name)}", style="dim", soft_wrap=True)
    refused = any(one.blocking for one in found) or any(one.refused for one in counted)
    return EXIT_REFUSED if refused else EXIT_YES


def _counted(settings: Settings, ds: dt.date | None, console: Console) -> "list[Counted]":
    from causalrec.ingest.check.everything import count_everything  # Spark, which the sample does without

    with (
        open_run(settings, ds or dt.date.max, Terminal(console)) as run,
        run.progress.tasks("counting every row", run.spark) as spark,
    ):
        return [count_everything(kind, settings, run.lake, spark(), ds) for kind in reversed(KINDS)]


def page_of(found: list[DeliveryCheck], settings: Settings, counted: "Sequence[Counted]" = ()) -> str:
    """The same as a page."""
    recorder = Console(record=True, width=140, file=io.StringIO(), force_terminal=False)
    show(found, settings, recorder)
    show_counted(counted, recorder)
    return recorder.export_html()


def show(found: list[DeliveryCheck], settings: Settings, console: Console) -> None:
    """All findings, delivery by delivery, and what to set."""
    console.print(f"landing zone {settings.landing_root}", style="bold", highlight=False, soft_wrap=True)
    for one in found:
        title = f"{one.kind} {one.date} (of {one.dates} deliveries)" if one.date else f"{one.kind}: none"
        console.rule(escape(title), align="left")
        _show_files(one, console)
        _show_rows(one, console)
        for remark in one.remarks:
            console.print(escape(printable(remark)), highlight=False, soft_wrap=True)
        for warning in one.warnings:
            console.print(escape(printable(warning)), style="bold yellow", highlight=False, soft_wrap=True)
        _show_pictures(one, console)
        for line in one.blocking:
            console.print(
                f"REFUSED {escape(printable(line))}", style="bold red", highlight=False, soft_wrap=True
            )
        if one.toml:
            told = "settings to try (lines of a section that is there already go into it):"
            console.print(told, style="bold")
            console.print(escape(printable(one.toml)), style="green", highlight=False, soft_wrap=True)


def _show_files(one: DeliveryCheck, console: Console) -> None:
    for file in one.files:
        types = list(file.types.items())[:SHOWN_COLUMNS]
        columns = ", ".join(f"{name} ({kind or 'empty'})" for name, kind in types)
        line = f"{file.name}: {file.shape or 'not read'}; columns {columns or '-'}"
        console.print(escape(printable(line)), highlight=False, soft_wrap=True)
    for name, why in one.unread.items():
        console.print(
            escape(printable(f"{name}: not read, {why}")), style="red", highlight=False, soft_wrap=True
        )


def _show_rows(one: DeliveryCheck, console: Console) -> None:
    if not one.rows:
        return
    left = f", {one.left_out:,} left out as the settings say" if one.left_out else ""
    part = "" if one.share >= 1 else f", about {max(one.share, 0.001):.1%} of this delivery{left and ';'}"
    console.print(f"{one.rows:,} sampled rows{part}{left}", highlight=False)
    if one.share < 1:
        console.print("the rest was not read: causalrec check --all counts every row", highlight=False)
    if not one.rejects and not one.nulled:
        return
    table = Table("reason", "rows", "example", "what cures it")
    for reason, (count, example, cure) in one.rejects.items():
        table.add_row(f"[red]{reason}[/]", f"{count:,}", escape(printable(example)), escape(cure))
    for note, (count, example, cure) in one.nulled.items():
        kept = f"{printable(example)} (the row stays, this field is empty)"
        table.add_row(f"[yellow]{note}[/]", f"{count:,}", escape(kept), escape(cure))
    console.print(table)


def _show_pictures(one: DeliveryCheck, console: Console) -> None:
    found = one.pictures
    if found is None:
        return
    formats = ", ".join(f"{name} {count}" for name, count in found.formats.items()) or "none found"
    line = f"pictures: {found.named:,} named, {found.looked_at} looked at: {formats}"
    console.print(escape(line), highlight=False, soft_wrap=True)
    for reason, (count, example) in found.failures.items():
        console.print(
            f"  {reason} {count}, such as {escape(printable(example))}", style="red", soft_wrap=True
        )
        if cured := picture_cure(reason):
            console.print(f"    {escape(cured)}", highlight=False, soft_wrap=True)
