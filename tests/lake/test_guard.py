"""No silent cast, no NaN, no foreign column passes."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from causalrec.errors import ContractError, LakeError
from causalrec.lake.guard import check_columns, conform

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


LARGE, VIEW = pa.large_string(), pa.string_view()


@pytest.mark.parametrize(
    ("found", "wanted", "exact"),
    [
        (LARGE, pa.string(), True), (VIEW, pa.string(), True), (pa.string(), LARGE, True),
        (pa.binary(), pa.string(), False), (pa.string(), pa.int64(), False), (pa.int8(), pa.int64(), True),
        (pa.int64(), pa.int8(), True), (pa.uint64(), pa.int64(), True), (pa.int64(), pa.string(), False),
        (pa.bool_(), pa.int64(), False), (pa.int64(), pa.bool_(), False),
        (pa.float32(), pa.float64(), True), (pa.float64(), pa.float32(), False),
        (pa.float32(), pa.float32(), True), (pa.int64(), pa.float64(), True),
        (pa.string(), pa.float64(), False),
        (pa.float64(), pa.int64(), False), (pa.date64(), pa.date32(), True), (pa.date32(), pa.int32(), False),
        (pa.timestamp("s"), pa.timestamp("us"), True), (pa.timestamp("s", "UTC"), pa.timestamp("us"), False),
        (pa.timestamp("s", "UTC"), UTC_MICROS, True), (pa.timestamp("ns", "Asia/Tokyo"), UTC_MICROS, True),
        (pa.date32(), pa.timestamp("us"), False), (pa.null(), pa.int64(), True),
        (pa.large_list(pa.float32()), pa.list_(pa.float32()), True),
        (pa.list_(pa.float64()), pa.list_(pa.float32()), False), (pa.list_(pa.int8()), pa.int8(), False),
        (pa.int8(), pa.list_(pa.int8()), False), (pa.list_(pa.float32(), 3), pa.list_(pa.float32()), True),
        (pa.dictionary(pa.int8(), LARGE), pa.string(), True),
        (pa.dictionary(pa.int8(), pa.int64()), pa.string(), False),
    ],
)  # fmt: skip
def test_which_types_fit(found: pa.DataType, wanted: pa.DataType, exact: bool) -> None:
    declared = pa.schema([pa.field("a", wanted)])
    if exact:
        check_columns(pa.schema([("a", found)]), declared, frozenset(), "t")
        return
    with pytest.raises(ContractError, match=r"t\.a: expected"):
        check_columns(pa.schema([("a", found)]), declared, frozenset(), "t")


def test_only_named_columns_may_be_missing() -> None:
    declared = pa.schema([("a", pa.int64()), ("b", pa.int64()), ("c", pa.int64())])
    check_columns(pa.schema([("c", pa.int64())]), declared, frozenset({"a", "b"}), "t")
    with pytest.raises(ContractError, match=r"column b \(int64\) is missing, found \['c'\]"):
        check_columns(pa.schema([("c", pa.int64())]), declared, frozenset({"a"}), "t")


def test_what_lies_outside_is_shown_thrice_and_nulls_are_outside() -> None:
    days = [dt.date(2026, 3, day) for day in (2, 3, 4, 5)]
    data = rows(*"abcde").append_column("ds", pa.array([dt.date(2026, 3, 1), *days]))
    found = r"4 of 5 rows lie outside ds=2026-03-01 \(found \['2026-03-02', '2026-03-03', '2026-03-04'\]\)"
    with pytest.raises(LakeError, match=found):
        conform(data, DECLARED, "sales", DAY)
    kind = pa.schema([pa.field("k", pa.string())])
    with pytest.raises(LakeError, match=r"1 of 2 rows lie outside k=a \(found \['None'\]\)"):
        conform(pa.table({"k": pa.array(["a", None])}), kind, "t", {"k": "a"})
