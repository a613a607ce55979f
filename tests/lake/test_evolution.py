"""A contract grows: optional columns are added to the table, old rows and old pins stay readable."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from causalrec.errors import ContractError
from causalrec.lake import Lake
from causalrec.lake.bridge import read_frame, write_frame

from .tables import CONTRACTS, SALES, TinyContract, ids, rows

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DAY, NEXT = {"ds": "2026-03-01"}, {"ds": "2026-03-02"}


def grown(lake: Lake, *fields: pa.Field) -> Lake:
    """The same lake under the next version of the contract."""
    found = [*SALES.arrow_schema]
    contract = replace(SALES, arrow_schema=pa.schema([*found[:2], *fields, *found[2:]]))
    return Lake(lake.root, contracts={**CONTRACTS, "sales": contract}.__getitem__)


def coloured(lake: Lake, *names: str) -> pa.Table:
    schema = pa.schema([field for field in lake.table("sales").schema if field.name != "ds"])
    return pa.Table.from_pylist([{"id": name, "colour": "red"} for name in names], schema=schema)


@pytest.mark.spark
def test_an_optional_column_is_added(lake: Lake, spark: "SparkSession") -> None:
    before = lake.table("sales").replace(rows("a", "b"), DAY)
    newer = grown(lake, pa.field("colour", pa.string()))
    table = newer.table("sales")
    assert table.read()["colour"].to_pylist() == [None, None]  # before anything is written
    table.replace(coloured(newer, "c"), NEXT)
    assert sorted(table.read(columns=["id", "colour"]).to_pylist(), key=lambda row: row["id"]) == [
        {"id": "a", "colour": None}, {"id": "b", "colour": None}, {"id": "c", "colour": "red"},
    ]  # fmt: skip
    assert ids(table, before.version) == ["a", "b"]  # a pin of the older version
    frame = read_frame(spark, table).select("id", "colour", "ds")
    assert sorted(tuple(row)[:2] for row in frame.collect())[0] == ("a", None)
    (again,) = write_frame(read_frame(spark, table, where={"ds": [NEXT["ds"]]}), table, [NEXT])
    assert not again.changed
    assert table.snapshot() is not None


def test_what_is_not_additive_is_refused_by_name(lake: Lake) -> None:
    lake.table("sales").replace(rows("a"), DAY)
    required = grown(lake, pa.field("colour", pa.string(), nullable=False))
    with pytest.raises(ContractError, match=r"sales: required column colour \(string\) is not stored"):
        required.table("sales").read()
    shrunk = TinyContract("sales", ("ds",), "replace", SALES.arrow_schema.remove(2))
    with pytest.raises(ContractError, match="sales: stored column price is not declared"):
        Lake(lake.root, contracts={"sales": shrunk}.__getitem__).table("sales").read()
    fields = [field.with_type(pa.string()) if field.name == "n" else field for field in SALES.arrow_schema]
    retyped = TinyContract("sales", ("ds",), "replace", pa.schema(fields))
    with pytest.raises(ContractError, match=r"sales\.n: expected string, found int64"):
        Lake(lake.root, contracts={"sales": retyped}.__getitem__).table("sales").read()
