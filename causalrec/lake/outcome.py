"""What a job says it read, wrote and rejected; the ledger keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

LOUD = ("LOST ", "UNREAD ")
"""How a line of a note begins that tells of lost rows, pictures or values."""


def losses(note: str) -> list[str]:
    """The lines of a note that people must not miss: what was lost, and what cures it."""
    return [line for line in note.splitlines() if line.startswith(LOUD)]


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
