"""``causalrec plan``: what a backfill would do; the same as ``python -m jobs.plan``."""

import datetime as dt
from typing import Annotated

import typer

from jobs.commands._shared.options import DAY, Json, SettingsFile, day
from jobs.plan import main


def plan(
    first: Annotated[dt.date, typer.Option("--from", parser=day, metavar=DAY, help="First date.")],
    last: Annotated[dt.date, typer.Option("--to", parser=day, metavar=DAY, help="Last date.")],
    json: Json = False,
    settings_file: SettingsFile = None,
) -> int:
    """One line per date: done, stale or missing, and why."""
    words = ["--from", first.isoformat(), "--to", last.isoformat(), *(["--json"] if json else [])]
    return main(words + (["--settings", settings_file] if settings_file else []))
