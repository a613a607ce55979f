"""One line of the monitoring table."""

from dataclasses import dataclass
from typing import Literal

from causalrec.metrics.ranking import Score

Status = Literal["pass", "warn", "fail", "unknown"]


@dataclass(frozen=True)
class Line:
    """A live value and its promised value. Fields are the table's columns."""

    measure: str
    slice: str
    status: Status
    value: float | None
    low: float | None
    high: float | None
    promised: float | None
    threshold: float | None
    detail: str


@dataclass(frozen=True)
class Served:
    """The champion: its version, the date of its data, its items, and scores in the night's numbering."""

    version: str
    model: str
    trained_on: str
    item_ids: frozenset[str]
    score: Score


def unknown(measure: str, part: str, why: str) -> Line:
    """Too little to tell."""
    return Line(measure, part, "unknown", None, None, None, None, None, why)
