"""What a stage read, wrote and rejected, for the ledger."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

LOUD = ("LOST ", "UNREAD ")
"""Prefix of a note's lines about lost rows, pictures or values."""

NEWS = "news"
"""Counter of an outcome whose note somebody should be told of: how many things happened."""


def losses(note: str) -> list[str]:
    """The lines of a note that people must not miss: what was lost, and the fix."""
    return [line for line in note.splitlines() if line.startswith(LOUD)]


LOST_ROWS = re.compile(
    r"LOST (?P<lost>[\d,]+) of (?P<all>[\d,]+) (?P<things>[^(]+) \([\d.]+%\)(?P<rest>.*)", re.DOTALL
)
UNREAD_VALUES = re.compile(
    r"(?P<column>UNREAD \S+) of (?P<lost>[\d,]+) rows "
    r"\([\d.]+%, (?P<reason>\w+)(?P<example>.*?)\): (?P<rest>.*)",
    re.DOTALL,
)
NUMBERS, OF_ONE_DATE = ("lost", "all"), ("lost", "all", "example")


def summed_losses(found: Iterable[tuple[str, str]]) -> list[str]:
    """One line per kind of loss, however many dates a run loaded: ``DATE: LOST …``.

    Losses of several dates that differ only in their numbers (and their example) are added up; the line
    begins with the first date, the last one and the number of dates.

    Args:
        found: date and loss, dates ascending.
    """
    kinds: dict[tuple[str, ...], list[tuple[str, dict[str, str]]]] = {}
    for date, loss in found:
        parts = _parts(loss)
        kind = tuple(text for name, text in parts.items() if name not in OF_ONE_DATE)
        kinds.setdefault(kind, []).append((date, parts | {"loss": loss}))
    return [_summed([date for date, _ in told], [parts for _, parts in told]) for told in kinds.values()]


def _parts(loss: str) -> dict[str, str]:
    """The parts of a loss line, by name; all of it as ``rest`` if it has a different form."""
    match = LOST_ROWS.fullmatch(loss) or UNREAD_VALUES.fullmatch(loss)
    return {"rest": loss} if match is None else match.groupdict()


def _summed(dates: list[str], told: list[dict[str, str]]) -> str:
    """``told``: losses of one kind, one per date."""
    first = told[0]
    if len(dates) == 1:
        return f"{dates[0]}: {first['loss']}"
    when = f"{dates[0]} to {dates[-1]}, {len(dates)} dates"
    sums = {n: sum(int(parts[n].replace(",", "")) for parts in told) for n in NUMBERS if n in first}
    if "all" in sums:
        lost, total = sums["lost"], sums["all"]
        of = f"{lost:,} of {total:,} {first['things']} ({lost / total:.1%})"
        return f"{when}: LOST {of}{first['rest']}"
    if "lost" in sums:
        why = f"{first['reason']}{first['example']}"
        return f"{when}: {first['column']} of {sums['lost']:,} rows ({why}): {first['rest']}"
    return f"{when}: {first['loss']}"


@dataclass(frozen=True)
class Pin:
    """A table at one Delta version: everything read through it is reproducible."""

    table: str
    version: int


@dataclass(frozen=True)
class Standing:
    """A table as it is now: its id, which a copy keeps and a rebuilt table does not, and its version."""

    table_id: str
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
        changed: False if the partition already held exactly this content (no commit was made).
        table_id: of the Delta table, which a rebuilt one does not share; empty where nobody looked.
    """

    table: str
    partition: str
    version: int
    rows: int
    bytes: int
    digest: str
    changed: bool
    table_id: str = ""


@dataclass(frozen=True)
class Outcome:
    """The numbers of one job for one date. ``note`` has one line per message; see :func:`losses`.

    Attributes:
        inputs: digests of the inputs, taken before they were read, so that the next run notices changes made
            meanwhile. None leaves them to the stage, which knows only those of the run date.
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
