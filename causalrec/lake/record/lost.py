"""Which recorded writes a table no longer has: its log was cut, or it was replaced by another table.

A table whose newest log entries are deleted reads as if they had never been committed. The ledger knows
better: it says which run brought a partition to its content, in which version of which table.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from causalrec.lake.outcome import Standing


class Recorded(Protocol):
    """What a row of the ledger says of one run and date."""

    @property
    def job(self) -> str:
        """Stage."""

    @property
    def started_at(self) -> dt.datetime:
        """When the run began; all its rows share it."""

    @property
    def writes(self) -> Sequence[Mapping[str, Any]]:
        """One mapping per partition, with the fields of :class:`causalrec.lake.outcome.Written`."""


@dataclass(frozen=True)
class Claim:
    """The write that a partition has its content from, by place in the ledger.

    Attributes:
        rows: places of the ledger rows that found or made this content, one after the other.
        run: what all rows of one run share.
        version: that brought the content, or already had it where ``changed`` is False.
    """

    rows: tuple[int, ...]
    run: tuple[object, ...]
    table_id: str
    version: int
    digest: str
    changed: bool


def lost_writes(
    rows: Mapping[int, Recorded], standing: Mapping[str, Standing | None]
) -> dict[int, dict[str, int]]:
    """Place of a row -> table -> version, of the newest writes of partitions that their tables do not have.

    Lost is what was committed to another table of the name, in a version after the present one, or in a
    version that a later run committed once more. Rows of releases that did not record the id say nothing.

    Args:
        rows: successes by place, oldest first.
        standing: per table how it stands; None where there is none. Others are left out.
    """
    claims: dict[tuple[str, str], Claim] = {}
    owners: dict[tuple[str, int], tuple[object, ...]] = {}
    for index, row, written in _writes(rows):
        run = (row.job, row.started_at)
        claim = Claim(
            (index,), run, written["table_id"], written["version"], written["digest"], written["changed"]
        )
        place = (written["table"], written["partition"])
        before = claims.get(place)
        if claim.changed:
            owners[claim.table_id, claim.version] = run
        elif before is not None and (before.table_id, before.digest) == (claim.table_id, claim.digest):
            claim = replace(before, rows=(*before.rows, index))  # it has its content from that write still
        claims[place] = claim
    lost: dict[int, dict[str, int]] = {}
    for (table, _), claim in claims.items():
        if table in standing and _is_lost(claim, standing[table], owners):
            for index in claim.rows:
                found = lost.setdefault(index, {})
                found[table] = max(claim.version, found.get(table, 0))
    return lost


def _writes(rows: Mapping[int, Recorded]) -> Iterator[tuple[int, Recorded, Mapping[str, Any]]]:
    for index, row in rows.items():
        for written in row.writes:
            if written.get("table_id"):
                yield index, row, written


def _is_lost(
    claim: Claim, now: Standing | None, owners: Mapping[tuple[str, int], tuple[object, ...]]
) -> bool:
    if now is None or now.table_id != claim.table_id or now.version < claim.version:
        return True
    return claim.changed and owners[claim.table_id, claim.version] != claim.run


def tables_of(rows: Iterable[Recorded]) -> list[str]:
    """Names of the tables whose standing :func:`lost_writes` wants to know."""
    return sorted({w["table"] for row in rows for w in row.writes if w.get("table_id")})
