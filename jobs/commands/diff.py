"""``causalrec diff``: what changed between two published nights."""

import argparse
import datetime as dt

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from causalrec.report.changes import Changes, read_changes
from causalrec.run import open_lake
from jobs._runner import loaded

MOST = 10


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The arguments of the command."""
    parser = subparsers.add_parser("diff", help="what changed between two published nights")
    parser.add_argument("before", type=dt.date.fromisoformat, metavar="DS1")
    parser.add_argument("after", type=dt.date.fromisoformat, metavar="DS2")
    parser.add_argument("--settings", help="TOML file of the shop (or CAUSALREC_SETTINGS)")
    parser.add_argument("--items", type=int, default=MOST, help="how many gaining and losing items to list")
    parser.set_defaults(run=diff)


def diff(arguments: argparse.Namespace, console: Console) -> int:
    """Read both nights, show the table."""
    settings = loaded(arguments)
    lake = open_lake(settings)
    names = arguments.before.isoformat(), arguments.after.isoformat()
    found = read_changes(lake, *names, arguments.items)
    console.print(_summary(found, names))
    console.print(_items(found))
    return 0


def _summary(found: Changes, names: tuple[str, str]) -> Table:
    table = Table(title="published lists", title_justify="left")
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
    table = Table(title="items that entered or left most lists", title_justify="left")
    for column in ("item", "lists before", "lists after", "change"):
        table.add_column(column, justify="left" if column == "item" else "right")
    for item in (*found.gained, *found.lost):
        change = f"{item.after - item.before:+,}"
        table.add_row(escape(item.item_id), f"{item.before:,}", f"{item.after:,}", change)
    return table
