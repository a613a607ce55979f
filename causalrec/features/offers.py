"""What a shop says of its items for sale beyond what a model reads: price, margin, stock, tags, seller."""

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from causalrec.features.catalogue import latest_rows
from causalrec.lake import Lake


def latest_offers(
    lake: Lake, ds: dt.date, columns: Sequence[str], version: int | None = None
) -> pd.DataFrame:
    """``columns`` of every item's latest arrival up to ``ds``, by item_id; null where the shop said nothing.

    Args:
        version: pins the table ``products``.
    """
    rows = latest_rows(lake.table("products"), ds, version, tuple(columns))
    return rows.set_index("item_id")[list(columns)]
