"""A task that only asks something: exit 0 for yes, 99 (Airflow skips what follows) for no, 1 on an error."""

import argparse
import datetime as dt
from collections.abc import Callable
from typing import TypeAlias

from rich.console import Console

from causalrec.config import Settings
from causalrec.errors import CausalrecError
from causalrec.lake import Lake
from jobs._runner import EXIT_ERROR, loaded

YES, NO = 0, 99

Question: TypeAlias = Callable[[Settings, Lake, dt.date], tuple[bool, str]]
"""Answers for a run date: whether, and a line about it."""


def ask(name: str, doc: str | None, question: Question, argv: list[str] | None) -> int:
    """Runs ``question``; its line is the last one printed, which Airflow may hand on."""
    parser = argparse.ArgumentParser(prog=f"python -m jobs.{name}", description=doc)
    parser.add_argument("--ds", type=dt.date.fromisoformat, required=True, help="run date YYYY-MM-DD")
    parser.add_argument("--settings", help="TOML file (or CAUSALREC_SETTINGS)")
    arguments, console = parser.parse_args(argv), Console()
    try:
        settings = loaded(arguments)
        answer, line = question(settings, Lake(settings.lake_root, settings.lake), arguments.ds)
    except CausalrecError as error:
        console.print(f"[bold red]{name}[/] {error}", highlight=False)
        return EXIT_ERROR
    console.print(line, highlight=False, markup=False, soft_wrap=True)
    return YES if answer else NO
