"""Progress on a terminal: lines, bars, and the task counts of Spark's running stages."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from causalrec.config import Settings
from causalrec.lake import Lake, Ledger
from causalrec.run import Run, Spark, Steps

if TYPE_CHECKING:
    from pyspark import StatusTracker
    from pyspark.sql import SparkSession

Result = TypeVar("Result")
Work = Callable[[Settings, Lake, Ledger, Spark, dt.date], Result]

POLL_SECONDS = 0.5
COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())


@dataclass(frozen=True)
class Terminal:
    """Shows progress on a console; implements :class:`causalrec.run.Reporter`."""

    console: Console = field(default_factory=Console)

    def say(self, what: object) -> None:
        """Prints a line verbatim, or draws a table."""
        line = isinstance(what, str)  # a line is not markup; a table escapes its own cells
        self.console.print(what, highlight=False, markup=not line, soft_wrap=line)

    @contextmanager
    def steps(self, label: str) -> Iterator[Steps]:
        """A bar of counted steps."""
        with Progress(*COLUMNS, console=self.console, transient=True) as bar:
            task = bar.add_task(label, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)

    @contextmanager
    def tasks(self, label: str, spark: Spark) -> Iterator[Spark]:
        """A bar of the tasks of the running stage, polled from Spark's status tracker."""
        done = threading.Event()
        pollers: list[threading.Thread] = []
        with Progress(*COLUMNS, console=self.console, transient=True) as bar:

            def started() -> "SparkSession":
                session = spark()
                if not pollers:
                    arguments = (bar, label, session.sparkContext.statusTracker(), done)
                    pollers.append(threading.Thread(target=_poll, args=arguments, daemon=True))
                    pollers[0].start()
                return session

            try:
                yield started
            finally:
                done.set()
                for poller in pollers:
                    poller.join()


def in_spark(run: Run, label: str, work: Work[Result]) -> Result:
    """Runs ``work`` with the run's settings, lake and Spark, and shows Spark's progress."""
    with run.progress.tasks(label, run.spark) as spark:
        return work(run.settings, run.lake, run.ledger, spark, run.ds)


def _poll(bar: Progress, label: str, tracker: "StatusTracker", done: threading.Event) -> None:
    """Each stage restarts the bar, so that it always shows what is running."""
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
