"""A task that only asks something: exit 0 for yes, 99 (Airflow skips what follows) for no, 1 on an error."""

import argparse
import datetime as dt
from collections.abc import Callable

from rich.console import Console

from causalrec.config import Settings
from causalrec.errors import CausalrecError
from jobs._runner import EXIT_ERROR, loaded

YES, NO = 0, 99


def ask(
    name: str, doc: str | None, question: Callable[[Settings], tuple[bool, str]], argv: list[str] | None
) -> int:
    """Runs ``question``; its sentence is the last line printed, which Airflow may hand on."""
    parser = argparse.ArgumentParser(prog=f"python -m jobs.{name}", description=doc)
    parser.add_argument("--ds", type=dt.date.fromisoformat, help="run date YYYY-MM-DD (only for the log)")
    parser.add_argument("--settings", help="TOML file (or CAUSALREC_SETTINGS)")
    arguments, console = parser.parse_args(argv), Console()
    try:
        answer, sentence = question(loaded(arguments))
    except CausalrecError as error:
        console.print(f"[bold red]{name}[/] {error}", highlight=False)
        return EXIT_ERROR
    console.print(sentence, highlight=False, markup=False, soft_wrap=True)
    return YES if answer else NO
