"""Exit 0 where the night's monitoring asks for training, 99 where it does not, 1 on an error."""

import argparse
import datetime as dt
import sys

from rich.console import Console

from causalrec.errors import CausalrecError
from causalrec.evaluation.live.monitor import asks_for_training
from causalrec.lake import Lake
from jobs._question import NO, YES
from jobs._runner import EXIT_ERROR, loaded


def main(argv: list[str] | None = None) -> int:
    """Say it, and why. In Airflow a 0 reports the asset that the training DAG waits for."""
    parser = argparse.ArgumentParser(prog="python -m jobs.request_training", description=__doc__)
    parser.add_argument("--ds", type=dt.date.fromisoformat, required=True, help="run date YYYY-MM-DD")
    parser.add_argument("--settings", help="TOML file (or CAUSALREC_SETTINGS)")
    arguments, console = parser.parse_args(argv), Console()
    try:
        settings = loaded(arguments)
        answer, why = asks_for_training(Lake(settings.lake_root, settings.lake), arguments.ds)
    except CausalrecError as error:
        console.print(f"[bold red]request_training[/] {error}", highlight=False)
        return EXIT_ERROR
    console.print(why, highlight=False, markup=False, soft_wrap=True)
    return YES if answer else NO


if __name__ == "__main__":
    sys.exit(main())
