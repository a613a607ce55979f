"""A night whose stages only say what they would do, by Celery's workers: ``celery_run.py SETTINGS``."""

import datetime as dt
import sys
from pathlib import Path

from rich.console import Console

from infra.cluster.platform import platform
from infra.embedded.watch import run_dates

DS = dt.date(2026, 3, 1)


def main(settings: str) -> None:
    console = Console()
    with platform(Path(settings), console, celery=True, job_command="echo {job} {ds}") as cluster:
        runs = run_dates(cluster.session, "nightly", DS, DS, console)
    console.print([run.state for run in runs])


if __name__ == "__main__":
    main(*sys.argv[1:])
