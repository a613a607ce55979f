"""Exit 0 where a model must be trained, 99 where a champion can score tonight, 1 on an error."""

import argparse
import datetime as dt
import sys

from rich.console import Console

from causalrec.errors import CausalrecError
from causalrec.registry.champion import usable_champion
from jobs._runner import loaded

TRAINING_NEEDED, HAVE_CHAMPION, ERROR = 0, 99, 1


def main(argv: list[str] | None = None) -> int:
    """Say which it is, and why."""
    parser = argparse.ArgumentParser(prog="python -m jobs.need_champion", description=__doc__)
    parser.add_argument("--ds", type=dt.date.fromisoformat, help="run date YYYY-MM-DD (only for the log)")
    parser.add_argument("--settings", help="TOML file (or CAUSALREC_SETTINGS)")
    arguments, console = parser.parse_args(argv), Console()
    try:
        settings = loaded(arguments)
        champion = usable_champion(settings)
    except CausalrecError as error:
        console.print(f"[bold red]need_champion[/] {error}", highlight=False)
        return ERROR
    if champion is None:
        console.print(f"{settings.registry.model_name} has no champion: training is needed")
        return TRAINING_NEEDED
    console.print(
        f"champion {champion.name} version {champion.version}, trained on {champion.tags.get('ds', '?')}"
    )
    return HAVE_CHAMPION


if __name__ == "__main__":
    sys.exit(main())
