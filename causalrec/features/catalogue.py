"""The catalogue of a date for encoders and models, read without Spark.

One rule for all callers: an item's description comes from its latest arrival, and its pictures are the usable
ones of the newest delivery that had any, in the shop's order. A picture that a later attempt found belongs to
the delivery that named it. Memory holds the rows of one arrival date at a time and one row per item and
picture.
"""

import datetime as dt
from collections.abc import Iterator, Mapping

import pandas as pd

from causalrec.features.increment import arrived
from causalrec.features.texts import FIELDS, text_keys
from causalrec.lake import Lake, LakeTable

OFFER = ("available", "first_seen", "last_seen")
"""Columns that decide whether an item is offered: latest availability (null: yes), and ISO arrival dates."""
COLUMNS = ("item_id", "title", "brand", "category", "image_ref", "sha256", "text_key", *OFFER)
PICTURE_COLUMNS = ("item_id", "position", "image_ref", "sha256")


def latest_items(lake: Lake, ds: dt.date, versions: Mapping[str, int | None] | None = None) -> pd.DataFrame:
    """Every item known on ``ds``, sorted by item_id, with the columns :data:`COLUMNS`.

    ``image_ref`` and ``sha256`` are those of the first usable picture; without one, ``image_ref`` is the
    first that the shop named and ``sha256`` is None. ``versions`` pins the tables ``products`` and
    ``images``.
    """
    pins = versions or {}
    items = _latest_products(lake.table("products"), ds, pins.get("products"))
    pictures = latest_pictures(lake, ds, pins.get("images")).drop_duplicates("item_id")
    items["text_key"] = text_keys(items) if len(items) else None
    found = items.merge(
        pictures[["item_id", "image_ref", "sha256"]], on="item_id", how="left", validate="1:1"
    )
    found["image_ref"] = found["image_ref"].where(found["image_ref"].notna(), found["named"])
    found = found.astype(dict.fromkeys(COLUMNS, object))
    found = found.replace({float("nan"): None})
    ordered: pd.DataFrame = found.sort_values("item_id", ignore_index=True)[list(COLUMNS)]
    return ordered


def latest_pictures(lake: Lake, ds: dt.date, version: int | None = None) -> pd.DataFrame:
    """The usable pictures of every item, sorted by item_id and position: columns :data:`PICTURE_COLUMNS`."""
    parts: list[pd.DataFrame] = []
    newest = pd.Series(dtype="datetime64[s]")  # item -> newest delivery with a usable picture so far
    for day, where in _newest_first(lake.table("images"), ds, version):
        rows = lake.table("images").read(where, [*PICTURE_COLUMNS, "delivered_on"], version).to_pandas()
        rows["delivered_on"] = pd.to_datetime(rows["delivered_on"]).astype("datetime64[s]")
        before = rows["item_id"].map(newest)
        rows = rows[before.isna() | (rows["delivered_on"] >= before)]
        found = rows.groupby("item_id")["delivered_on"].max()
        newest = pd.concat([newest, found]).groupby(level=0).max()
        parts.append(rows.assign(day=day))
    if not parts:
        return pd.DataFrame(columns=list(PICTURE_COLUMNS))
    rows = pd.concat(parts, ignore_index=True)
    rows = rows[rows["delivered_on"] == rows["item_id"].map(newest)]
    rows = rows.drop_duplicates(["item_id", "position"])  # newest parts come first
    return rows.sort_values(["item_id", "position"], ignore_index=True)[list(PICTURE_COLUMNS)]


def _latest_products(table: LakeTable, ds: dt.date, version: int | None) -> pd.DataFrame:
    found = latest_rows(table, ds, version, (*FIELDS, "available", "image_refs"))
    found["named"] = found["image_refs"].str[0].astype(object)
    return found.drop(columns=["image_refs", "updated_at"])


def latest_rows(table: LakeTable, ds: dt.date, version: int | None, wanted: tuple[str, ...]) -> pd.DataFrame:
    """Per item the ``wanted`` columns of its latest arrival, with first_seen and last_seen.

    An arrival without new items is not read in full.
    """
    columns = ["item_id", *wanted, "updated_at"]
    parts = [pd.DataFrame(columns=[*columns, "last_seen"])]
    known: pd.Index = pd.Index([], dtype=object)
    first = pd.Series(dtype=object)  # item -> oldest arrival so far
    for day, where in _newest_first(table, ds, version):
        ids = table.read(where, ["item_id"], version)["item_id"].to_pandas().drop_duplicates()
        first = pd.concat([first[~first.index.isin(ids)], pd.Series(day, index=ids, dtype=object)])
        if ids.isin(known).all():
            continue
        rows = table.read(where, columns, version).to_pandas()
        rows = rows[~rows["item_id"].isin(known)].sort_values("updated_at", ascending=False, kind="stable")
        parts.append(rows.drop_duplicates("item_id").assign(last_seen=day))
        known = known.append(pd.Index(parts[-1]["item_id"]))
    found = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    found["first_seen"] = found["item_id"].map(first)
    return found


def _newest_first(
    table: LakeTable, ds: dt.date, version: int | None
) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Arrival dates up to ``ds``, newest first, each with the filter that reads it."""
    if table.exists():
        for day in reversed(arrived(table, ds)["arrival_date"]):
            yield day, {"arrival_date": [day]}
