"""One user leaves a table, its history and its log; everybody else stays."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from causalrec.errors import PinError
from causalrec.lake import Lake, LakeTable
from causalrec.lake.upkeep.erase import Erased, erase_rows
from causalrec.lake.upkeep.subject import Subject
from tests.lake.tables import VISITS, rows

DAY, NEXT = {"ds": "2026-03-01"}, {"ds": "2026-03-02"}
USER = "u1"
WHO = Subject.user(USER)


def visits(*users: str | None, raw: str = "") -> pa.Table:
    schema = pa.schema([field for field in VISITS.arrow_schema if field.name != "ds"])
    columns = {"user_id": list(users), "n": list(range(len(users))), "raw": [raw] * len(users)}
    return pa.table(columns, schema=schema)


def users(table: LakeTable, version: int | None = None) -> list[str]:
    return sorted(str(user) for user in table.read(None, ["user_id"], version)["user_id"].to_pylist())


def bytes_of(table: LakeTable) -> bytes:
    """All that lies on disk, Parquet decoded."""
    found = []
    for path in sorted(Path(table.location.uri).rglob("*")):
        if path.suffix == ".parquet":
            with pq.ParquetFile(path) as file:
                found.append(str(file.read().to_pylist()).encode())
        elif path.is_file():
            found.append(path.read_bytes())
    return b"\n".join(found)


@pytest.fixture
def table(lake: Lake) -> LakeTable:
    """u1 in two partitions and in an older version; a version without u1 stays whole."""
    visits_table = lake.table("visits")
    visits_table.replace(visits("u0", "u2"), DAY)
    visits_table.replace(visits("u0", USER), DAY)
    visits_table.replace(visits("u0", USER, "u11"), DAY)
    visits_table.replace(visits(USER), NEXT)
    return visits_table


def test_gone_from_the_table_and_its_history(table: LakeTable) -> None:
    assert b"'u1'" in bytes_of(table)
    assert erase_rows(table, WHO, really=False) == Erased(rows=2, old_files=1)
    assert users(table) == ["u0", "u1", "u1", "u11"]
    assert erase_rows(table, WHO, really=True) == Erased(rows=2, old_files=1)
    assert users(table) == ["u0", "u11"]
    found = bytes_of(table)
    assert b"'u1'" not in found
    assert b'"u1' not in found
    assert (users(table, 1), table.partitions()) == (["u0", "u2"], [DAY])
    with pytest.raises(PinError, match="data files are gone"):
        users(table, 2)
    version = table.version()
    assert not erase_rows(table, WHO, really=True)
    assert table.version() == version


@pytest.mark.parametrize(
    ("raw", "gone"),
    [
        ('{"user_id": "u1", "price": -1}', True),
        ('{"user_id":"u1"', True),  # cut in the middle
        ("user_id: 'u1' is no id", True),
        ("u1,i003,view", True),  # no JSON at all
        ('["u1"]', True),
        ('{"user_id": ["u1"], "n": 1}', True),
        ('{"user_id":"\\u00751x","n":1', False),
        ("&quot;u1&quot;", True),
        ("id%3Du1%20", True),
        ('{"user_id": "u2", "note": "u1 likes it"}', True),
        ('{"user_id": "u11", "item_id": "au1"}', False),
        ("u11;u-1;1u1", False),
    ],
)
def test_rows_that_mention_the_user(lake: Lake, raw: str, gone: bool) -> None:
    table = lake.table("visits")
    table.replace(visits(None, raw=raw), DAY)
    assert bool(erase_rows(table, WHO, really=True)) is gone
    assert table.read().num_rows == (0 if gone else 1)


def test_ids_that_are_numbers_or_patterns(lake: Lake) -> None:
    table = lake.table("visits")
    table.replace(visits(None, raw='{"user_id": 17, "n": 1}'), DAY)
    table.replace(visits("a.b", "axb"), NEXT)
    assert not erase_rows(table, Subject.user("1"), really=True)
    assert erase_rows(table, Subject.user("17"), really=True).rows == 1
    assert erase_rows(table, Subject.user("a.b"), really=True).rows == 1
    assert users(table) == ["axb"]


def test_a_log_that_shows_the_user_is_cut(lake: Lake) -> None:
    """Another writer put smallest and largest values into the log; ours leaves them out for such columns."""
    table = lake.table("visits")
    schema = VISITS.arrow_schema
    day = pa.array([20_513] * 2, pa.date32())
    for mode, names in (("error", ["u0", USER]), ("overwrite", ["u0", "u5"])):
        data = pa.table({"user_id": names, "n": [1, 2], "raw": ["", ""], "ds": day}).cast(schema)
        write_deltalake(table.location.uri, data, partition_by=["ds"], mode=mode)
    assert b"u1" in bytes_of(table)
    assert erase_rows(table, WHO, really=True) == Erased(old_files=1, log_entries=1)
    assert users(table) == ["u0", "u5"]
    assert b"u1" not in bytes_of(table)
    assert not erase_rows(table, WHO, really=True)


def test_tables_without_users_are_left_alone(make_lake: Callable[..., Lake]) -> None:
    sales = make_lake().table("sales")
    sales.replace(rows(USER), DAY)
    assert not erase_rows(sales, WHO, really=True)
    assert sales.version() == 1


def test_own_log_shows_no_user(table: LakeTable) -> None:
    entries = sorted((Path(table.location.uri) / "_delta_log").glob("*.json"))
    stats = [
        json.loads(action["add"]["stats"])
        for entry in entries
        for action in map(json.loads, entry.read_text().splitlines())
        if "add" in action
    ]
    assert [sorted(found["minValues"]) for found in stats] == [["n"]] * 4
