"""Writes looks to a bundle and reads them back: two Parquet files of positions and counts."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from causalrec.dataset.arrays import Looks
from causalrec.dataset.behaviour import RESPONSES, VIEW
from causalrec.dataset.looks import COUNTS
from causalrec.errors import DatasetError

LOOKS, STRATA = "looks", "strata"
KEY = ("user", "item", "stratum", "late")
FIXED = (*KEY, "count", "propensity", "age")
"""Columns of looks.parquet; all others are depths of response, shallow to deep."""


def look_tables(
    rows: pa.Table, users: pa.Array, items: pa.Array, uniform_policies: tuple[str, ...]
) -> dict[str, pa.Table]:
    """``looks`` and ``strata`` of a bundle from rows of the table ``looks``; empty if nobody responded.

    Rows are sorted by user, item, stratum and late; users and items become their positions.
    """
    depths = _depths(rows)
    if not depths:
        return {}
    of = ["policy", "band", "surge"]
    strata = rows.group_by(of).aggregate([]).sort_by([(name, "ascending") for name in of])
    codes = pc.index_in(_strata_key(rows), value_set=_strata_key(strata).combine_chunks())
    table = pa.table(
        {
            "user": pc.index_in(rows["user_id"], value_set=users),
            "item": pc.index_in(rows["item_id"], value_set=items),
            "stratum": codes,
            "late": rows["late"],
            "count": rows["looks"].cast(pa.int32()),
            "propensity": pc.fill_null(rows["propensity"], np.nan).cast(pa.float32()),
            "age": rows["age_days"].cast(pa.float32()),
            **{name: rows[column].cast(pa.int32()) for name, column in depths.items()},
        }
    )
    order = [(name, "ascending") for name in KEY]
    return {LOOKS: table.sort_by(order), STRATA: _strata(rows, codes, strata, uniform_policies)}


def _depths(rows: pa.Table) -> dict[str, str]:
    """Depth -> column of its counts, for depths that any look reached.

    A view is no depth where views are the looks.
    """
    views = rows.num_rows > 0 and rows["look"][0].as_py() == VIEW
    columns = dict(zip(RESPONSES, COUNTS, strict=True))
    if views:
        del columns[VIEW]
    return {name: column for name, column in columns.items() if (pc.sum(rows[column]).as_py() or 0) > 0}


def _strata_key(rows: pa.Table) -> pa.ChunkedArray:
    band, surge = (rows[name].cast(pa.string()) for name in ("band", "surge"))
    return pc.binary_join_element_wise(band, surge, rows["policy"], "/")


def _strata(rows: pa.Table, codes: pa.ChunkedArray, strata: pa.Table, uniform: tuple[str, ...]) -> pa.Table:
    stratum, count = codes.to_numpy(), rows["looks"].to_numpy()
    total = np.bincount(stratum, count, strata.num_rows)
    position = rows["position"].to_numpy()
    known = ~np.isnan(position)
    summed = np.bincount(stratum[known], (count * position)[known], strata.num_rows)
    placed = strata["band"].to_numpy() > 0
    mean = np.where(placed, summed / total, np.nan).astype(np.float32)
    policies = strata["policy"]
    chance = pc.is_in(policies, value_set=pa.array(uniform, pa.string()))
    columns = {"policy": policies, "band": strata["band"], "surge": strata["surge"]}
    return pa.table({**columns, "position": mean, "uniform": chance})


def read_looks(folder: Path) -> tuple[Looks | None, Looks | None]:
    """Looks of the training period and those after it; None if there are none.

    Raises:
        DatasetError: the files in ``folder`` are not valid looks.
    """
    if not (folder / f"{LOOKS}.parquet").exists():
        return None, None
    try:
        rows, strata = (pq.read_table(folder / f"{name}.parquet") for name in (LOOKS, STRATA))
        depths = tuple(name for name in rows.column_names if name not in FIXED)
        whole, late = _looks(rows, strata, depths), rows["late"].to_numpy()
    except (OSError, KeyError, pa.ArrowInvalid) as error:
        raise DatasetError(
            f"cannot read the looks of {folder}: {error}", do="build the bundle again"
        ) from error
    before, after = (whole.take(part) if part.any() else None for part in (~late, late))
    return before, after


def _looks(rows: pa.Table, strata: pa.Table, depths: tuple[str, ...]) -> Looks:
    def column(name: str, of: pa.Table = rows) -> npt.NDArray[Any]:
        values: npt.NDArray[Any] = of[name].to_numpy()
        return values

    return Looks(
        users=column("user"), items=column("item"), strata=column("stratum"), count=column("count"),
        reached=np.stack([column(name) for name in depths]),
        propensity=column("propensity"), age=column("age"),
        depths=depths,
        policy=tuple(strata["policy"].to_pylist()),
        position=column("position", strata), uniform=column("uniform", strata),
        surge=column("surge", strata) if "surge" in strata.column_names else None,
    )  # fmt: skip
