"""``causalrec run``: one stage for one date; the same as ``python -m jobs.STAGE``."""

import datetime as dt
from importlib import import_module
from typing import Annotated

import typer

from causalrec.pipeline import STAGES
from jobs._stage import runner as _runner
from jobs.commands._shared.options import DAY, SettingsFile, day, one_of


def run(
    stage: Annotated[
        str,
        typer.Argument(
            parser=one_of(sorted(STAGES)), metavar="STAGE", help="A stage; causalrec stages lists them."
        ),
    ],
    ds: Annotated[dt.date, typer.Option(parser=day, metavar=DAY, help="Run date.")],
    force: Annotated[bool, typer.Option("--force", help="Recompute even if nothing changed.")] = False,
    settings_file: SettingsFile = None,
) -> int:
    """Run the stage and return its exit status."""
    words = ["--ds", ds.isoformat(), *(["--force"] if force else [])]
    words += ["--settings", settings_file] if settings_file else []
    module = import_module(f"jobs.{stage}")
    if hasattr(module, "JOB"):
        return _runner.main(module.JOB, words)
    return int(module.main(words))
