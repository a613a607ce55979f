"""CSV and Parquet files, headers and files that break off."""

import datetime as dt
import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from causalrec.config.feed import FeedLayout
from causalrec.contracts import Contract, load_contract
from causalrec.errors import ContractError, SourceError
from causalrec.ingest.formats.layout import AS_CONTRACT, Layout
from causalrec.ingest.formats.rows import ReadLimits, read_file
from causalrec.ingest.header import check_header

LANDING = load_contract("landing_events")
PRODUCTS = load_contract("landing_products")
HEADER = "event_id,event_time,user_id,item_id,event_type,price\n"
DAY = dt.date(2026, 3, 1)
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def parse(
    file: Path, landing: Contract = LANDING, max_row_bytes: int = 5_000, layout: Layout = AS_CONTRACT
) -> list[dict[str, Any]]:
    batches = read_file(str(file), file.name, DAY, landing, ReadLimits(max_row_bytes, 1_000), layout)
    return [row for batch in batches for row in batch.to_pylist()]


def marks(rows: list[dict[str, Any]]) -> list[tuple[int, str | None, str | None]]:
    return [(row["source_line"], row["reason"], row["detail"]) for row in rows]


def test_csv_rows(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(
        HEADER.encode()
        + b'e1,2026-03-01T12:00:00Z,u1,"two\nlines",view,1.5\n'
        + b"e2,2026-03-01T12:00:00Z,u1,i1,view,\n"
        + b"e3,2026-03-01T12:00:00Z,u1,i1,view,12a\n"
        + b"e4,2026-03-01T12:00:00Z,,i1,view,1\n"
        + b"e5,too,few\n"
        + b"\n"
        + b"e6,2026-03-01T12:00:00Z,u1,\xff,view,1\n"
        + b'"x"y,z\n'
        + b"e7,2026-03-01T12:00:00Z,u1,i1,view,3\n"
    )
    rows = parse(file)
    assert marks(rows) == [
        (2, None, None),
        (4, None, None),
        (5, None, None),
        (6, "missing_required", "user_id is missing"),
        (7, "unparseable", "3 cells, the header has 6"),
        (9, "invalid_type", "item_id: '\\udcff' is not valid Unicode"),
        (10, "unparseable", "no CSV: ',' expected after '\"'"),
        (11, None, None),
    ]
    assert rows[0]["item_id"] == "two\nlines"
    assert rows[1]["price"] is None
    assert (rows[2]["price"], rows[2]["nulled"]) == (None, ["price invalid_type"])
    assert json.loads(rows[3]["raw"])["item_id"] == "i1"
    assert rows[4]["raw"] == "e5,too,few"
    assert rows[6]["raw"] == '"x"y,z'


def test_csv_cell_over_the_limit(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(HEADER + "e1,2026-03-01T12:00:00Z,u1," + "x" * 6_000 + ",view,1\n")
    (row,) = parse(file)
    assert row["reason"] == "bad_text"
    assert len(row["raw"]) == 1_000


def test_a_quote_that_never_closes_makes_the_file_unreadable(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(HEADER + 'e1,"2026\ne2,x\n')
    assert parse(file)[-1]["reason"] == "unreadable_file"


def test_truncated_gzip_is_unreadable(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl.gz"
    file.write_bytes(gzip.compress(b'{"event_id": "e"}\n' * 5_000)[:-20])
    last = parse(file)[-1]
    assert last["reason"] == "unreadable_file"
    assert last["detail"].startswith("EOFError")


def test_a_missing_file_is_unreadable(tmp_path: Path) -> None:
    (row,) = parse(tmp_path / "gone.jsonl")
    assert row["reason"] == "unreadable_file"


def _parquet(file: Path, **columns: pa.Array) -> Path:
    full = {
        "event_id": pa.array(["e1", "e2"]),
        "event_time": pa.array([NOON, NOON], pa.timestamp("ns", "Europe/Berlin")),
        "user_id": pa.array(["u1", "u2"]).dictionary_encode(),
        "item_id": pa.array(["i1", "i2"], pa.large_string()),
        "event_type": pa.array(["view", "cart"]),
    } | columns
    pq.write_table(pa.table(full), file)
    return file


def test_parquet_rows(tmp_path: Path) -> None:
    file = _parquet(tmp_path / "a.parquet", position=pa.array([1, 2], pa.int64()))
    check_header(str(file), LANDING)
    rows = parse(file)
    assert marks(rows) == [(1, None, None), (2, None, None)]
    assert [(r["event_time"], r["position"], r["user_id"]) for r in rows] == [
        (NOON, 1, "u1"),
        (NOON, 2, "u2"),
    ]


def test_parquet_values_that_do_not_fit(tmp_path: Path) -> None:
    file = _parquet(tmp_path / "a.parquet", position=pa.array([2**40, 2]), user_id=pa.array(["u1", None]))
    rows = parse(file)
    assert marks(rows) == [
        (1, None, None),
        (2, "missing_required", "user_id is missing"),
    ]
    assert (rows[0]["position"], rows[0]["nulled"]) == (None, ["position invalid_type"])
    assert json.loads(rows[1]["raw"])["event_id"] == "e2"


BORDERS = {"ms": 10**3, "us": 10**6, "ns": 10**9}


@pytest.mark.parametrize("unit", BORDERS)
@pytest.mark.parametrize("feed", [{}, {"columns": {"event_time": "event_time"}}])
def test_times_of_parquet_never_turn_into_others(tmp_path: Path, unit: str, feed: dict[str, Any]) -> None:
    """Milliseconds beyond what microseconds hold came out as 1970, and years beyond 9999 broke `check`."""
    noon = int(NOON.timestamp()) * BORDERS[unit]
    far = 10**18 if unit == "ns" else 260_000_000_000 * BORDERS[unit]
    values = [noon, 2**62, -(2**62), far]
    times = pa.array(values, pa.timestamp(unit, "UTC"))
    file = tmp_path / "a.parquet"
    words = {name: pa.array(["x"] * 4) for name in ("event_id", "user_id", "item_id", "event_type")}
    pq.write_table(pa.table(words | {"event_time": times}), file, version="2.6")
    rows = parse(file, layout=Layout(FeedLayout.model_validate(feed)))
    held = [row["event_time"] is not None for row in rows]
    assert held == ([True] * 4 if unit == "ns" else [True, False, False, False])
    assert rows[0]["event_time"] == NOON
    lost = [row for row in rows if row["event_time"] is None]
    assert {(row["reason"], row["detail"]) for row in lost} <= {
        ("invalid_type", "event_time: it is outside the years 1 to 9999")
    }


def test_one_cell_of_parquet_that_is_not_utf8_costs_one_row(tmp_path: Path) -> None:
    garbled = pa.Array.from_buffers(pa.string(), 2, pa.array([b"gr\xfc\xdf", b"a"], pa.binary()).buffers())
    rows = parse(_parquet(tmp_path / "a.parquet", user_id=garbled))
    assert marks(rows) == [(1, "bad_text", "user_id: it is not UTF-8"), (2, None, None)]


def test_parquet_lists_of_references(tmp_path: Path) -> None:
    file = tmp_path / "p.parquet"
    table = {
        "item_id": pa.array(["i1", "i2", "i3"]),
        "image_refs": pa.array([["a.jpg", "b.jpg"], [], None], pa.list_(pa.string())),
        "updated_at": pa.array([NOON] * 3),
    }
    pq.write_table(pa.table(table), file)
    check_header(str(file), PRODUCTS)
    assert [row["image_refs"] for row in parse(file, PRODUCTS)] == [["a.jpg", "b.jpg"], [], None]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"price": pa.array([True, False])}, "column price: expected double, found bool"),
        ({"item_id": pa.array([1, 2])}, "column item_id: expected string, found int64"),
        ({"event_time": pa.array([1, 2])}, "column event_time: expected timestamp, found int64"),
        (
            {"event_time": pa.array([NOON.replace(tzinfo=None)] * 2)},
            r"column event_time: expected timestamp, found timestamp\[us\]",
        ),
        (
            {"colour": pa.array(["a", "b"])},
            r"column colour: not expected \(expected are event_id, event_time",
        ),
    ],
)
def test_retyped_and_new_columns(tmp_path: Path, columns: dict[str, pa.Array], message: str) -> None:
    file = _parquet(tmp_path / "a.parquet", **columns)
    with pytest.raises(ContractError, match=message):
        check_header(str(file), LANDING)


