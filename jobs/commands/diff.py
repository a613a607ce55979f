"""``causalrec diff``: what changed between two published nights."""

import datetime as dt
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from causalrec.report.changes import Changes, read_changes
from causalrec.run import open_lake
from jobs._stage.runner import shop_settings
from jobs._terminal.tables import Table, write_json
from jobs.commands._shared.options import Json, SettingsFile, day

MOST = 10


def diff(
    before: Annotated[dt.date, typer.Argument(parser=day, metavar="DS1", help="Earlier night.")],
    after: Annotated[dt.date, typer.Argument(parser=day, metavar="DS2", help="Later night.")],
    items: Annotated[int, typer.Option(min=0, help="How many gaining and losing items to list.")] = MOST,
    json: Json = False,
    settings_file: SettingsFile = None,
) -> int:
    """Read both nights, show the table."""
    settings, console = shop_settings(settings_file), Console()
    names = before.isoformat(), after.isoformat()
    found = read_changes(open_lake(settings), *names, items)
    if json:
        write_json(asdict(found))
        return 0
    console.print(_summary(found, names))
    console.print(_items(found))
    return 0


def _summary(found: Changes, names: tuple[str, str]) -> Table:
    table = Table(title="published lists")
    for column in ("", *names):
        table.add_column(column, justify="left" if column == "" else "right")
    table.add_row("model version", *(", ".join(side) for side in found.versions))
    table.add_row("dataset", *(", ".join(name[:12] for name in side) for side in found.datasets))
    table.add_row("users served", f"{found.users[0]:,}", f"{found.users[1]:,}")
    for label, counts in found.labels.items():
        table.add_row(f"users {label}", *(f"{count:,}" for count in counts))
    table.add_row("rows moved by the adjustment", *(f"{share:.1%}" for share in found.adjusted))
    table.add_row("rows kept from the night before", "", f"{found.kept:.1%}")
    table.add_row("users with the same first item", "", f"{found.same_first:.1%}")
    return table


def _items(found: Changes) -> Table:
    table = Table(title="items that entered or left most lists")
    for column in ("item", "lists before", "lists after", "change"):
        table.add_column(column, justify="left" if column == "item" else "right")
    for item in (*found.gained, *found.lost):
        change = f"{item.after - item.before:+,}"
        table.add_row(escape(item.item_id), f"{item.before:,}", f"{item.after:,}", change)
    return table
