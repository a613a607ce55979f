"""What a backfill would do with each date, and why.

Each date has one of three states, found without Spark and without writing anything: ``missing`` (a job has
never succeeded for it), ``stale`` (all succeeded, but an input of a result has changed) and ``done``.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from causalrec.errors import CausalrecError
from causalrec.lake import LedgerRow
from causalrec.run import Run
from jobs._stage.runner import Job, fingerprint, inputs_of, what_is_gone

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
