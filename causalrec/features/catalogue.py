"""The catalogue of a date as the encoders saw it, read without Spark: pictures and texts by content key."""

import datetime as dt

import pandas as pd

from causalrec.features.increment import arrived
from causalrec.features.texts import FIELDS, text_keys
from causalrec.lake import Lake, LakeTable

COLUMNS = ("item_id", "title", "brand", "category", "image_ref", "sha256", "text_key")


def latest_items(lake: Lake, ds: dt.date) -> pd.DataFrame:
    """Every item known on ``ds``, sorted by item_id, with the columns :data:`COLUMNS`.

    An item is described by its latest arrival, and shown by the first usable picture of the latest arrival
    that had one. Holds one row per item: partitions are read one by one, the newest first.
    """
    items = _newest(lake.table("products"), ds, [*FIELDS, "updated_at"], "updated_at", newest=True)
    pictures = _newest(
        lake.table("images"), ds, ["position", "image_ref", "sha256"], "position", newest=False
    )
    items["text_key"] = text_keys(items) if len(items) else None
    found = items.merge(pictures.drop(columns="position"), on="item_id", how="left", validate="1:1")
    return found.sort_values("item_id", ignore_index=True)[list(COLUMNS)]


def _newest(table: LakeTable, ds: dt.date, columns: list[str], by: str, *, newest: bool) -> pd.DataFrame:
    """Per item one row of its latest arrival: the one with the largest (or smallest) ``by``."""
    parts: list[pd.DataFrame] = []
    known: pd.Index = pd.Index([], dtype=object)
    days = arrived(table, ds)["arrival_date"] if table.exists() else []
    for day in reversed(days):
        rows = table.read({"arrival_date": [day]}, ["item_id", *columns]).to_pandas()
        rows = rows[~rows["item_id"].isin(known)].sort_values(by, ascending=not newest, kind="stable")
        parts.append(rows.drop_duplicates("item_id"))
        known = known.append(pd.Index(parts[-1]["item_id"]))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["item_id", *columns])
