"""``causalrec erase``: a user, an item or a brand out of every store of the shop, with a receipt."""

import os
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from causalrec.erasure.erase import Receipt, subject_of
from causalrec.erasure.erase import erase as erase_subject
from causalrec.lake import Lake
from causalrec.lake.upkeep.erasures import Erasures
from causalrec.lake.upkeep.subject import Kind, Subject
from causalrec.run import open_lake
from jobs._stage.runner import shop_settings
from jobs._terminal.tables import Table
from jobs.commands._shared.options import SettingsFile
from jobs.commands.export import passwords

STYLES = {"there": "yellow", "erased": "green", "still there": "bold red", "not searched": "red"}
PLANNED = {"there": "would be erased"}


def erase(
    user: Annotated[str | None, typer.Argument(metavar="[USER]", help="User id.")] = None,
    item: Annotated[str | None, typer.Option("--item", help="An item instead of a user.")] = None,
    brand: Annotated[
        str | None, typer.Option("--brand", help="A brand with all of its items instead of a user.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Erase; without it, only say what would be erased.")
    ] = False,
    settings_file: SettingsFile = None,
) -> int:
    """Erase, or report what would go; one line per store."""
    settings, console = shop_settings(settings_file), Console()
    lake = open_lake(settings)
    subject = subject_of(lake, *_asked(user, item, brand))
    with console.status("searching all stores") as status:
        receipt = erase_subject(
            settings,
            lake,
            subject,
            really=yes,
            passwords=passwords(settings, os.environ),
            done=lambda name: status.update(f"searched: {name}"),
        )
    console.print(_summary(receipt))
    for line in _remarks(receipt, lake, subject, yes):
        console.print(line, highlight=False, soft_wrap=True)
    return 0


def _asked(user: str | None, item: str | None, brand: str | None) -> tuple[Kind, str]:
    given: dict[Kind, str | None] = {"user": user, "item": item, "brand": brand}
    named = [(kind, one) for kind, one in given.items() if one is not None]
    if len(named) != 1:
        raise typer.BadParameter("name one user, or --item, or --brand")
    return named[0]


def _summary(receipt: Receipt) -> Table:
    table = Table("where", "state", "what", "until", title="erasure")
    for name, found in receipt.stores.items():
        what = ", ".join(f"{count:,} {label.replace('_', ' ')}" for label, count in found.counts.items())
        what += f" ({', '.join(found.names)})" if found.names else ""
        style = STYLES.get(found.state, "dim")
        state = f"[{style}]{PLANNED.get(found.state, found.state)}[/]"
        table.add_row(escape(name), state, escape(what), escape(found.until))
    return table


def _remarks(receipt: Receipt, lake: Lake, subject: Subject, really: bool) -> list[str]:
    receipts = Erasures(lake).receipts(subject)
    lines = []
    if receipt.nothing:
        stored = "nothing is left that can be erased" if receipts else "nothing is stored that can be erased"
        lines.append(f"{stored} of this {subject.asked[0]}")
    elif not really:
        lines.append("nothing was changed -> add --yes")
    if receipt.flagged:
        lines.append(f"flagged models: {', '.join(receipt.flagged)} -> causalrec forget")
    if receipts:
        first, last = receipts[0]["at"][:19], receipts[-1]["at"][:19]
        lines.append(f"receipts: {len(receipts)}, first {first}, last {last} (table erasures)")
    return lines
