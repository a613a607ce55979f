"""Samples of the lists from behaviour for people to look at, with pictures."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from causalrec.lake import Lake
from causalrec.pipeline import BEHAVIOUR
from causalrec.scoring.export.night import KEYS

LISTS = 3  # lists per table on the page
ROWS = 8  # rows per list on the page

TITLES: Mapping[str, str] = {
    "complements": "Goes with",
    "substitutes": "Instead of",
    "cart_lists": "Goes with the open cart of",
    "buy_again": "Likely to be bought again by",
    "trending_items": "Trending in",
    "recent_items": "Last seen by",
    "audiences": "Users for",
}


@dataclass(frozen=True)
class Row:
    """One row of a list: the item whose picture is shown (None for a user), its name, and the reason."""

    item_id: str | None
    name: str
    why: str


@dataclass(frozen=True)
class SampleList:
    """The first rows of one list, and what it belongs to: an item, a user or a category."""

    of: str
    of_item: bool
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Sample:
    """A few lists of one table."""

    table: str
    title: str
    rows: int
    lists: tuple[SampleList, ...]


def samples(lake: Lake, ds: dt.date) -> list[Sample]:
    """One sample per table with rows of ``ds``: its longest lists."""
    return [found for table in BEHAVIOUR if (found := _sample(lake, table, ds)) is not None]


def _sample(lake: Lake, name: str, ds: dt.date) -> Sample | None:
    table = lake.table(name)
    if not table.exists():
        return None
    key, where = KEYS[name], {"ds": [ds.isoformat()]}
    keys = table.read(where, [key])
    if keys.num_rows == 0:
        return None
    sizes = pc.value_counts(keys[key].combine_chunks()).to_pylist()
    chosen = [one["values"] for one in sorted(sizes, key=lambda one: (-one["counts"], one["values"]))][:LISTS]
    rows = table.read(where)
    rows = rows.filter(pc.is_in(rows[key], value_set=pa.array(chosen))).sort_by("rank").to_pylist()
    lists = tuple(
        SampleList(of, key == "item_id", tuple(_row(name, row) for row in rows if row[key] == of)[:ROWS])
        for of in chosen
    )
    return Sample(name, TITLES[name], keys.num_rows, lists)


def _row(table: str, row: dict[str, Any]) -> Row:
    item = row.get("other_item_id") or (None if table == "audiences" else row["item_id"])
    where = f"; sold in {row['markets']}" if row.get("markets") else ""
    return Row(item, str(item or row["user_id"]), WHY[table](row) + where)


def _lift(row: dict[str, Any]) -> str:
    basis = "looks" if row["evidence"] == "looks" else "baskets"
    return f"{row['lift']:.1f} times as often ({row['low']:.1f} to {row['high']:.1f}), from {basis}"


WHY: Mapping[str, Callable[[dict[str, Any]], str]] = {
    "complements": _lift,
    "substitutes": _lift,
    "cart_lists": lambda row: (
        f"with {row['because_item_id']}" if row["because_item_id"] else "often taken once looked at"
    ),
    "buy_again": lambda row: (
        f"{row['chance']:.0%}; last bought {row['last_bought']}, about every {row['cycle_days']:.0f} days"
    ),
    "trending_items": lambda row: f"{row['users']:,} users, {row['expected']:.0f} expected",
    "recent_items": lambda row: f"{row['deepest']}, {row['last_time']:%Y-%m-%d %H:%M}",
    "audiences": lambda row: f"score {row['score']:.2f}",
}