def test_a_column_of_parquet_that_stands_there_twice(tmp_path: Path) -> None:
    file = _parquet(tmp_path / "a.parquet", User_ID=pa.array(["x", "y"]))
    with pytest.raises(ContractError, match="column user_id: expected once, found 2 times"):
        check_header(str(file), LANDING)


def test_missing_and_renamed_columns(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("event_id,event_time,user,item_id,event_type\n")
    with pytest.raises(ContractError, match="column user_id: expected, but missing, found user instead"):
        check_header(str(file), LANDING)
    file.write_text("event_id,event_time,item_id,event_type\n")
    with pytest.raises(
        ContractError, match="column user_id: expected, but missing, found only event_id, event_time"
    ):
        check_header(str(file), LANDING)
    file.write_text("event_id,event_time,user_id,item_id,event_type,price,price\n")
    with pytest.raises(ContractError, match="column price: expected once, found 2 times"):
        check_header(str(file), LANDING)


def test_a_file_that_is_no_parquet(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    file.write_text("<html>")
    with pytest.raises(SourceError, match=r"a\.parquet: this is HTML or XML"):
        check_header(str(file), LANDING)


def test_a_cell_with_very_many_line_breaks_is_one_row(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    breaks = "\n" * 200_000
    file.write_text(
        f'{HEADER}e1,2026-03-01T12:00:00Z,u1,"{breaks}",view,1\ne2,2026-03-01T12:00:00Z,u1,i1,view,1\n'
    )
    rows = parse(file, max_row_bytes=300_000)
    assert marks(rows) == [(2, None, None), (200_003, None, None)]


def test_a_list_over_the_limit_is_a_row_too_long(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    lists = [["x" * 100] * 60, None, ["a.jpg"], []]
    columns = {
        "item_id": ["i1", "i2", "i3", "i4"],
        "updated_at": pa.array([NOON] * 4, pa.timestamp("us", "UTC")),
    }
    pq.write_table(pa.table({**columns, "image_refs": lists}), file)
    rows = parse(file, PRODUCTS)
    problem = ("bad_text", "the row is longer than 5,000 bytes")
    assert marks(rows) == [(1, *problem), (2, None, None), (3, None, None), (4, None, None)]
    assert [row["image_refs"] for row in rows] == [None, None, ["a.jpg"], []]
    assert rows[0]["raw"].startswith('{"item_id": "i1"')
