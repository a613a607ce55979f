"""Writers at the same time; the final state is exact."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from causalrec.errors import ConflictError
from causalrec.lake import Lake, LakeTable
from causalrec.lake.files import NewFile
from causalrec.lake.guard import conform
from causalrec.lake.write import write_replacement

from .tables import ids, rows

DAY = {"ds": "2026-03-01"}
WRITERS = 8


def replace_while(table: LakeTable, name: str, meanwhile: Callable[[], object]) -> None:
    """A replacement during which something else happens, after it has seen the table."""

    def store(attempt: str) -> list[NewFile]:
        meanwhile()
        return table.store(conform(rows(name), table.schema, table.name, DAY), attempt)

    write_replacement(table, [DAY], False, store)


@pytest.mark.parametrize("held", [True, False], ids=["over old rows", "in an empty partition"])
def test_two_writers_of_one_partition(sales: LakeTable, held: bool) -> None:
    if held:
        sales.replace(rows("old"), DAY)
    with pytest.raises(ConflictError, match="another writer replaced it"):
        replace_while(sales, "slow", lambda: sales.replace(rows("fast"), DAY))
    assert ids(sales) == ["fast"]
    assert sales.location.listing("_attempts") == []


def test_a_writer_of_another_partition_is_no_conflict(sales: LakeTable) -> None:
    replace_while(sales, "slow", lambda: sales.replace(rows("fast"), {"ds": "2026-03-02"}))
    assert ids(sales) == ["fast", "slow"]


def test_eight_writers_of_eight_partitions(lake: Lake) -> None:
    start = threading.Barrier(WRITERS)

    def write(index: int) -> int:
        table = lake.table("sales")
        start.wait()
        return table.replace(rows(f"row{index}", "same"), {"ds": f"2026-03-{index + 1:02d}"}).version

    with ThreadPoolExecutor(WRITERS) as pool:
        versions = list(pool.map(write, range(WRITERS)))
    sales = lake.table("sales")
    assert sorted(versions) == list(range(1, WRITERS + 1))
    assert ids(sales) == sorted([f"row{index}" for index in range(WRITERS)] + ["same"] * WRITERS)
    assert len(sales.partitions()) == WRITERS


def test_eight_writers_of_one_partition(lake: Lake) -> None:
    start = threading.Barrier(WRITERS)

    def write(index: int) -> str | None:
        start.wait()
        try:
            lake.table("sales").replace(rows(f"row{index}"), DAY)
        except ConflictError:
            return None
        return f"row{index}"

    with ThreadPoolExecutor(WRITERS) as pool:
        winners = {name for name in pool.map(write, range(WRITERS)) if name}
    found = ids(lake.table("sales"))
    assert len(found) == 1
    assert found[0] in winners


def test_eight_appends(lake: Lake) -> None:
    def write(index: int) -> None:
        lake.table("log").append(pa.table({"line": [str(index)], "source": ["a"]}))

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    assert sorted(lake.table("log").read()["line"].to_pylist()) == [str(index) for index in range(WRITERS)]


def test_a_reader_keeps_its_version(sales: LakeTable) -> None:
    sales.replace(rows("a"), DAY)
    snapshot = sales.created()
    sales.replace(rows("b"), DAY)
    assert snapshot.read(snapshot.select(None), ["id"]).to_pylist() == [{"id": "a"}]
