"""The ledger: one row per job run and date, in a Delta table like any other."""

import datetime as dt
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pyarrow as pa
from deltalake.exceptions import DeltaError

from causalrec.errors import ConflictError, LakeError
from causalrec.lake import clock
from causalrec.lake.commit import COMMIT_TRIES, pause
from causalrec.lake.outcome import Outcome, Standing
from causalrec.lake.record.lost import lost_writes, tables_of

if TYPE_CHECKING:
    from causalrec.lake.lake import Lake

TABLE = "ledger"
DONE = ("success", "unchanged")
LOST = "lost"
"""Status of a success whose table has lost what it wrote: for all who ask, it is to be done again."""
LATE = "late."
"""Counters of ingest jobs: ``late.2026-03-01`` rows of that date arrived with this delivery."""
_JSON = ("rejects", "reads", "writes", "counters", "inputs")


@dataclass(frozen=True)
class LedgerRow:
    """What one run did for one date. Fields are the table's columns.

    ``writes`` holds one mapping per partition with the fields of :class:`Written`,
    ``reads`` one per pin; ``seconds`` is wall time. ``recorded_in`` is the version of the ledger that added
    the row, 0 before it is recorded and for rows of earlier releases. ``status`` is ``success``,
    ``unchanged`` or ``failed``. The ledger returns :data:`LOST` for a success whose tables lost it, with the
    versions that are lost by table as ``lost``; neither is stored.
    """

    run_id: str
    job: str
    ds: dt.date
    started_at: dt.datetime
    finished_at: dt.datetime
    status: str
    seconds: float
    cpu_seconds: float
    rows_in: int
    rows_out: int
    rows_rejected: int
    rejects: dict[str, int]
    reads: list[dict[str, Any]]
    writes: list[dict[str, Any]]
    counters: dict[str, float]
    bytes_written: int
    fingerprint: str
    inputs: dict[str, str]
    code_version: str
    git_revision: str | None
    note: str
    recorded_in: int = field(default=0, compare=False)
    lost: dict[str, int] = field(default_factory=dict, compare=False)


def new_row(
    *,
    job: str,
    ds: dt.date,
    started_at: dt.datetime,
    seconds: float,
    cpu_seconds: float,
    outcome: Outcome,
    failed: bool,
    fingerprint: str,
    inputs: Mapping[str, str],
    code_version: str,
    run_id: str = "",
) -> LedgerRow:
    """The row of a run that ends now; ``unchanged`` if every written partition already held this content.

    Args:
        run_id: of a run that already has an id, as 32 hexadecimal digits; empty: a new one.
    """
    unchanged = bool(outcome.writes) and not any(written.changed for written in outcome.writes)
    return LedgerRow(
        run_id=run_id or uuid4().hex,
        job=job,
        ds=ds,
        started_at=started_at,
        finished_at=clock.now(),
        status="failed" if failed else "unchanged" if unchanged else "success",
        seconds=seconds,
        cpu_seconds=cpu_seconds,
        rows_in=outcome.rows_in,
        rows_out=outcome.rows_out,
        rows_rejected=outcome.rows_rejected,
        rejects=dict(outcome.rejects),
        reads=[asdict(pin) for pin in outcome.reads],
        writes=[asdict(written) for written in outcome.writes],
        counters=dict(outcome.counters),
        bytes_written=sum(written.bytes for written in outcome.writes if written.changed),
        fingerprint=fingerprint,
        inputs=dict(inputs),
        code_version=code_version,
        git_revision=git_revision(),
        note=outcome.note,
    )


