"""Looks of a shop become positions, counts and strata, and are read back."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from causalrec.dataset.look_arrays import look_tables, read_looks
from causalrec.errors import DatasetError

USERS, ITEMS = pa.array(["u", "v"]), pa.array(["a", "b"])
NAN = float("nan")
#        user item policy band surge late looks views carts purchases propensity age position
ROWS = [
    ("v", "a", "best", 1, False, False, 4, 3, 1, 0, 0.5, 2.0, 1.0),
    ("u", "b", "best", 1, False, True, 2, 2, 2, 0, None, 1.0, 4.0),
    ("u", "b", "best", 1, False, False, 1, 0, 0, 0, 0.25, 9.0, NAN),
    ("u", "a", "best", 1, True, False, 1, 1, 0, 0, 0.25, 9.0, 3.0),
    ("u", "a", "any", 0, False, False, 5, 1, 0, 0, 0.25, 9.0, 7.0),
]  # fmt: skip
NAMES = (
    "user_id", "item_id", "policy", "band", "surge", "late", "looks", "views", "carts", "purchases",
    "propensity", "age_days", "position",
)  # fmt: skip


def table(rows: list[tuple[Any, ...]], look: str = "impression") -> pa.Table:
    return pa.Table.from_pylist([{**dict(zip(NAMES, row, strict=True)), "look": look} for row in rows])


def test_rows_strata_and_depths(tmp_path: Path) -> None:
    found = look_tables(table(ROWS), USERS, ITEMS, ("any",))
    assert found["looks"].column_names == [
        "user", "item", "stratum", "late", "count", "propensity", "age", "view", "cart",
    ]  # fmt: skip
    rows = [tuple(row.values()) for row in found["looks"].to_pylist()]
    assert rows[0] == (0, 0, 0, False, 5, 0.25, 9.0, 1, 0)
    assert rows[1] == (0, 0, 2, False, 1, 0.25, 9.0, 1, 0)
    assert rows[2] == (0, 1, 1, False, 1, 0.25, 9.0, 0, 0)
    assert rows[3][:5] == (0, 1, 1, True, 2)
    assert np.isnan(rows[3][5])
    assert rows[4] == (1, 0, 1, False, 4, 0.5, 2.0, 3, 1)
    strata = found["strata"].to_pydict()
    assert strata["policy"] == ["any", "best", "best"]
    assert (strata["band"], strata["surge"]) == ([0, 1, 1], [False, False, True])
    assert strata["uniform"] == [True, False, False]
    assert np.isnan(strata["position"][0])  # band 0: no position was logged
    assert strata["position"][1:] == [pytest.approx((4 * 1 + 2 * 4) / 7), 3.0]

    for name, one in found.items():
        pq.write_table(one, tmp_path / f"{name}.parquet")
    early, late = read_looks(tmp_path)
    assert early is not None
    assert late is not None
    assert (early.users.tolist(), early.count.tolist()) == ([0, 0, 0, 1], [5, 1, 1, 4])
    assert (late.users.tolist(), late.items.tolist(), late.count.tolist()) == ([0], [1], [2])
    assert early.depths == late.depths == ("view", "cart")
    assert (early.reached.tolist(), late.reached.tolist()) == ([[1, 1, 0, 3], [0, 0, 0, 1]], [[2], [2]])
    assert (early.policy, early.uniform.tolist()) == (("any", "best", "best"), [True, False, False])
    assert early.surge is not None
    assert early.surge.tolist() == [False, False, True]
    pq.write_table(found["strata"].drop_columns(["surge"]), tmp_path / "strata.parquet")
    older, _ = read_looks(tmp_path)
    assert older is not None
    assert older.surge is None


def test_where_views_are_the_looks_a_view_is_no_depth() -> None:
    found = look_tables(table(ROWS, "view"), USERS, ITEMS, ())
    assert found["looks"].column_names[7:] == ["cart"]
    one = look_tables(table(ROWS[:1], "view"), USERS, ITEMS, ())
    assert one["looks"].column_names[7:] == ["cart"]
    deepest = [(*row[:7], 0, 0, 1, *row[10:]) for row in ROWS]
    assert look_tables(table(deepest), USERS, ITEMS, ())["looks"].column_names[7:] == ["purchase"]


def test_without_a_response_there_is_nothing(tmp_path: Path) -> None:
    silent = [(*row[:7], 0, 0, 0, *row[10:]) for row in ROWS]
    assert look_tables(table(silent), USERS, ITEMS, ()) == {}
    viewed = [(*row[:7], 1, 0, 0, *row[10:]) for row in ROWS]
    assert look_tables(table(viewed, "view"), USERS, ITEMS, ()) == {}
    assert look_tables(table(ROWS)[:0], USERS, ITEMS, ()) == {}
    assert read_looks(tmp_path) == (None, None)


def test_of_one_period_the_other_is_none_and_damage_is_named(tmp_path: Path) -> None:
    for late in (False, True):
        rows = [(*row[:5], late, *row[6:]) for row in ROWS[:1]]
        for name, one in look_tables(table(rows), USERS, ITEMS, ()).items():
            pq.write_table(one, tmp_path / f"{name}.parquet")
        found = read_looks(tmp_path)
        assert (found[0] is None, found[1] is None) == (late, not late)
    (tmp_path / "strata.parquet").unlink()
    with pytest.raises(DatasetError, match="cannot read the looks"):
        read_looks(tmp_path)
