"""The row rules of the contracts for sampled rows, without Spark; a test keeps both versions in step."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from causalrec.config import Settings
from causalrec.contracts import Contract
from causalrec.contracts.absent import is_absent
from causalrec.errors import ReasonCode
from causalrec.ingest.formats.layout import day_start

EVENT_TYPES = ("impression", "view", "cart", "purchase")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def reason_of(
    row: Mapping[str, Any], table: Contract, settings: Settings, history: dt.date | None
) -> tuple[str, str] | None:
    """Reason code and what is wrong with one row; None for a good one."""
    if row["reason"]:
        return row["reason"], row["detail"]
    if row["source_arrival_date"] not in (None, row["arrival_date"]):
        return ReasonCode.WRONG_PARTITION, f"arrival_date={row['source_arrival_date']}"
    required = [
        c.name for c in table.data_columns if c.required and c.name in ("event_id", "user_id", "item_id")
    ]
    for name in required:
        value = row[name]
        if not 1 <= len(value) <= settings.ingest.max_id_chars or _CONTROL.search(value):
            return ReasonCode.BAD_ID, f"{name}={value[:80]!r}"
    for name in required:
        if is_absent(row[name]):
            return ReasonCode.NULL_ID, f"{name}={row[name]!r}"
    if table.name == "events" and row["event_type"] not in EVENT_TYPES:
        return ReasonCode.UNKNOWN_EVENT_TYPE, f"event_type={row['event_type']!r}"
    return _time_reason(row, table, settings, history)


def _time_reason(
    row: Mapping[str, Any], table: Contract, settings: Settings, history: dt.date | None
) -> tuple[str, str] | None:
    name = "event_time" if table.name == "events" else "updated_at"
    arrival, moment, ingest = row["arrival_date"], row[name], settings.ingest
    end = _border(arrival + dt.timedelta(days=1), settings)
    if moment > end + dt.timedelta(minutes=ingest.future_tolerance_minutes):
        return ReasonCode.FUTURE_EVENT, f"{name}={moment}"
    judged = table.name == "events" and ingest.lateness_days and not (history and arrival <= history)
    if judged and moment < _border(arrival - dt.timedelta(days=ingest.lateness_days), settings):
        return ReasonCode.TOO_OLD, f"{name}={moment}"
    return None


def _border(day: dt.date, settings: Settings) -> dt.datetime:
    return day_start(day, settings.landing.time_zone, settings.landing.day_start_hour)
