"""A bar for long Spark work: the task counts of the running stages, polled from Spark's status tracker."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from causalrec.config import Settings
from causalrec.lake import Lake, Ledger
from jobs._runner import JobContext

if TYPE_CHECKING:
    from pyspark import StatusTracker
    from pyspark.sql import SparkSession

Result = TypeVar("Result")
Work = Callable[[Settings, Lake, Ledger, "Callable[[], SparkSession]", dt.date], Result]

POLL_SECONDS = 0.5


def with_progress(context: JobContext, label: str, work: Work[Result]) -> Result:
    """Run ``work``; from the moment it asks for Spark, show how many of the stage's tasks are done."""
    with _bar(context, label) as spark:
        return work(context.settings, context.lake, context.ledger, spark, context.ds)


@contextmanager
def _bar(context: JobContext, label: str) -> "Iterator[Callable[[], SparkSession]]":
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    done = threading.Event()
    pollers: list[threading.Thread] = []
    with Progress(*columns, console=context.console, transient=True) as bar:

        def spark() -> "SparkSession":
            session = context.spark()
            if not pollers:
                arguments = (bar, label, session.sparkContext.statusTracker(), done)
                pollers.append(threading.Thread(target=_poll, args=arguments, daemon=True))
                pollers[0].start()
            return session

        try:
            yield spark
        finally:
            done.set()
            for poller in pollers:
                poller.join()


def _poll(bar: Progress, label: str, tracker: "StatusTracker", done: threading.Event) -> None:
    """Each stage restarts the bar, so that it always shows what is running now."""
    task, stage = bar.add_task(label, total=None), -1
    while not done.wait(POLL_SECONDS):
        running = sorted(tracker.getActiveStageIds())
        found = tracker.getStageInfo(running[-1]) if running else None
        if found is None:
            continue
        if found.stageId != stage:
            stage = found.stageId
            bar.reset(task, total=found.numTasks, description=f"{label} (stage {stage})")
        bar.update(task, completed=found.numCompletedTasks)
