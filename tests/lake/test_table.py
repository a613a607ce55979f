"""Replace, append and read on real Delta tables."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from causalrec.errors import ContractError, LakeError, PinError
from causalrec.lake import Lake, LakeTable
from causalrec.lake.digest import Digest
from causalrec.lake.files import NewFile
from causalrec.lake.write import write_append
from causalrec.store import Location

from .tables import ids, rows

DAY, NEXT = {"ds": "2026-03-01"}, {"ds": "2026-03-02"}


def data_files(table: LakeTable) -> set[str]:
    folder = Path(table.location.uri)
    return {str(path.relative_to(folder)) for path in folder.rglob("*.parquet")}


def live_files(table: LakeTable) -> set[str]:
    found = table.snapshot()
    return {file.path for file in found.files} if found else set()


def test_nothing_yet(sales: LakeTable) -> None:
    assert not sales.exists()
    assert sales.read().schema == sales.schema
    assert sales.read(columns=["ds", "id"]).column_names == ["ds", "id"]
    assert sales.partitions() == []
    with pytest.raises(PinError, match="does not exist yet"):
        sales.version()


def test_replace_and_read_back_every_type(sales: LakeTable) -> None:
    given = rows(
        "a", "b", "c",
        n=[1, None, -3], price=[0.5, -0.0, None], ok=[True, None, False],
        at=[0, None, 1_234_567], tags=[["x", None], [], None], vector=[[1.5], [], None],
    )  # fmt: skip
    written = sales.replace(given, DAY)
    assert (written.partition, written.version, written.rows, written.changed) == (
        "ds=2026-03-01",
        1,
        3,
        True,
    )
    found = sales.read()
    assert found.schema == sales.schema
    assert found.drop_columns(["ds"]).equals(given)
    assert {str(day) for day in found["ds"].to_pylist()} == {"2026-03-01"}


def test_only_the_named_partition_is_replaced(sales: LakeTable) -> None:
    sales.replace(rows("a"), DAY)
    sales.replace(rows("b"), NEXT)
    sales.replace(rows("c", "d"), DAY)
    assert ids(sales, ds="2026-03-01") == ["c", "d"]
    assert ids(sales, ds="2026-03-02") == ["b"]
    assert sales.upto("ds", "2026-03-01") == ["2026-03-01"]
    assert sales.upto("ds", "2026-12-31") == ["2026-03-01", "2026-03-02"]


def test_same_content_makes_no_commit_and_leaves_no_file(sales: LakeTable) -> None:
    first = sales.replace(rows("a", "b"), DAY)
    files = data_files(sales)
    again = sales.replace(rows("b", "a"), DAY)
    assert (again.changed, again.version, again.digest, again.bytes) == (False, 1, first.digest, first.bytes)
    assert sales.version() == 1
    assert data_files(sales) == files == live_files(sales)


def test_old_versions_stay_readable(sales: LakeTable) -> None:
    sales.replace(rows("a"), DAY)
    sales.replace(rows("b"), DAY)
    assert ids(sales, version=1) == ["a"]
    assert ids(sales, version=0) == []
    assert ids(sales) == ["b"]


def test_empty_is_refused_and_the_old_content_stays(sales: LakeTable) -> None:
    sales.replace(rows("a"), DAY)
    with pytest.raises(LakeError, match="no rows for ds=2026-03-01"):
        sales.replace(rows(), DAY)
    assert ids(sales) == ["a"]
    emptied = sales.replace(rows(), DAY, allow_empty=True)
    assert (emptied.rows, emptied.changed, sales.read().num_rows) == (0, True, 0)
    assert not sales.replace(rows(), DAY, allow_empty=True).changed


def test_rows_outside_are_refused_and_nothing_is_left(sales: LakeTable) -> None:
    sales.replace(rows("a"), DAY)
    version, files = sales.version(), data_files(sales)
    data = sales.read().append_column("x", pa.nulls(1)).drop_columns(["x"])
    with pytest.raises(LakeError, match="1 of 1 rows lie outside ds=2026-03-02"):
        sales.replace(data, NEXT)
    assert (sales.version(), data_files(sales)) == (version, files)


def test_a_failed_write_leaves_no_file(sales: LakeTable, monkeypatch: pytest.MonkeyPatch) -> None:
    sales.replace(rows("a"), DAY)
    files = data_files(sales)

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("causalrec.lake.write.commit_replacement", fail)
    with pytest.raises(OSError, match="disk full"):
        sales.replace(rows("b"), DAY)
    assert data_files(sales) == files
    assert sales.location.listing("_attempts") == []


def test_a_file_damaged_while_written_is_not_committed(
    sales: LakeTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    from causalrec.lake import files

    honest = files.read_back

    def damaged(location: Location, path: str, schema: pa.Schema) -> Digest:
        found = honest(location, path, schema)
        return Digest(found.rows - 1, found.low, found.high)

    monkeypatch.setattr(files, "read_back", damaged)
    with pytest.raises(LakeError, match="read back 1 rows"):
        sales.replace(rows("a", "b"), DAY)
    assert sales.read().num_rows == 0
    assert data_files(sales) == set()


@pytest.mark.parametrize(
    "partition", [{}, {"ds": ""}, {"ds": "yesterday"}, {"ds": "2026-02-30"}, {"day": "2026-03-01"}]
)
def test_a_wrong_partition_is_refused(sales: LakeTable, partition: dict[str, str]) -> None:
    with pytest.raises(LakeError):
        sales.replace(rows("a"), partition)


def test_unknown_filter_is_refused(sales: LakeTable) -> None:
    sales.replace(rows("a"), DAY)
    with pytest.raises(LakeError, match="cannot filter by id"):
        sales.read({"id": ["a"]})


def test_two_partition_columns(lake: Lake) -> None:
    table = lake.table("two_keys")
    for kind in ("x", "y"):
        table.replace(pa.table({"n": [1, 2]}), {"ds": "2026-03-01", "kind": kind})
    written = table.replace(pa.table({"n": [3]}), {"kind": "x", "ds": "2026-03-01"})
    assert written.partition == "kind=x/ds=2026-03-01"
    assert table.read({"kind": ["x"]}, ["n"]).to_pylist() == [{"n": 3}]
    assert table.read({"kind": ["y"]}).num_rows == 2


@pytest.mark.parametrize("value", ["a/b:c", "größe 1%", "x=y", "..", "🙂", "a\\b", "50%25"])
def test_any_text_is_a_partition_value(lake: Lake, value: str) -> None:
    log = lake.table("log")
    log.append(pa.table({"line": ["1"], "source": [value]}))
    table = lake.table("two_keys")
    for n in (1, 2):
        table.replace(pa.table({"n": [n]}), {"kind": value, "ds": "2026-03-01"})
    assert log.read({"source": [value]}).to_pylist() == [{"line": "1", "source": value}]
    assert table.read({"kind": [value]}, ["n", "kind"]).to_pylist() == [{"n": 2, "kind": value}]


def test_files_that_a_repeated_task_left_beside_an_append_are_swept(lake: Lake) -> None:
    """A task of Spark that ran twice wrote files of the same attempt twice; one set is committed."""
    log = lake.table("log")
    rows = pa.table({"line": ["1"], "source": ["a"]}).cast(log.schema)

    def store(attempt: str) -> list[NewFile]:
        log.store(rows, attempt)
        return log.store(rows, attempt)

    assert write_append(log, store).rows == 1
    assert len(list(Path(log.location.uri).rglob("*.parquet"))) == 1
    assert log.read().num_rows == 1


def test_append_adds_and_keeps(lake: Lake) -> None:
    log = lake.table("log")
    first = log.append(pa.table({"line": ["1"], "source": ["a"]}))
    both = log.append(pa.table({"line": ["2", "3"], "source": ["a", "b"]}))
    assert (first.partition, first.rows, both.partition, both.rows, both.version) == ("source=a", 1, "", 2, 2)
    assert sorted(log.read()["line"].to_pylist()) == ["1", "2", "3"]
    nothing = log.append(log.schema.empty_table())
    assert (nothing.changed, log.version()) == (False, 2)


def test_the_declared_way_of_writing_is_kept(lake: Lake, sales: LakeTable) -> None:
    with pytest.raises(LakeError, match="declared write: append, not replace"):
        lake.table("log").replace(pa.table({"line": ["1"]}), {"source": "a"})
    with pytest.raises(LakeError, match="declared write: replace, not append"):
        sales.append(rows("a").append_column("ds", pa.array(["2026-03-01"]).cast(pa.date32())))


def test_files_are_bounded(make_lake: Callable[..., Lake]) -> None:
    table = make_lake(file_mb=1, row_group_mb=1).table("sales")
    many = rows(*(f"{n:040d}" for n in range(60_000)))
    written = table.replace(many, DAY)
    assert written.rows == 60_000
    assert len(live_files(table)) > 2
    assert table.replace(many.take(pa.array(range(59_999, -1, -1))), DAY).changed is False


def test_a_re_typed_contract_is_noticed(tmp_path: Path, sales: LakeTable) -> None:
    from dataclasses import replace

    from .tables import SALES

    sales.replace(rows("a"), DAY)
    index = SALES.arrow_schema.get_field_index("n")
    changed = replace(SALES, arrow_schema=SALES.arrow_schema.set(index, pa.field("n", pa.string())))
    with pytest.raises(ContractError, match=r"sales\.n: expected string, found int64"):
        Lake(str(tmp_path / "lake"), contracts=lambda _: changed).table("sales").read()
