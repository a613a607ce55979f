"""``causalrec rules``: what the lists of a night would be under another rules file, before it is used."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from causalrec.report.rules import RulesChange, rules_page
from causalrec.run import open_lake
from causalrec.scoring.export.night import newest_night
from causalrec.scoring.sampled import SAMPLE
from causalrec.scoring.would_be import would_be
from jobs._stage.runner import shop_settings
from jobs._terminal.tables import Table, write_json
from jobs.commands._shared.options import Json, PublishedDate, SettingsFile


def rules(
    file: Annotated[
        str, typer.Argument(metavar="[FILE]", help="Rules file to try (default: none, so no rules at all).")
    ] = "",
    ds: PublishedDate = None,
    users: Annotated[int, typer.Option(min=2, help="How many users to compare.")] = SAMPLE,
    json: Json = False,
    settings_file: SettingsFile = None,
) -> int:
    """Compare with the rules in force, show the numbers, write the page."""
    settings, console = shop_settings(settings_file), Console()
    lake = open_lake(settings)
    ds = ds or newest_night(lake)
    page, change = rules_page(settings, lake, ds, file, would_be(settings, lake, ds, file, users))
    if json:
        write_json(asdict(change))
        return 0
    console.print(_summary(change))
    console.print(f"page: {page.address}", markup=False, highlight=False, soft_wrap=True)
    return 0


def _summary(change: RulesChange) -> Table:
    table = Table(title="tonight's lists under the rules in force and under these")
    for column in ("", "before", "after", "difference (95 %)"):
        table.add_column(column, justify="left" if column == "" else "right")
    table.add_row("users with another list", "", f"{change.users[1]:,} of {change.users[0]:,}", "")
    table.add_row("rows that stay in their list", "", f"{change.kept:.1%}", "")
    costs = (
        ("expected responses per look", change.responses),
        (f"expected {change.earned_name} per look", change.earned),
        ("mean score", change.score),
    )
    for name, cost in costs:
        if cost is not None:
            between = f"{cost.low:+.4f} to {cost.high:+.4f}"
            table.add_row(name, f"{cost.before:.4f}", f"{cost.after:.4f}", between)
    for policy, (old, new) in change.placed.items():
        table.add_row(f"rows by {policy}", f"{old:,}", f"{new:,}", "")
    return table
