"""Starts a cluster, runs nights on it while parts of it are killed, stops it: ``python -m infra.cluster``."""

import argparse
import datetime as dt
import sys
import time
from pathlib import Path

from rich.console import Console

from infra.cluster import acts
from infra.cluster.platform import Platform, platform
from infra.embedded import home
from infra.embedded.commands import report
from infra.embedded.ending import exit_status
from infra.embedded.shop import ROOT

SETTINGS = ROOT / "infra" / "settings" / "cluster.toml"
NIGHT = dt.date(2026, 3, 1)
DAY = dt.timedelta(days=1)


def main(argv: list[str] | None = None) -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m infra.cluster", description=__doc__)
    parser.add_argument("--settings", type=Path, default=SETTINGS, help="settings file of the shop")
    parser.add_argument(
        "--stay", action="store_true", help="keep everything running at the end, until Ctrl-C"
    )
    parser.add_argument(
        "--executor", choices=("local", "celery"), default="local", help="what runs Airflow's tasks"
    )
    given = parser.parse_args(argv)
    console, celery = Console(), given.executor == "celery"
    return exit_status(lambda: _run(given.settings, console, celery=celery, stay=given.stay), console)


def _run(settings: Path, console: Console, *, celery: bool, stay: bool) -> None:
    began = time.monotonic()
    with platform(settings, console, celery=celery) as cluster:
        _say_where(cluster, console)
        first = acts.night(cluster, NIGHT, console)
        second = acts.backfill(cluster, NIGHT + DAY, NIGHT + 2 * DAY, console)
        acts.training(cluster, NIGHT + 2 * DAY, console)
        report(cluster.session.shop, NIGHT)
        for fault in (first, second):
            console.print(fault.said or "a fault did not happen", highlight=False)
        console.print(f"finished in {time.monotonic() - began:.0f} s", style="dim")
        if stay:
            console.print("Ctrl-C stops everything")
            _wait(cluster)


def _say_where(cluster: Platform, console: Console) -> None:
    session = cluster.session
    console.print(f"Airflow {session.address}, MLflow {cluster.layout.mlflow_address}", highlight=False)
    console.print(
        f"user {home.USER}, password {session.password}; logs {cluster.layout.logs}", soft_wrap=True
    )


def _wait(cluster: Platform) -> None:
    while True:
        cluster.session.processes.check()
        time.sleep(1)


if __name__ == "__main__":
    sys.exit(main())
