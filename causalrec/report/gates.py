"""What the gate expected of the night's deliveries, what it found, and the results of earlier nights.

Read from the reports that ingest writes next to Great Expectations' own pages.
"""

import datetime as dt
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from causalrec.config import Settings
from causalrec.store import Location

GATE_NIGHTS = 14  # earlier nights whose gate results are shown with tonight's

Status = Literal["pass", "warn", "fail"]


@dataclass(frozen=True)
class GateLine:
    """One expectation of one table.

    Attributes:
        found: the measure of the newest delivery in words; a dash if there is nothing to compare with.
        allowed: the range in words.
        nights: (run date, status) of the newest nights up to this one, oldest first.
    """

    table: str
    name: str
    description: str
    found: str
    allowed: str
    status: Status
    nights: tuple[tuple[str, Status], ...]


def gate_lines(settings: Settings, ds: dt.date) -> tuple[GateLine, ...]:
    """Lines of every table that passed through the gate on ``ds``, by table and in contract order."""
    return tuple(line for table in checked_tables(settings) for line in _lines(settings, table, ds))


def checked_tables(settings: Settings) -> list[str]:
    """Tables that ever passed through the gate."""
    return _quality(settings).listing(folders=True)


def checked_days(settings: Settings, table: str) -> list[str]:
    """Dates on which a table passed through the gate, ascending."""
    names = _quality(settings).listing(table)
    return [name.removesuffix(".json") for name in names if name.endswith(".json")]


def _quality(settings: Settings) -> Location:
    return settings.report_store.child("quality")


def _lines(settings: Settings, table: str, ds: dt.date) -> Iterator[GateLine]:
    days = [day for day in checked_days(settings, table) if day <= ds.isoformat()][-GATE_NIGHTS:]
    if ds.isoformat() not in days:
        return
    quality = _quality(settings)
    reports = {day: json.loads(quality.read(f"{table}/{day}.json") or "{}") for day in days}
    states = {day: {_name(entry): _status(entry) for entry in _entries(reports[day])} for day in days}
    today = reports[ds.isoformat()]
    newest = max(today["measures"], key=lambda measured: str(measured["arrival_date"]))
    for entry in _entries(today):
        config = entry["expectation_config"]
        yield GateLine(
            table,
            _name(entry),
            config["meta"]["description"],
            _number(newest.get(config["kwargs"].get("column"))),
            _allowed(config["kwargs"]),
            _status(entry),
            tuple((day, states[day][_name(entry)]) for day in days if _name(entry) in states[day]),
        )


def _entries(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = report["validation"].get("results", [])
    return found


def _name(entry: Mapping[str, Any]) -> str:
    return str(entry["expectation_config"]["meta"]["name"])


def _status(entry: Mapping[str, Any]) -> Status:
    if entry["success"]:
        return "pass"
    return "fail" if entry["expectation_config"]["severity"] == "critical" else "warn"


def _number(value: object) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.4g}" if isinstance(value, float) and math.isfinite(value) else "-"


def _allowed(limits: Mapping[str, Any]) -> str:
    low, high = limits.get("min_value"), limits.get("max_value")
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    return f"at least {low:g}" if low is not None else f"at most {high:g}" if high is not None else ""
