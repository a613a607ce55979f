"""``causalrec history``: every decision about the champion, and the repair if MLflow has lost some."""

import datetime as dt
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from causalrec.config import Settings
from causalrec.errors import LostRegistry
from causalrec.lake import Lake
from causalrec.registry.champion.alias import champion_number, settled
from causalrec.registry.champion.promotions import decided_champion, decisions
from causalrec.registry.promotion.repair import Repaired
from causalrec.registry.promotion.repair import repair as put_back
from causalrec.run import open_lake
from jobs._stage.runner import shop_settings
from jobs._terminal.tables import Table, write_json
from jobs.commands._shared.decision import person
from jobs.commands._shared.options import Json, SettingsFile, Who, Why

COLUMNS = ("at (UTC)", "decision", "version", "champion before", "data of", "who", "why")


Repair = Annotated[bool, typer.Option("--repair", help="Put the aliases of MLflow back as decided.")]


def history(
    repair: Repair = False,
    why: Why = "",
    who: Who = "",
    json: Json = False,
    settings_file: SettingsFile = None,
) -> int:
    """One line per decision, newest first.

    A decision that its own process did not finish is finished first.
    """
    settings = shop_settings(settings_file)
    lake = open_lake(settings)
    if repair:
        found = put_back(settings, lake, person(who, why), dt.datetime.now(dt.UTC).date())
        Console().print(_said(found), highlight=False, markup=False, soft_wrap=True)
        return 0
    late = settled(settings, lake)
    rows = list(reversed(decisions(lake)))
    if json:
        write_json(asdict(row) for row in rows)
        return 0
    console = Console()
    if late is not None:
        said = f"version {late.version} {late.word.replace('_', ' ')} by {late.who}"
        console.print(
            f"completed an interrupted decision: {said}", style="yellow", highlight=False, markup=False
        )
    table = Table(*COLUMNS, title="decisions about the champion")
    for row in rows:
        when = f"{row.at:%Y-%m-%d %H:%M:%S}"
        values = (when, row.word, row.version, row.before or "none", str(row.ds), row.who, row.why)
        table.add_row(*(escape(value) for value in values))
    console.print(table)
    _say_state(settings, lake, console)
    return 0


def _say_state(settings: Settings, lake: Lake, console: Console) -> None:
    """Report whether MLflow agrees with what was decided."""
    decided = decided_champion(lake)
    try:
        now = champion_number(settings, lake)
    except LostRegistry as error:
        console.print(str(error), style="bold red", highlight=False, markup=False, soft_wrap=True)
        return
    if decided is not None and now not in ("", decided.version):
        moved = f"MLflow has version {now} as champion, the newest decision is for {decided.version}"
        console.print(
            f"{moved}: causalrec history --repair puts it back",
            style="yellow",
            highlight=False,
            soft_wrap=True,
        )


def _said(found: Repaired) -> str:
    match found.done:
        case "alias":
            return f"version {found.version} is champion again (MLflow had {found.before or 'none'})"
        case "given_up":
            return (
                f"MLflow has no version {found.version} any more: recorded, there is no champion now; "
                "train, evaluate and promote a new one, or go back to one that is left: "
                "causalrec rollback --to VERSION"
            )
        case "nothing":
            return (
                f"nothing to repair: {f'version {found.version}' if found.version else 'nobody'} is champion"
            )
