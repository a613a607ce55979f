"""Purchases in the H&M layout: one delivery per day, whatever the size of the raw file.

Two passes keep memory flat: the CSV is split by day into a spool folder as it streams by, then each day is
numbered and written. Lines that repeat (customer, article, day) are real repeat purchases, so they are
counted and the count is part of the event's id.
"""

import datetime as dt
import posixpath
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from causalrec.sources.files import put
from causalrec.sources.hm.layout import TRANSACTION_COLUMNS, TRANSACTIONS, bad_value, open_stream
from causalrec.sources.landing import delivery_folder
from causalrec.sources.progress import Steps

NAME = "transactions.parquet"
LINE = "line"
SHOPPING_SECONDS = 80_000
"""Baskets start within this many seconds after midnight; repeats follow one second apart."""
DAY = "day-"

SCHEMA = pa.schema(
    [
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("event_time", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("user_id", pa.string(), nullable=False),
        pa.field("item_id", pa.string(), nullable=False),
        pa.field("event_type", pa.string(), nullable=False),
        pa.field("session_id", pa.string()),
        pa.field("position", pa.int32()),
        pa.field("policy", pa.string()),
        pa.field("propensity", pa.float64()),
        pa.field("price", pa.float64()),
    ]
)


def split_by_day(raw: str, spool: Path) -> list[dt.date]:
    """First pass: stream the transactions into ``spool/day-.../``; returns the days, ascending.

    Raises:
        ContractError: a value in the CSV does not have its type.
    """
    try:
        for number, batch in enumerate(_numbered(raw)):
            _spool_batch(batch, spool, number)
    except pa.ArrowInvalid as error:
        raise bad_value(TRANSACTIONS, error) from error
    return sorted(dt.date.fromisoformat(folder.name.removeprefix(DAY)) for folder in spool.glob(f"{DAY}*"))


def write_day(spool: Path, landing: str, day: dt.date) -> int:
    """Second pass for one day: ids, times and the landing file; returns its rows."""
    parts = sorted((spool / f"{DAY}{day.isoformat()}").iterdir())
    table = to_events(pa.concat_tables(pq.read_table(part) for part in parts), day)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    put(posixpath.join(delivery_folder(landing, "events", day), NAME), sink.getvalue().to_pybytes())
    return int(table.num_rows)


def write_days(spool: Path, landing: str, days: list[dt.date], progress: Steps) -> int:
    """Second pass for all days; returns the rows."""
    rows = 0
    for number, day in enumerate(days, 1):
        rows += write_day(spool, landing, day)
        progress(number, len(days))
    return rows


def to_events(purchases: pa.Table, day: dt.date) -> pa.Table:
    """Purchases of one day, in the order of the raw file, as native events.

    Args:
        purchases: customer_id, article_id, price.
        day: their date.
    """
    frame = purchases.select(["customer_id", "article_id"]).to_pandas().fillna("")
    occurrence = frame.groupby(["customer_id", "article_id"], sort=False).cumcount().to_numpy()
    date = f"{day:%Y%m%d}"
    basket = pd.util.hash_array((frame["customer_id"] + date).to_numpy(object)) % SHOPPING_SECONDS
    seconds = basket.astype(np.int64) + np.minimum(occurrence, 86_399 - SHOPPING_SECONDS)
    time = np.datetime64(day.isoformat(), "us") + seconds.astype("timedelta64[s]")
    customer, article = purchases["customer_id"], purchases["article_id"]
    number = pc.cast(pa.array(occurrence + 1), pa.string())
    n = purchases.num_rows
    return pa.table(
        {
            "event_id": pc.binary_join_element_wise(date, article, customer, number, "-"),
            "event_time": pa.array(time).cast(pa.timestamp("us", "UTC")),
            "user_id": customer,
            "item_id": article,
            "event_type": pa.array(["purchase"] * n),
            "session_id": pc.binary_join_element_wise(date, customer, "-"),
            "position": pa.nulls(n, pa.int32()),
            "policy": pa.nulls(n, pa.string()),
            "propensity": pa.nulls(n, pa.float64()),
            "price": purchases["price"],
        },
        schema=SCHEMA,
    )


def _spool_batch(batch: pa.Table, spool: Path, number: int) -> None:
    """One file per day of the batch, its lines in the order of the raw file."""
    if batch["t_dat"].null_count:
        raise pa.ArrowInvalid("a line without t_dat")
    ordered = batch.sort_by([("t_dat", "ascending"), (LINE, "ascending")])
    runs = pc.run_end_encode(ordered["t_dat"].combine_chunks())
    first = 0
    for day, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
        folder = spool / f"{DAY}{day.isoformat()}"
        folder.mkdir(exist_ok=True)
        part = ordered.slice(first, end - first).drop_columns(["t_dat"])
        pq.write_table(part, folder / f"{number:06d}.parquet")
        first = end


def _numbered(raw: str) -> Iterator[pa.Table]:
    """The CSV's batches with the number of each data line, so that order survives the spool."""
    line = 0
    for batch in open_stream(raw, TRANSACTIONS, TRANSACTION_COLUMNS):
        numbers = pa.array(np.arange(line, line + batch.num_rows))
        line += batch.num_rows
        yield pa.Table.from_batches([batch]).append_column(LINE, numbers)
