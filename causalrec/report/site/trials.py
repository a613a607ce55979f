"""The newest verdicts of every experiment that the shop has run."""

from dataclasses import dataclass
from typing import Any

from causalrec.experiment.words import TABLE
from causalrec.lake import Lake
from causalrec.report.site.rows import by_night


@dataclass(frozen=True)
class Trial:
    """One experiment: its nights, and the rows of the newest one."""

    name: str
    first: str
    last: str
    nights: int
    rows: tuple[dict[str, Any], ...]


def trials(lake: Lake) -> list[Trial]:
    """Every experiment, the newest first."""
    table = lake.table(TABLE)
    rows = table.read().to_pylist() if table.exists() else []
    every = [
        Trial(name, min(nights), max(nights), len(nights), tuple(sorted(nights[max(nights)], key=_order)))
        for name, nights in by_night(rows, "experiment").items()
    ]
    return sorted(every, key=lambda one: (one.last, one.name), reverse=True)


def _order(row: dict[str, Any]) -> tuple[bool, str, str]:
    return not row["decides"], row["metric"], row["arm"]
