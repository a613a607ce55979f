"""What every stage receives: settings, tables, ledger, date, Spark on demand, and a way to show progress."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, Self, TypeAlias

from causalrec.config import Settings
from causalrec.lake import Lake, Ledger

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Spark: TypeAlias = "Callable[[], SparkSession]"
Steps = Callable[[int, int], None]
"""Receives the number of steps done and the total."""


class Reporter(Protocol):
    """Receives what a stage reports while it runs."""

    def say(self, what: object) -> None:
        """Shows a line, or anything else that the front end can draw."""

    def steps(self, label: str) -> AbstractContextManager[Steps]:
        """Shows a counter of steps for the duration of the block."""

    def tasks(self, label: str, spark: Spark) -> AbstractContextManager[Spark]:
        """Shows Spark's tasks, from the moment the session is requested."""


class Quiet:
    """Shows nothing."""

    def say(self, what: object) -> None:
        """Nothing."""

    @contextmanager
    def steps(self, label: str) -> Iterator[Steps]:
        """Counts nothing."""
        yield lambda done, total: None

    @contextmanager
    def tasks(self, label: str, spark: Spark) -> Iterator[Spark]:
        """The session as it is."""
        yield spark


@dataclass
class Run:
    """One stage on one date. As a context manager it stops the Spark session that it started.

    Attributes:
        force: run even if nothing changed.
    """

    settings: Settings
    lake: Lake
    ledger: Ledger
    ds: dt.date
    progress: Reporter = field(default_factory=Quiet)
    force: bool = False
    _stack: ExitStack = field(default_factory=ExitStack)
    _spark: "SparkSession | None" = None

    def spark(self) -> "SparkSession":
        """The run's one Spark session, started on first use."""
        if self._spark is None:
            from causalrec.lake.session import spark_session  # pyspark costs a second to import

            self._spark = self._stack.enter_context(spark_session(self.settings.spark, "causalrec"))
        return self._spark

    def at(self, ds: dt.date) -> "Run":
        """The same on another date, without its Spark session."""
        return Run(self.settings, self.lake, self.ledger, ds, self.progress)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._spark = None
        self._stack.close()


def open_lake(settings: Settings) -> Lake:
    """The lake of a shop, opened with its settings.

    Every command and every stage gets its tables from here.
    """
    return Lake(settings.lake_root, settings.lake)


def open_run(
    settings: Settings, ds: dt.date, progress: Reporter | None = None, *, force: bool = False
) -> Run:
    """The :class:`Run` of a stage on ``ds``."""
    lake = open_lake(settings)
    return Run(settings, lake, Ledger(lake), ds, progress or Quiet(), force)
