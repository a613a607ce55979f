"""``causalrec erase``: one user out of every table and its history, with a receipt."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from causalrec.lake import Lake
from causalrec.lake.upkeep.erasures import Erasures
from causalrec.registry.erase import Receipt
from causalrec.registry.erase import erase as erase_user
from causalrec.run import open_lake
from jobs._stage.runner import shop_settings
from jobs._terminal.tables import Table
from jobs.commands._shared.options import SettingsFile, User


def erase(
    user: User,
    yes: Annotated[
        bool, typer.Option("--yes", help="Erase; without it, only say what would be erased.")
    ] = False,
    settings_file: SettingsFile = None,
) -> int:
    """Erase, or say what would go; one table at the end."""
    settings, console = shop_settings(settings_file), Console()
    lake = open_lake(settings)
    with console.status("searching all tables") as status:
        receipt = erase_user(
            settings,
            lake,
            user,
            really=yes,
            done=lambda name: status.update(f"erased in {name}"),
        )
    console.print(_summary(receipt, yes))
    for line in _remarks(receipt, lake, user, yes):
        console.print(line, highlight=False)
    return 0


def _summary(receipt: Receipt, really: bool) -> Table:
    title = "erased" if really else "would be erased"
    table = Table("where", title=title)
    for column in ("rows", "files of older versions", "log entries"):
        table.add_column(column, justify="right")
    for name, found in receipt.tables.items():
        table.add_row(name, f"{found.rows:,}", f"{found.old_files:,}", f"{found.log_entries:,}")
    for what, names in (
        ("bundle", receipt.bundles),
        ("page", receipt.pages),
        ("flagged model", receipt.models),
    ):
        for name in names:
            table.add_row(escape(f"{what} {name}"), "", "", "")
    return table


def _remarks(receipt: Receipt, lake: Lake, user: str, really: bool) -> list[str]:
    receipts = Erasures(lake).receipts(user)
    lines = []
    if receipt.nothing:
        lines.append("nothing is left of this user" if receipts else "nothing is stored about this user")
    elif not really:
        lines.append("nothing was changed -> add --yes")
    if receipt.models:
        lines.append(
            "flagged models were trained on this user -> train and promote a new one, then delete them"
        )
    if receipts:
        first, last = receipts[0]["at"][:19], receipts[-1]["at"][:19]
        lines.append(f"receipts: {len(receipts)}, first {first}, last {last} (table erasures)")
        lines.append("the landing zone was not touched; rows of this user in it are ignored from now on")
    return lines
