"""``causalrec plan``: what a backfill would do."""

import datetime as dt
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from causalrec.pipeline import LEFT_BEHIND, NIGHTLY
from causalrec.run import open_run
from jobs._stage.load import load_job
from jobs._stage.runner import shop_settings
from jobs._terminal.tables import Table, write_json
from jobs.commands._shared.options import DAY, Json, SettingsFile, day
from jobs.commands._shared.plans import plan_days


def plan(
    first: Annotated[dt.date, typer.Option("--from", parser=day, metavar=DAY, help="First date.")],
    last: Annotated[dt.date, typer.Option("--to", parser=day, metavar=DAY, help="Last date.")],
    pages: Annotated[bool, typer.Option("--pages", help="A missing or stale page counts too.")] = False,
    json: Json = False,
    settings_file: SettingsFile = None,
) -> int:
    """One line per date: done, stale or missing, and why."""
    shop = open_run(shop_settings(settings_file), first)
    days = plan_days(shop, [load_job(name) for name in (LEFT_BEHIND if pages else NIGHTLY)], first, last)
    if json:
        write_json(asdict(each) for each in days)
        return 0
    table = Table("ds", "state", "why", title="plan")
    for each in days:
        table.add_row(each.ds, each.state, each.why)
    Console().print(table)
    return 0
