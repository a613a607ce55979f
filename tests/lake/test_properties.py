"""What other engines are told, and what they did all the same is seen."""

from dataclasses import replace
from pathlib import Path

import pytest
from deltalake import DeltaTable, Schema

from causalrec.config.lake import LakeSettings
from causalrec.contracts import load_contract, table_names
from causalrec.errors import PinError
from causalrec.lake import Lake, LakeTable
from causalrec.lake.properties import A_YEAR
from causalrec.lake.upkeep.describe import describe
from causalrec.lake.upkeep.vacuum import vacuum

from .tables import SALES, ids, rows

DAY, NEXT = {"ds": "2026-03-01"}, {"ds": "2026-03-02"}
TOLD = replace(SALES, descriptions={"id": "What was sold", "ds": "Day"})


@pytest.fixture
def sales(tmp_path: Path) -> LakeTable:
    return Lake(str(tmp_path / "lake"), LakeSettings(vacuum_hours=0), lambda _: TOLD).table("sales")


def comments(table: LakeTable) -> dict[str, str]:
    fields = table.created().delta.schema().fields
    return {column.name: column.metadata["comment"] for column in fields if "comment" in column.metadata}


def test_a_new_table_tells_what_to_keep_and_what_columns_mean(sales: LakeTable) -> None:
    sales.replace(rows("a"), DAY)
    assert sales.created().delta.metadata().configuration == {
        "delta.logRetentionDuration": A_YEAR,
        "delta.deletedFileRetentionDuration": A_YEAR,
        "delta.enableExpiredLogCleanup": "false",
    }
    assert comments(sales) == {"id": "What was sold", "ds": "Day"}
    assert (describe(sales), sales.version()) == (0, 1)


def test_an_older_table_is_told_once(sales: LakeTable) -> None:
    DeltaTable.create(sales.location.uri, Schema.from_arrow(sales.schema), partition_by=["ds"])
    sales.replace(rows("a"), DAY)
    assert describe(sales) == 3  # the properties, two columns
    assert (describe(sales), ids(sales)) == (0, ["a"])
    assert comments(sales) == {"id": "What was sold", "ds": "Day"}
    assert sales.replace(rows("b"), DAY).changed


def test_a_vacuum_of_another_engine_keeps_pins(sales: LakeTable) -> None:
    """By the properties, as engines read them; only one that is told to ignore them takes more."""
    for name in "abc":
        sales.replace(rows(name), DAY)
    assert sales.created().delta.vacuum(dry_run=False) == []
    assert [ids(sales, version=version) for version in (1, 2, 3)] == [["a"], ["b"], ["c"]]
    assert vacuum(sales, {2}).files == 1  # ours goes by its settings and the pins
    assert ids(sales, version=2) == ["b"]


def test_what_another_engine_took_is_found(sales: LakeTable) -> None:
    sales.require_whole()  # nothing was ever written
    sales.replace(rows("a"), DAY)
    sales.replace(rows("b"), NEXT)
    sales.require_whole()
    sales.location.delete([sales.created().files[0].path])
    with pytest.raises(PinError, match=r"sales@2: 1 of 2 data files are gone, first ds=2026-03-01/"):
        sales.require_whole()


@pytest.mark.parametrize("name", table_names())
def test_every_column_of_every_table_has_a_description(name: str) -> None:
    contract = load_contract(name)
    assert set(contract.descriptions) == set(contract.column_names)
    assert all(contract.descriptions.values())
