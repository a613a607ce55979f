"""The backfill plan: taken from ``causalrec plan``, shown, and split into ranges for Airflow."""

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from infra.embedded.errors import EmbeddedError
from infra.embedded.shop import ROOT, Shop

STYLES = {"done": "green", "missing": "yellow", "stale": "cyan"}


@dataclass(frozen=True)
class PlannedDay:
    """What a backfill will do with one date, and why."""

    ds: dt.date
    state: str
    why: str

    @property
    def due(self) -> bool:
        """Whether the date has to run."""
        return self.state != "done"


def make_plan(shop: Shop, first: dt.date, last: dt.date, *, pages: bool = False) -> list[PlannedDay]:
    """State of every date in the range, from the ledger; with ``pages`` a missing page counts too."""
    done = subprocess.run(  # noqa: S603  fixed command
        [
            sys.executable, "-m", "jobs.cli", "plan", "--from", str(first), "--to", str(last), "--json",
            *(["--pages"] if pages else []),
        ],
        env=shop.environment(), cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        what = (done.stdout + done.stderr).strip().splitlines() or ["no output"]
        raise EmbeddedError(f"the plan cannot be made: {what[-1]}", do="run `causalrec plan` to see why")
    return [
        PlannedDay(dt.date.fromisoformat(day["ds"]), day["state"], day["why"])
        for day in json.loads(done.stdout)
    ]


def ranges(plan: Sequence[PlannedDay]) -> list[tuple[dt.date, dt.date]]:
    """Runs of neighbouring due dates, as (first, last)."""
    found: list[tuple[dt.date, dt.date]] = []
    for day in plan:
        if not day.due:
            continue
        if found and day.ds - found[-1][1] == dt.timedelta(days=1):
            found[-1] = (found[-1][0], day.ds)
        else:
            found.append((day.ds, day.ds))
    return found


def show_plan(plan: Sequence[PlannedDay], console: Console) -> None:
    """One line per date, then the totals."""
    table = Table(title="backfill plan", title_justify="left")
    for column in ("ds", "state", "will", "why"):
        table.add_column(column)
    for day in plan:
        table.add_row(
            str(day.ds), day.state, "run" if day.due else "nothing", day.why, style=STYLES.get(day.state, "")
        )
    console.print(table)
    due = sum(day.due for day in plan)
    console.print(f"{due} of {len(plan)} dates to run" if due else "nothing to do: every date is up to date")