class Ledger:
    """Appends rows and answers what was done when. Concurrent appends all succeed.

    The rows of all dates are cached as long as the table stays at the same version: every run adds a small
    file, and a plan reads all of them once per stage.
    """

    def __init__(self, lake: "Lake") -> None:
        self._lake, self._table = lake, lake.table(TABLE)
        self._known: tuple[int, list[LedgerRow]] | None = None

    def record(self, rows: list[LedgerRow]) -> None:
        """Append rows in one transaction, each with the version that adds it.

        Raises:
            LakeError: other runs were faster :data:`COMMIT_TRIES` times.
        """
        tries = COMMIT_TRIES
        for turn in range(tries):
            since = self._table.created().version
            numbered = [_to_columns(replace(row, recorded_in=since + 1)) for row in rows]
            try:
                self._table.append(pa.Table.from_pylist(numbered, schema=self._table.schema), since=since)
            except ConflictError:
                pause(turn)
                continue
            return
        raise LakeError(f"{TABLE}: other runs committed first {tries} times in a row", do="run the job again")

    def rows(self, ds: dt.date | None = None, job: str | None = None) -> list[LedgerRow]:
        """All rows of a date or job (None: any), oldest first, in the order of the table's versions.

        Clocks order only rows within one version, and rows of releases that did not record versions. A
        success whose table no longer has what it wrote has the status :data:`LOST`, and a note that says so.
        """
        return [row for row in self._all() if job in (None, row.job) and ds in (None, row.ds)]

    def losses(self, tables: Collection[str]) -> list[str]:
        """What these tables have lost, and what to do: one sentence per table and job."""
        found: dict[tuple[str, str], list[dt.date]] = {}
        for row in self._all():
            for table in row.lost.keys() & set(tables):
                found.setdefault((table, row.job), []).append(row.ds)
        return [_loss(table, job, dates) for (table, job), dates in sorted(found.items())]

    def _all(self) -> list[LedgerRow]:
        """The rows of all dates, as their tables stand."""
        now = self._table.snapshot()
        if now is None:
            return []
        if self._known is None or self._known[0] != now.version:
            rows = [_from_columns(row) for row in now.read(now.select(None), None).to_pylist()]
            rows.sort(key=lambda row: (row.recorded_in, row.finished_at, row.run_id))
            self._known = (now.version, self._judged(rows))
        return self._known[1]

    def _judged(self, rows: list[LedgerRow]) -> list[LedgerRow]:
        done = {place: row for place, row in enumerate(rows) if row.status in DONE}
        lost = lost_writes(done, self._standing(tables_of(done.values())))
        return [
            replace(row, status=LOST, lost=lost[place]) if place in lost else row
            for place, row in enumerate(rows)
        ]

    def _standing(self, tables: Sequence[str]) -> dict[str, Standing | None]:
        """How these tables stand, without those whose log cannot be read: whoever reads one is told so."""
        found: dict[str, Standing | None] = {}
        for name in tables:
            with suppress(DeltaError, OSError):
                found[name] = self._lake.standing(name)
        return found

    def last_success(self, job: str, ds: dt.date) -> LedgerRow | None:
        """The newest row of a job and date that did not fail."""
        done = [row for row in self.rows(ds, job) if row.status in DONE]
        return done[-1] if done else None

    def successes(self, job: str) -> dict[dt.date, LedgerRow]:
        """Per date the newest row of the job that did not fail, in the order of dates."""
        newest = {row.ds: row for row in self.rows(job=job) if row.status in DONE}
        return dict(sorted(newest.items()))

    def partition_digests(self, table: str, upto: dt.date | None = None) -> dict[str, str]:
        """Partition -> content digest of a table, from the newest successful writes.

        Args:
            table: table name.
            upto: leave out rows of later run dates (None: take all).
        """
        digests: dict[str, str] = {}
        for row in self.rows():
            if row.status in DONE and (upto is None or row.ds <= upto):
                digests |= {w["partition"]: w["digest"] for w in row.writes if w["table"] == table}
        return dict(sorted(digests.items()))


def _loss(table: str, job: str, dates: Sequence[dt.date]) -> str:
    first, last = min(dates), max(dates)
    when = first.isoformat() if first == last else f"{first} to {last} ({len(set(dates))} dates)"
    return (
        f"{table} no longer has what {job} wrote for {when}: its log was cut, or it is another table"
        f" -> restore {table}/_delta_log from a copy, or run {job} again for "
        f"{'this date' if first == last else 'these dates'}; it counts as not done"
    )


def late_rows(rows: Iterable[LedgerRow]) -> dict[str, dict[str, int]]:
    """Event date of rows -> later date on which they arrived -> rows, both ISO and ascending.

    Args:
        rows: the newest success of an ingest job per arrival date.
    """
    found: dict[str, dict[str, int]] = {}
    for row in sorted(rows, key=lambda row: row.ds):
        for key, count in row.counters.items():
            if key.startswith(LATE):
                found.setdefault(key.removeprefix(LATE), {})[row.ds.isoformat()] = int(count)
    return dict(sorted(found.items()))


@cache
def git_revision() -> str | None:
    """Git commit of the checkout that this code runs from; None for an installed package."""
    folder = Path(__file__).parents[3] / ".git"
    try:
        head = (folder / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        loose = folder / name
        if loose.is_file():
            return loose.read_text(encoding="utf-8").strip()
        packed = (folder / "packed-refs").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((line.split()[0] for line in packed if line.endswith(f" {name}")), None)


def _to_columns(row: LedgerRow) -> dict[str, Any]:
    columns = asdict(row)
    del columns["lost"]  # follows from the tables
    return columns | {name: json.dumps(columns[name], sort_keys=True) for name in _JSON}


def _from_columns(columns: dict[str, Any]) -> LedgerRow:
    return LedgerRow(**(columns | {name: json.loads(columns[name]) for name in _JSON}))
