"""What a backfill would do: ``python -m jobs.plan --from YYYY-MM-DD --to YYYY-MM-DD``.

Each date has one of three states, found without Spark and without writing anything: ``missing`` (a job has
never succeeded for it), ``stale`` (all succeeded, but an input of a result has changed) and ``done``.
"""

import argparse
import datetime as dt
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from rich.console import Console

from causalrec.disk import disk_faults_named
from causalrec.errors import CausalrecError
from causalrec.lake import LedgerRow
from causalrec.pipeline import LEFT_BEHIND, NIGHTLY
from causalrec.run import Run, open_run
from jobs._stage.load import load_job
from jobs._stage.runner import EXIT_ERROR, Job, fingerprint, inputs_of, loaded, what_is_gone
from jobs._terminal.tables import Table

SHOWN_REASONS = 3


@dataclass(frozen=True)
class DayPlan:
    """State of one date and the reasons, in the order of the pipeline."""

    ds: str
    state: str
    why: str


def plan_days(context: Run, jobs: Sequence[Job], first: dt.date, last: dt.date) -> list[DayPlan]:
    """Plans every date from ``first`` to ``last``, both included."""
    known = {job.name: context.ledger.successes(job.name) for job in jobs}
    days = (first + dt.timedelta(days=n) for n in range((last - first).days + 1))
    return [_plan_day(context, jobs, known, ds) for ds in days]


def _plan_day(
    context: Run, jobs: Sequence[Job], known: Mapping[str, Mapping[dt.date, LedgerRow]], ds: dt.date
) -> DayPlan:
    missing = [job.name for job in jobs if ds not in known[job.name]]
    if missing:
        never = len(missing) == len(jobs)
        return DayPlan(ds.isoformat(), "missing", "never ran" if never else f"no result of {_some(missing)}")
    reasons = [reason for job in jobs if (reason := why_stale(context, job, known[job.name][ds], ds))]
    return DayPlan(ds.isoformat(), "stale" if reasons else "done", _some(reasons))


def why_stale(context: Run, job: Job, row: LedgerRow, ds: dt.date) -> str | None:
    """Why the recorded result of ``job`` is no longer the one it would make; None if it still is."""
    at_date = context.at(ds)
    try:
        inputs = inputs_of(job, at_date)
    except CausalrecError as error:
        return f"{job.name}: {error.what}"
    if fingerprint(job.name, inputs) == row.fingerprint:
        lost = what_is_gone(job, at_date)
        return None if lost is None else f"{job.name}: {lost}"
    names = sorted(
        name for name in inputs.keys() | row.inputs.keys() if inputs.get(name) != row.inputs.get(name)
    )
    return f"{job.name}: {_some(names)} changed"


def _some(parts: Sequence[str]) -> str:
    more = len(parts) - SHOWN_REASONS
    return ", ".join(parts[:SHOWN_REASONS]) + (f" and {more} more" if more > 0 else "")


def main(argv: list[str] | None = None) -> int:
    """Prints the plan as a table or, with ``--json``, as a list of dates."""
    console = Console()
    arguments = _parser().parse_args(argv)
    try:
        with disk_faults_named():
            context = open_run(loaded(arguments), arguments.first)
            names = LEFT_BEHIND if arguments.pages else NIGHTLY
            days = plan_days(context, [load_job(name) for name in names], arguments.first, arguments.last)
    except CausalrecError as error:
        console.print(f"plan: {error}", style="bold red", highlight=False, markup=False, soft_wrap=True)
        return EXIT_ERROR
    if arguments.json:
        sys.stdout.write(json.dumps([asdict(day) for day in days]) + "\n")
    else:
        console.print(_table(days))
    return 0


def _table(days: Sequence[DayPlan]) -> Table:
    table = Table(title="plan")
    for column in ("ds", "state", "why"):
        table.add_column(column)
    for day in days:
        table.add_row(day.ds, day.state, day.why)
    return table


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m jobs.plan")
    parser.add_argument("--from", dest="first", type=dt.date.fromisoformat, required=True)
    parser.add_argument("--to", dest="last", type=dt.date.fromisoformat, required=True)
    parser.add_argument("--settings", help="TOML file (or CAUSALREC_SETTINGS)")
    parser.add_argument("--pages", action="store_true", help="a missing or stale page counts too")
    parser.add_argument("--json", action="store_true", help="for programs")
    return parser


if __name__ == "__main__":
    sys.exit(main())
