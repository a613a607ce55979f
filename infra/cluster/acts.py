"""What is done on a cluster: a night, a backfill of two days, a training with an approval."""

import datetime as dt
from collections.abc import Sequence

from rich.console import Console

from infra.cluster.faults import Fault, lost_scheduler, lost_worker
from infra.cluster.platform import Platform
from infra.embedded.client import DagRun, TaskRun
from infra.embedded.errors import RunFailed
from infra.embedded.watch import follow, report_failures, run_dates, unpaused

NIGHTLY, TRAINING, QUESTION = "nightly", "training", "approval"
ASKED = "awaiting_input"
REASON = "better on a cluster"


def night(platform: Platform, ds: dt.date, console: Console) -> Fault:
    """One date by the scheduler; a worker of Spark is lost meanwhile."""
    fault = lost_worker(platform, frozenset({"embed_images", "embed_texts", "build_dataset"}), console)
    runs = run_dates(platform.session, NIGHTLY, ds, ds, console, fault)
    _green(platform, NIGHTLY, runs, console)
    return fault


def backfill(platform: Platform, first: dt.date, last: dt.date, console: Console) -> Fault:
    """A range of dates as Airflow's own backfill; the scheduler is lost meanwhile."""
    fault = lost_scheduler(platform, frozenset({"build_dataset", "score"}), console)
    runs = run_dates(platform.session, NIGHTLY, first, last, console, fault)
    _green(platform, NIGHTLY, runs, console)
    return fault


def training(platform: Platform, ds: dt.date, console: Console) -> None:
    """A training on ``ds``, approved over the API."""
    client = platform.session.client
    answered: list[str] = []

    def approve(run: DagRun, tasks: Sequence[TaskRun]) -> None:
        if not answered and any((task.task, task.state) == (QUESTION, ASKED) for task in tasks):
            client.answer(TRAINING, run.run_id, QUESTION, "Approve", reason=REASON)
            answered.append(run.run_id)
            console.print("approved over the API", style="bold", highlight=False)

    with unpaused(client, TRAINING):
        started = client.trigger(TRAINING, ds)
        look = lambda: [client.run(TRAINING, started.run_id, ds)]  # noqa: E731
        runs = follow(platform.session, TRAINING, look, console, approve)
    _green(platform, TRAINING, runs, console)
    if not answered:
        raise RunFailed("the training asked nobody for an approval", do="read its log in Airflow's folder")


def _green(platform: Platform, dag: str, runs: Sequence[DagRun], console: Console) -> None:
    if failed := [run for run in runs if run.state == "failed"]:
        report_failures(platform.session, dag, failed, console)
        raise RunFailed(
            f"{dag} failed: {', '.join(str(run.ds) for run in failed)}",
            do=f"read the log above, and those in {platform.layout.folder}",
        )
