"""No silent cast, no NaN, no foreign column passes."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from causalrec.errors import ContractError, LakeError
from causalrec.lake.guard import conform

from .tables import SALES, UTC_MICROS, rows

DECLARED = SALES.arrow_schema
DAY = {"ds": "2026-03-01"}


def with_column(name: str, column: pa.Array) -> pa.Table:
    data = rows("a")
    return data.set_column(data.schema.get_field_index(name), name, column)


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("n", pa.array([1], pa.int32())),
        ("n", pa.nulls(1)),
        ("id", pa.array(["a"], pa.large_string())),
        ("id", pa.array(["a"]).dictionary_encode()),
        ("at", pa.array([1_000_000_000], pa.timestamp("ns", tz="UTC"))),
        ("vector", pa.array([[1.0, 2.0]], pa.list_(pa.float32(), 2))),
        ("price", pa.array([3], pa.int64())),
    ],
)
def test_exact_casts_pass(name: str, column: pa.Array) -> None:
    assert conform(with_column(name, column), DECLARED, "sales", DAY).schema == DECLARED


@pytest.mark.parametrize(
    ("name", "column", "message"),
    [
        ("n", pa.array(["0"]), r"sales\.n: expected int64, found string"),
        ("n", pa.array([1.0]), r"sales\.n: expected int64, found double"),
        ("id", pa.array([1]), r"sales\.id: expected string, found int64"),
        ("ok", pa.array([1]), r"sales\.ok: expected bool, found int64"),
        (
            "at",
            pa.array([0], pa.timestamp("us")),
            r"sales\.at: expected timestamp\[us, tz=UTC\], found timestamp\[us\]",
        ),
        ("at", pa.array([1], pa.timestamp("ns", tz="UTC")), r"sales\.at: .* does not fit"),
        ("vector", pa.array([[1.0]], pa.list_(pa.float64())), r"sales\.vector: expected list"),
        ("price", pa.array([2**53 + 1]), r"sales\.price: .* does not fit"),
        ("price", pa.array([np.nan]), r"sales\.price: 1 values are NaN or infinite"),
        ("price", pa.array([-np.inf]), r"sales\.price: 1 values are NaN or infinite"),
        ("vector", pa.array([[1.0, np.nan]], pa.list_(pa.float32())), r"sales\.vector: 1 values are NaN"),
        ("id", pa.array([None], pa.string()), r"sales\.id: 1 of 1 values are null, none allowed"),
    ],
)
def test_anything_else_is_named(name: str, column: pa.Array, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        conform(with_column(name, column), DECLARED, "sales", DAY)


def test_missing_and_unknown_columns_are_named() -> None:
    with pytest.raises(ContractError, match=r"column price \(double\) is missing"):
        conform(rows("a").drop_columns(["price"]), DECLARED, "sales", DAY)
    with pytest.raises(ContractError, match="column cost is not declared"):
        conform(rows("a").append_column("cost", pa.array([1])), DECLARED, "sales", DAY)
    with pytest.raises(ContractError, match=r"column price \(double\) is missing"):
        conform(rows("a").rename_columns({"price": "cost"}), DECLARED, "sales", DAY)


def test_rows_outside_the_partition_are_counted() -> None:
    days = pa.array([dt.date(2026, 3, 1), dt.date(2026, 3, 2), dt.date(2026, 3, 3)])
    data = rows("a", "b", "c").append_column("ds", days)
    with pytest.raises(LakeError, match="2 of 3 rows lie outside ds=2026-03-01"):
        conform(data, DECLARED, "sales", DAY)
    assert conform(data.slice(0, 1), DECLARED, "sales", DAY).num_rows == 1


def test_partition_columns_are_filled_in_and_columns_ordered() -> None:
    data = rows("a", at=[dt.datetime(2026, 3, 1, tzinfo=dt.UTC)])
    result = conform(data.select(list(reversed(data.column_names))), DECLARED, "sales", DAY)
    assert result.schema == DECLARED
    assert result["ds"].to_pylist() == [dt.date(2026, 3, 1)]
    assert result.schema.field("at").type == UTC_MICROS
