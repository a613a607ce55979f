"""Pictures that could not be used as of a date, by reason."""

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from causalrec.features.increment import arrived
from causalrec.lake import Lake, LakeTable

KEY = ["item_id", "position"]
COLUMNS = ["image_ref", "reason_code", "detail", "attempt", "retry_on"]


@dataclass(frozen=True)
class Example:
    """One failed picture: its reference as delivered, attempts so far, and the date of the next one."""

    item_id: str
    reference: str
    detail: str
    attempt: int
    retry_on: dt.date | None


@dataclass(frozen=True)
class Reason:
    """One reason code.

    Attributes:
        standing: catalogue pictures that fail with it; ``tonight``: how many of them arrived tonight.
        waiting: how many will be retried; ``next_try``: the first date on which one will be.
    """

    code: str
    standing: int
    tonight: int
    waiting: int
    next_try: dt.date | None
    examples: tuple[Example, ...]


def failures_by_reason(lake: Lake, ds: dt.date, examples: int) -> list[Reason]:
    """Failures that no later arrival of the same item and position has fixed, most frequent first."""
    failed, good = lake.table("image_failures"), lake.table("images")
    days = {day for table in (failed, good) if table.exists() for day in arrived(table, ds)["arrival_date"]}
    known = pd.MultiIndex.from_arrays([[], []], names=KEY)
    parts = []
    for day in sorted(days, reverse=True):
        bad = _of(failed, day, COLUMNS).assign(day=day)
        rows = pd.concat([bad, _of(good, day, [])], ignore_index=True)
        places = pd.MultiIndex.from_frame(rows[KEY])
        rows = rows[~places.isin(known)]
        known = known.append(pd.MultiIndex.from_frame(rows[KEY]))
        parts.append(rows.dropna(subset=["reason_code"]) if "reason_code" in rows else rows.iloc[:0])
    standing = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if standing.empty:
        return []
    found = [_reason(str(code), part, ds, examples) for code, part in standing.groupby("reason_code")]
    return sorted(found, key=lambda reason: (-reason.standing, reason.code))


def _reason(code: str, part: pd.DataFrame, ds: dt.date, examples: int) -> Reason:
    waiting = part["retry_on"].dropna()
    first = part.sort_values(["day", *KEY], ascending=[False, True, True]).head(examples)
    return Reason(
        code=code,
        standing=len(part),
        tonight=int((part["day"] == ds.isoformat()).sum()),
        waiting=len(waiting),
        next_try=waiting.min() if len(waiting) else None,
        examples=tuple(
            Example(
                str(row["item_id"]),
                str(row["image_ref"]),
                str(row["detail"]),
                int(row["attempt"]),
                row["retry_on"] if pd.notna(row["retry_on"]) else None,
            )
            for row in first.to_dict("records")
        ),
    )


def _of(table: LakeTable, day: str, columns: list[str]) -> pd.DataFrame:
    rows = table.read({"arrival_date": [day]}, [*KEY, *columns])
    frame: pd.DataFrame = rows.to_pandas()
    return frame
