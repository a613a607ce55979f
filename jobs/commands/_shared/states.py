"""The state of every job on one date: done, stale, missing, failed or not needed, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from causalrec.lake import LedgerRow
from causalrec.lake.record.ledger import DONE, LOST
from causalrec.pipeline import upstream
from causalrec.run import Run
from jobs._stage.runner import Job
from jobs.commands._shared.plans import why_stale


@dataclass(frozen=True)
class JobState:
    """One job on one date.

    Attributes:
        state: ``done``, ``stale``, ``missing``, ``failed`` or ``not needed``.
        why: empty if the job is done.
        row: its newest success, whose results exist; None if there is none.
    """

    job: str
    state: str
    why: str
    row: LedgerRow | None


def states(
    context: Run, jobs: Sequence[Job], rows: Sequence[LedgerRow], optional: Sequence[str] = ()
) -> list[JobState]:
    """The state of every job on the date of ``context``, in order; without Spark, writing nothing.

    Args:
        context: the shop and the date.
        jobs: in the order of the pipeline.
        rows: the ledger's rows of that date, oldest first.
        optional: further jobs, shown only if they ran.
    """
    found: dict[str, JobState] = {}
    for job in jobs:
        own = [row for row in rows if row.job == job.name]
        found[job.name] = _with_upstream(_own_state(context, job, own), found)
    for name in optional:
        own = [row for row in rows if row.job == name]
        if own:
            found[name] = JobState(name, own[-1].status.replace("success", "done"), "", own[-1])
    return list(found.values())


def _own_state(context: Run, job: Job, rows: Sequence[LedgerRow]) -> JobState:
    done = [row for row in rows if row.status in DONE]
    row = done[-1] if done else None
    failed = rows[-1] if rows and rows[-1].status == "failed" else None
    if failed is not None:
        return JobState(job.name, "failed", f"{failed.finished_at:%Y-%m-%d %H:%M} {failed.note}", row)
    if rows and rows[-1].status == LOST:
        return JobState(job.name, "stale", f"{', '.join(sorted(rows[-1].lost))} lost what it wrote", row)
    if row is None:
        return JobState(job.name, "missing", "never ran", None)
    reason = why_stale(context, job, row, context.ds)
    return JobState(job.name, "stale" if reason else "done", reason or "", row)


def _with_upstream(own: JobState, found: Mapping[str, JobState]) -> JobState:
    """A result whose inputs are about to change is stale too, even before they change."""
    if own.state != "done":
        return own
    behind = [name for name in upstream(own.job, list(found)) if found[name].state != "done"]
    if not behind:
        return own
    return JobState(
        own.job, "stale", "; ".join(f"after {name}, which is {found[name].state}" for name in behind), own.row
    )
