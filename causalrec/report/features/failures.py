"""Pictures that could not be used, as things stand on a date, by reason."""

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from causalrec.features.increment import arrived
from causalrec.lake import Lake, LakeTable

KEY = ["item_id", "position"]


@dataclass(frozen=True)
class Example:
    """One failed picture; all of it is text as a shop delivered it."""

    item_id: str
    reference: str
    detail: str


@dataclass(frozen=True)
class Reason:
    """One reason code: places of the catalogue that fail with it, and how many of them arrived tonight."""

    code: str
    standing: int
    tonight: int
    examples: tuple[Example, ...]


def failures_by_reason(lake: Lake, ds: dt.date, examples: int) -> list[Reason]:
    """Failures that no later arrival of the same item and place has mended, the most frequent first."""
    failed, good = lake.table("image_failures"), lake.table("images")
    days = {day for table in (failed, good) if table.exists() for day in arrived(table, ds)["arrival_date"]}
    known = pd.MultiIndex.from_arrays([[], []], names=KEY)
    parts = []
    for day in sorted(days, reverse=True):
        bad = _of(failed, day, ["image_ref", "reason_code", "detail"]).assign(day=day)
        rows = pd.concat([bad, _of(good, day, [])], ignore_index=True)
        places = pd.MultiIndex.from_frame(rows[KEY])
        rows = rows[~places.isin(known)]
        known = known.append(pd.MultiIndex.from_frame(rows[KEY]))
        parts.append(rows.dropna(subset=["reason_code"]) if "reason_code" in rows else rows.iloc[:0])
    standing = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if standing.empty:
        return []
    found = [
        Reason(
            code=str(code),
            standing=len(part),
            tonight=int((part["day"] == ds.isoformat()).sum()),
            examples=tuple(
                Example(str(row["item_id"]), str(row["image_ref"]), str(row["detail"]))
                for row in part.sort_values(["day", *KEY], ascending=[False, True, True])
                .head(examples)
                .to_dict("records")
            ),
        )
        for code, part in standing.groupby("reason_code")
    ]
    return sorted(found, key=lambda reason: (-reason.standing, reason.code))


def _of(table: LakeTable, day: str, columns: list[str]) -> pd.DataFrame:
    rows = table.read({"arrival_date": [day]}, [*KEY, *columns])
    frame: pd.DataFrame = rows.to_pandas()
    return frame
