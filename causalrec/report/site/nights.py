"""One line per date: what was delivered, what ran, what was published."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from causalrec.lake import Lake, LedgerRow
from causalrec.lake.outcome import losses
from causalrec.lake.record.ledger import DONE
from causalrec.scoring.export.night import PUBLISHED


@dataclass(frozen=True)
class NightLine:
    """What the ledger and the published table say of one date.

    Attributes:
        jobs: stages that are done.
        failed: stages whose newest run failed.
        published: rows of the published lists; 0 where none were.
        lost: sentences on lost rows and pictures.
        cpu_seconds: of the newest run of every stage.
    """

    ds: dt.date
    jobs: int
    failed: tuple[str, ...]
    published: int
    rejected: int
    lost: tuple[str, ...]
    cpu_seconds: float


def night_lines(lake: Lake, rows: Sequence[LedgerRow]) -> list[NightLine]:
    """Every date in the ledger, newest first.

    Args:
        rows: of the ledger, oldest first.
    """
    published = _published_rows(lake)
    newest: dict[dt.date, dict[str, LedgerRow]] = {}
    for row in rows:
        newest.setdefault(row.ds, {})[row.job] = row
    return [_line(ds, newest[ds], published.get(ds.isoformat(), 0)) for ds in sorted(newest, reverse=True)]


def _published_rows(lake: Lake) -> dict[str, int]:
    """Date -> rows of its published lists."""
    snapshot = lake.table(PUBLISHED).snapshot()
    found: dict[str, int] = {}
    for file in snapshot.files if snapshot is not None else ():
        found[file.partition["ds"]] = found.get(file.partition["ds"], 0) + file.rows
    return found


def _line(ds: dt.date, runs: dict[str, LedgerRow], published: int) -> NightLine:
    return NightLine(
        ds,
        jobs=sum(row.status in DONE for row in runs.values()),
        failed=tuple(sorted(job for job, row in runs.items() if row.status not in DONE)),
        published=published,
        rejected=sum(row.rows_rejected for row in runs.values()),
        lost=tuple(loss for row in runs.values() for loss in losses(row.note)),
        cpu_seconds=sum(row.cpu_seconds for row in runs.values()),
    )
