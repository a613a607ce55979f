"""The result of exporting one table to one store."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

RowsDone = Callable[[str, int], None]
"""Called with a description and the number of rows done since the last call."""
Progress = RowsDone
"""The name that plug-ins written for 0.3 import."""

State = Literal["written", "up to date", "switched back"]


@dataclass(frozen=True)
class Exported:
    """One table in one store, counted there after the export.

    Attributes:
        target: ``parquet``, ``postgres``, ``redis`` or ``qdrant``.
        rows, lists: rows, and distinct users, items or categories, as the store itself counts them.
        where: where readers find it; never with credentials.
        state: whether data was written, or the store already had this night.
    """

    target: str
    table: str
    rows: int
    lists: int
    where: str
    state: State
    seconds: float


def silent(label: str, rows: int) -> None:
    """Shows nothing."""
