"""The row of ``datasets`` for a run date."""

import datetime as dt
from typing import Any

from causalrec.errors import DatasetError
from causalrec.lake import Lake


def dataset_row(lake: Lake, ds: dt.date) -> dict[str, Any]:
    """The manifest row of ``ds``.

    Raises:
        DatasetError: there is none.
    """
    rows: list[dict[str, Any]] = lake.table("datasets").read(where={"ds": [ds.isoformat()]}).to_pylist()
    if not rows:
        raise DatasetError(f"no dataset of {ds}", do="run build_dataset for this date")
    return rows[0]
