"""``causalrec history``: every decision about the champion."""

from dataclasses import asdict

from rich.console import Console
from rich.markup import escape

from causalrec.registry.alias import settled
from causalrec.registry.promotions import decisions
from causalrec.run import open_lake
from jobs._stage.runner import shop_settings
from jobs._terminal.tables import Table, write_json
from jobs.commands._shared.options import Json, SettingsFile

COLUMNS = ("at (UTC)", "decision", "version", "champion before", "data of", "who", "why")


def history(json: Json = False, settings_file: SettingsFile = None) -> int:
    """One line per decision, newest first. One that its own process did not finish is finished first."""
    settings = shop_settings(settings_file)
    lake = open_lake(settings)
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
    return 0
