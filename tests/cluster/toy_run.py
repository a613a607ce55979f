"""Nights whose stages only say what they would do: ``toy_run.py SETTINGS COMMAND celery|local``.

With Celery one night; otherwise a backfill in which the scheduler is lost, and a training with its approval.
"""

import datetime as dt
import sys
from pathlib import Path

from rich.console import Console

from infra.cluster import acts
from infra.cluster.platform import platform
from infra.embedded.watch import run_dates

DS = dt.date(2026, 3, 1)
NEXT = DS + dt.timedelta(days=1)


def main(settings: str, command: str, executor: str) -> None:
    console, celery = Console(), executor == "celery"
    with platform(Path(settings), console, celery=celery, job_command=command) as cluster:
        if celery:
            runs = run_dates(cluster.session, acts.NIGHTLY, DS, DS, console)
            console.print([run.state for run in runs])
        else:
            acts.backfill(cluster, DS, NEXT, console)
            acts.training(cluster, NEXT, console)


if __name__ == "__main__":
    main(*sys.argv[1:])
