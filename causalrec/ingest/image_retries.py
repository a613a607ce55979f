"""Pictures that failed for a temporary reason and are due for a retry.

A retry belongs to the night that makes it: its result is stored in the partition of that night's date, with
the date of the delivery that named the picture. So no older partition changes, and a backfill of an older
date knows no more than that date did.
"""

import datetime as dt

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from causalrec.config.features import ImageSettings
from causalrec.errors import ReasonCode
from causalrec.lake import Lake, LakeTable

RETRY_WINDOW_DAYS = 30  # days after which such a picture is given up

PASSING = (ReasonCode.IMAGE_MISSING, ReasonCode.IMAGE_UNREACHABLE)
KEY = ["item_id", "position", "delivered_on"]
DUE = pa.schema(
    [
        ("arrival_date", pa.date32()),
        ("item_id", pa.string()),
        ("position", pa.int32()),
        ("image_ref", pa.string()),
        ("delivered_on", pa.date32()),
        ("attempt", pa.int32()),
    ]
)


def due_retries(lake: Lake, ds: dt.date, caps: ImageSettings) -> pa.Table:
    """What the run of ``ds`` has to retry, columns :data:`DUE`; without Spark, since failures are few.

    Left out: pictures with a different result in a later attempt, and those whose item has been delivered
        again since (that delivery has its own pictures). A retry that no run made within
        ``caps.retry_window_days`` after the failure is given up.
    """
    failures = lake.table("image_failures")
    columns = [*KEY, "image_ref", "attempt", "retry_on", "arrival_date"]
    days = _days(failures, ds - dt.timedelta(days=RETRY_WINDOW_DAYS), ds)
    if not days or not caps.retry_days:
        return DUE.empty_table()
    rows = failures.read({"arrival_date": days}, columns).to_pandas()
    rows = rows.sort_values("arrival_date", ascending=False, kind="stable").drop_duplicates(KEY)
    rows = rows[rows["retry_on"].notna()]
    rows = rows[rows["retry_on"] <= ds]
    rows = _without_found(rows, lake.table("images"), ds)
    rows = _without_redelivered(rows, lake.table("products"), ds)
    due = rows.assign(arrival_date=ds, attempt=rows["attempt"] + 1).sort_values(KEY)
    return pa.Table.from_pandas(due[DUE.names], schema=DUE, preserve_index=False)


def _without_found(rows: pd.DataFrame, images: LakeTable, ds: dt.date) -> pd.DataFrame:
    days = _days(images, rows["arrival_date"].min(), ds) if len(rows) else []
    if not days:
        return rows
    found = images.read({"arrival_date": days}, KEY).to_pandas()
    known = pd.MultiIndex.from_frame(found[KEY])
    return rows[~pd.MultiIndex.from_frame(rows[KEY]).isin(known)]


def _without_redelivered(rows: pd.DataFrame, products: LakeTable, ds: dt.date) -> pd.DataFrame:
    """Only items whose latest delivery up to ``ds`` is the one that the failure belongs to."""
    if rows.empty:
        return rows
    days = _days(products, rows["delivered_on"].min(), ds + dt.timedelta(days=1))
    wanted = pa.array(rows["item_id"].unique(), pa.string())
    again = products.read({"arrival_date": days}, ["item_id", "arrival_date"])
    again = again.filter(pc.is_in(again["item_id"].cast(pa.string()), value_set=wanted))
    latest = again.to_pandas().groupby("item_id")["arrival_date"].max()
    return rows[rows["item_id"].map(latest) == rows["delivered_on"]]


def _days(table: LakeTable, first: dt.date, end: dt.date) -> list[str]:
    """Arrival dates of a table from ``first`` to before ``end``."""
    if not table.exists():
        return []
    days = table.upto("arrival_date", (end - dt.timedelta(days=1)).isoformat())
    return [day for day in days if day >= first.isoformat()]
