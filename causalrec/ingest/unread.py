"""Fields that could not be used: their original values are kept, to be shown and retried."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from causalrec.lake import Lake
from causalrec.lake.partition import Where
from causalrec.sources.landing import Kind

UNREAD = "unread_fields"
INGESTS: Mapping[str, Kind] = {"ingest_events": "events", "ingest_products": "products"}
"""Stage -> the kind of delivery that it loads."""
SHOWN_CHARS = 80


@dataclass(frozen=True)
class UnreadField:
    """One column of a delivery and one reason why some of its values became null.

    Attributes:
        kind: of the delivery.
        date: on which it arrived.
        rows: accepted rows whose value became null.
        example: one of these values, truncated.
    """

    kind: Kind
    date: dt.date
    column: str
    reason: str
    rows: int
    example: str


def unread_dates(lake: Lake, kind: Kind, first: dt.date, last: dt.date) -> list[dt.date]:
    """Arrival dates in the range with unread fields, ascending."""
    parts = [part for part in lake.table(UNREAD).partitions() if part["table_name"] == kind]
    dates = sorted(dt.date.fromisoformat(part["arrival_date"]) for part in parts)
    return [date for date in dates if first <= date <= last]


def unread_fields(lake: Lake, kind: Kind, dates: Sequence[dt.date]) -> list[UnreadField]:
    """Unread fields of these arrival dates, by date; the column with the most rows first."""
    held = [day for day in unread_dates(lake, kind, dt.date.min, dt.date.max) if day in dates]
    if not held:
        return []
    where: Where = {"table_name": [kind], "arrival_date": [day.isoformat() for day in held]}
    keys = ["arrival_date", "column_name", "reason_code"]
    rows = lake.table(UNREAD).read(where=where, columns=[*keys, "raw"])
    found = [
        UnreadField(
            kind, one["arrival_date"], one["column_name"], one["reason_code"], one["count_all"],
            shown(one["raw_min"], one["column_name"]),
        )
        for one in rows.group_by(keys).aggregate([([], "count_all"), ("raw", "min")]).to_pylist()
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.date, -one.rows, one.column, one.reason))


def shown(raw: str, column: str) -> str:
    """The kept value of a field, as a person would write it; truncated."""
    try:
        value = json.loads(raw)[column]
    except (ValueError, KeyError):
        value = raw
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))[:SHOWN_CHARS]
