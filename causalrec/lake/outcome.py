"""What a job says it read, wrote and rejected; the ledger keeps it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

LOUD = ("LOST ", "UNREAD ")
"""How a line of a note begins that tells of lost rows, pictures or values."""


def losses(note: str) -> list[str]:
    """The lines of a note that people must not miss: what was lost, and what cures it."""
    return [line for line in note.splitlines() if line.startswith(LOUD)]


LOST_ROWS = re.compile(r"(LOST) ([\d,]+) of ([\d,]+) ([^(]+) \([\d.]+%\)(.*)", re.DOTALL)
"""Word, lost, all, things, and the rest."""
UNREAD_VALUES = re.compile(r"(UNREAD \S+) of ([\d,]+) rows \([\d.]+%, (\w+)(.*?)\): (.*)", re.DOTALL)
"""Word and column, values, reason, an example, and the rest."""


def summed_losses(found: Iterable[tuple[str, str]]) -> list[str]:
    """One line per kind of loss, however many dates a run loaded: ``DATE: LOST …``.

    Losses of several dates that differ only in their numbers (and their example) are added up, and begin with
    the first date, the last one and how many there are.

    Args:
        found: date and loss, dates ascending.
    """
    kinds: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for date, loss in found:
        kinds.setdefault(_kind(loss), []).append((date, loss))
    return [_summed([date for date, _ in told], [loss for _, loss in told]) for told in kinds.values()]


def _kind(loss: str) -> tuple[str, ...]:
    if parts := LOST_ROWS.fullmatch(loss):
        return parts.group(1, 4, 5)
    if parts := UNREAD_VALUES.fullmatch(loss):
        return parts.group(1, 3, 5)
    return (loss,)


def _summed(dates: list[str], told: list[str]) -> str:
    """``told``: losses of one kind, one per date."""
    if len(dates) == 1:
        return f"{dates[0]}: {told[0]}"
    when = f"{dates[0]} to {dates[-1]}, {len(dates)} dates"
    if parts := LOST_ROWS.fullmatch(told[0]):
        lost, total = (sum(_count(LOST_ROWS, loss, group) for loss in told) for group in (2, 3))
        word, _, _, things, rest = parts.groups()
        return f"{when}: {word} {lost:,} of {total:,} {things} ({lost / total:.1%}){rest}"
    if parts := UNREAD_VALUES.fullmatch(told[0]):
        word, _, reason, example, rest = parts.groups()
        values = sum(_count(UNREAD_VALUES, loss, 2) for loss in told)
        return f"{when}: {word} of {values:,} rows ({reason}{example}): {rest}"
    return f"{when}: {told[0]}"


def _count(pattern: re.Pattern[str], loss: str, group: int) -> int:
    parts = pattern.fullmatch(loss)
    return 0 if parts is None else int(parts.group(group).replace(",", ""))


@dataclass(frozen=True)
class Pin:
    """A table at one Delta version: everything read through it is reproducible."""

    table: str
    version: int


@dataclass(frozen=True)
class Written:
    """One partition after a write.

    Attributes:
        table: table name.
        partition: rendered as ``key=value/key=value``; empty for an unpartitioned table.
        version: Delta version that holds the content.
        rows: rows of the partition.
        bytes: bytes of its files.
        digest: order-independent content hash of its rows.
        changed: False where the partition held this very content already (no commit was made).
    """

    table: str
    partition: str
    version: int
    rows: int
    bytes: int
    digest: str
    changed: bool


@dataclass(frozen=True)
class Outcome:
    """The numbers of one job for one date. ``note`` has one line per thing to say; see :func:`losses`.

    Attributes:
        inputs: digests of what was read, taken before it was read: what changes meanwhile is seen by the next
            run. None leaves them to the stage, which knows those of the run date only.
    """

    rows_in: int = 0
    rows_out: int = 0
    rejects: Mapping[str, int] = field(default_factory=dict)
    reads: tuple[Pin, ...] = ()
    writes: tuple[Written, ...] = ()
    counters: Mapping[str, float] = field(default_factory=dict)
    note: str = ""
    inputs: Mapping[str, str] | None = None

    @property
    def rows_rejected(self) -> int:
        """Rejected rows over all reason codes."""
        return sum(self.rejects.values())
