"""What changed between two published nights."""

from dataclasses import dataclass

import pandas as pd

from causalrec.errors import ScoringError
from causalrec.lake import Lake

COLUMNS = ["user_id", "rank", "item_id", "model_version", "dataset_id", "fallback", "adjustment_code"]
PUBLISHED = "recommendations"


@dataclass(frozen=True)
class Moved:
    """An item and the number of lists it is in, on both nights."""

    item_id: str
    before: int
    after: int


@dataclass(frozen=True)
class Changes:
    """Two nights side by side.

    Attributes:
        versions, datasets: behind each night. users: served before, after, and on both nights.
        kept: share of the later rows, of users served on both nights, whose item was in the earlier list.
        same_first: share of users served on both nights whose first item is the same.
        adjusted: share of the rows of each night that the causal adjustment moved noticeably.
        labels: fallback label -> users before and after ("plain" for none).
        gained, lost: items by how many lists they entered or left.
    """

    versions: tuple[tuple[str, ...], tuple[str, ...]]
    datasets: tuple[tuple[str, ...], tuple[str, ...]]
    users: tuple[int, int, int]
    kept: float
    same_first: float
    adjusted: tuple[float, float]
    labels: dict[str, tuple[int, int]]
    gained: tuple[Moved, ...]
    lost: tuple[Moved, ...]


def read_changes(lake: Lake, before: str, after: str, most: int) -> Changes:
    """Compares the partitions of two dates, with at most ``most`` items that gained and as many that lost.

    Raises:
        ScoringError: nothing was published for one of the dates.
    """
    return compare(_night(lake, before), _night(lake, after), most)


def _night(lake: Lake, ds: str) -> pd.DataFrame:
    table = lake.table(PUBLISHED)
    rows = table.read({"ds": [ds]}, COLUMNS).to_pandas() if table.exists() else pd.DataFrame()
    if rows.empty:
        raise ScoringError(f"nothing was published for {ds}", do="run the night of this date first")
    return rows


def compare(before: pd.DataFrame, after: pd.DataFrame, most: int) -> Changes:
    """The comparison of two frames of published rows."""
    both = set(before["user_id"]) & set(after["user_id"])
    old, new = (rows[rows["user_id"].isin(both)] for rows in (before, after))
    merged = new.merge(
        old[["user_id", "item_id", "rank"]], on=["user_id", "item_id"], suffixes=("", "_before")
    )
    first = merged[(merged["rank"] == 1) & (merged["rank_before"] == 1)]
    counts = pd.concat([rows["item_id"].value_counts() for rows in (before, after)], axis=1).fillna(0)
    counts = counts.astype(int).set_axis(["before", "after"], axis=1).sort_index()
    change = (counts["after"] - counts["before"]).sort_values(kind="stable")
    return Changes(
        versions=(_names(before, "model_version"), _names(after, "model_version")),
        datasets=(_names(before, "dataset_id"), _names(after, "dataset_id")),
        users=(before["user_id"].nunique(), after["user_id"].nunique(), len(both)),
        kept=len(merged) / len(new) if len(new) else 0.0,
        same_first=len(first) / len(both) if both else 0.0,
        adjusted=(_adjusted(before), _adjusted(after)),
        labels=_labels(before, after),
        gained=_moved(counts, change[change > 0].iloc[::-1][:most]),
        lost=_moved(counts, change[change < 0][:most]),
    )


def _names(rows: pd.DataFrame, column: str) -> tuple[str, ...]:
    return tuple(sorted(rows[column].astype(str).unique()))


def _adjusted(rows: pd.DataFrame) -> float:
    return float(rows["adjustment_code"].notna().mean()) if len(rows) else 0.0


def _labels(before: pd.DataFrame, after: pd.DataFrame) -> dict[str, tuple[int, int]]:
    sides = [
        rows.assign(label=rows["fallback"].fillna("plain")).groupby("label")["user_id"].nunique()
        for rows in (before, after)
    ]
    names = sorted({*sides[0].index, *sides[1].index})
    return {name: (int(sides[0].get(name, 0)), int(sides[1].get(name, 0))) for name in names}


def _moved(counts: pd.DataFrame, change: "pd.Series[int]") -> tuple[Moved, ...]:
    listed = counts.loc[change.index]
    sides = (listed["before"].tolist(), listed["after"].tolist())
    return tuple(Moved(str(item), *lists) for item, *lists in zip(listed.index, *sides, strict=True))
