"""Cutting a plan into ranges, and showing it."""

import datetime as dt
import io

import pytest
from rich.console import Console

from infra.embedded.plan import PlannedDay, ranges, show_plan


def _plan(states: str) -> list[PlannedDay]:
    names = {"m": "missing", "s": "stale", "d": "done"}
    first = dt.date(2026, 2, 27)
    return [PlannedDay(first + dt.timedelta(days=n), names[c], f"why {n}") for n, c in enumerate(states)]


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ("", []),
        ("ddd", []),
        ("mmm", [("2026-02-27", "2026-03-01")]),
        ("msd", [("2026-02-27", "2026-02-28")]),
        ("dsdm", [("2026-02-28", "2026-02-28"), ("2026-03-02", "2026-03-02")]),
        ("mdms", [("2026-02-27", "2026-02-27"), ("2026-03-01", "2026-03-02")]),
    ],
)
def test_ranges_join_neighbours_and_leave_out_what_is_done(
    states: str, expected: list[tuple[str, str]]
) -> None:
    assert [(str(first), str(last)) for first, last in ranges(_plan(states))] == expected


def test_the_plan_is_shown_per_date() -> None:
    console = Console(file=io.StringIO(), width=100)
    show_plan(_plan("md"), console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    lines = [line.split("│")[1:-1] for line in text.splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in line] for line in lines] == [
        ["2026-02-27", "missing", "run", "why 0"],
        ["2026-02-28", "done", "nothing", "why 1"],
    ]
    assert text.splitlines()[-1] == "1 of 2 dates to run"


def test_nothing_to_do_is_said() -> None:
    console = Console(file=io.StringIO(), width=100)
    show_plan(_plan("dd"), console)
    assert console.file.getvalue().splitlines()[-1] == (  # type: ignore[attr-defined]
        "nothing to do: every date is up to date"
    )
