"""A contract grows: optional columns are added to the table, old rows and old pins stay readable."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from causalrec.contracts.extensions import Before
from causalrec.errors import ContractError
from causalrec.lake import Lake
from causalrec.lake.bridge import read_frame, write_frame
from causalrec.lake.upkeep.rewrite import compact

from .tables import CONTRACTS, LOG, SALES, TinyContract, ids, rows

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DAY, NEXT = {"ds": "2026-03-01"}, {"ds": "2026-03-02"}


def grown(lake: Lake, *fields: pa.Field, added: Mapping[str, Before] | None = None) -> Lake:
    """The same lake under the next version of the contract."""
    found = [*SALES.arrow_schema]
    schema = pa.schema([*found[:2], *fields, *found[2:]])
    contract = replace(SALES, arrow_schema=schema, added=added or {})
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


@pytest.mark.spark
def test_a_required_column_is_added(make_lake: Callable[..., Lake], spark: "SparkSession") -> None:
    """A lake of the older version: the night is written, old rows read as declared, everywhere alike."""
    lake = make_lake(max_files_per_partition=1)
    before = lake.table("sales").replace(rows("a", "b"), DAY)
    fields = [pa.field("colour", pa.string(), nullable=False), pa.field("seen", pa.date32(), nullable=False)]
    added = {"colour": Before(since="2.0.0", value="grey"), "seen": Before(since="2.0.0", column="ds")}
    newer = grown(lake, *fields, added=added)
    table = newer.table("sales")
    assert table.read(columns=["colour"])["colour"].to_pylist() == ["grey", "grey"]
    schema = pa.schema([field for field in table.schema if field.name != "ds"])
    row = {"id": "c", "colour": "red", "seen": dt.date(2026, 2, 1)}
    night = pa.Table.from_pylist([row], schema=schema)
    with pytest.raises(ContractError, match=r"sales\.colour: 1 of 1 values are null"):
        table.replace(pa.Table.from_pylist([row | {"colour": None}], schema=schema), NEXT)
    table.replace(night, NEXT)
    expected = [
        ("a", "grey", dt.date(2026, 3, 1)),
        ("b", "grey", dt.date(2026, 3, 1)),
        ("c", "red", dt.date(2026, 2, 1)),
    ]
    names = ["id", "colour", "seen"]
    assert sorted(tuple(row.values()) for row in table.read(columns=names).to_pylist()) == expected
    assert sorted(map(tuple, read_frame(spark, table, columns=names).collect())) == expected
    assert not table.read().schema.field("colour").nullable
    old = table.read(columns=["colour"], version=before.version)  # a pin of the older version
    assert old["colour"].to_pylist() == ["grey", "grey"]

    stored = table.created()
    (batch,) = stored.batches(stored.select({"ds": [DAY["ds"]]}), ["colour"], 10)
    assert batch["colour"].to_pylist() == ["grey", "grey"]
    assert table.replace(night, NEXT).changed is False


def test_old_files_are_compacted_with_new_ones(make_lake: Callable[..., Lake]) -> None:
    lake = make_lake(max_files_per_partition=1)
    for text in ("a", "b"):
        lake.table("log").append(pa.table({"line": [text], "source": ["s"]}))
    schema = LOG.arrow_schema.append(pa.field("level", pa.int32(), nullable=False))
    contract = replace(LOG, arrow_schema=schema, added={"level": Before(since="2.0.0", value=1)})
    log = Lake(lake.root, lake.settings, {**CONTRACTS, "log": contract}.__getitem__).table("log")
    log.append(pa.table({"line": ["c"], "source": ["s"], "level": pa.array([7], pa.int32())}))
    assert (compact(log).before, len(log.created().files)) == (3, 1)
    assert sorted(zip(*log.read(columns=["line", "level"]).to_pydict().values(), strict=True)) == [
        ("a", 1), ("b", 1), ("c", 7),
    ]  # fmt: skip


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


@pytest.mark.spark
def test_a_retired_column_is_neither_read_nor_written(lake: Lake, spark: "SparkSession") -> None:
    before = lake.table("sales").replace(rows("a", price=[2.5]), DAY)
    schema = SALES.arrow_schema.remove(SALES.arrow_schema.get_field_index("price"))
    contract = replace(SALES, arrow_schema=schema, retired=frozenset({"price"}))
    table = Lake(lake.root, contracts={"sales": contract}.__getitem__).table("sales")
    assert "price" not in table.read().column_names
    table.replace(rows("b").drop_columns("price"), NEXT)
    assert ids(table) == ids(lake.table("sales")) == ["a", "b"]  # the older code still reads both nights
    assert "price" not in read_frame(spark, table).columns
    (again,) = write_frame(read_frame(spark, table, where={"ds": [NEXT["ds"]]}), table, [NEXT])
    assert not again.changed
    old = lake.table("sales").read({"ds": [DAY["ds"]]}, ["price"], before.version)
    assert old["price"].to_pylist() == [2.5]
