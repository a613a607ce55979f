"""Columns at a time and rows by themselves read the same, whatever a shop writes."""

import csv
import datetime as dt
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from causalrec.config.feed import FeedLayout
from causalrec.contracts import load_contract
from causalrec.ingest.formats import csv_rows, json_lines, parquet_rows
from causalrec.ingest.formats.layout import Layout
from causalrec.ingest.formats.rows import ReadLimits, read_file

EVENTS, PRODUCTS = load_contract("landing_events"), load_contract("landing_products")
DAY = dt.date(2026, 3, 29)
LIMITS = ReadLimits(max_row_bytes=400, max_raw_chars=200)

NUMBERS = [
    "1", "+1", "-0", "12.5", ".5", "5.", "1e3", "1.234,56", "1,234.56", "1 234,5", "12,5 EUR", "EUR 3", "x",
    "nan", " 7 ", "1'000", "\u00a09", "9" * 30, "$12.50", "12,50 €", "EUR 1.234,50", "-$5", "$-5", "+$-5",
    "US$ 5 USD", "kr. 5,-", "12 PCS", "1,234", "1,234,567", "1.50", "1 234 567.5", "1 23", "n/a", "-",
    " #N/A",
]  # fmt: skip
TIMES = [
    "2026-03-29T02:30:00", "2026-10-25 02:30:00", "2026-03-29 12:00", "2026-03-29T12:00:00Z", "1774780200",
    "2026-03-29T12:00:00.5+01:00", "2026-02-30T12:00:00Z", "1774780200123", "-5", "2026-03-29",
    "0001-01-01T00:00:00Z", "2026-03-29 12:00:00 UTC", "2026-03-29T24:00:00Z", "1774780200.25", "9" * 17,
]  # fmt: skip
WORDS = [
    "", " ", "buy", "Buy", "u1", " u1 ", "null", "ü\u0308", "7", "a,b", 'say "hi"', "tab\there", "x.jpg",
    "a.jpg,b.jpg", "a|b", "true", "0", "line\nbreak",
]  # fmt: skip
TEXTS = st.sampled_from([*NUMBERS, *TIMES, *WORDS])
LIVELY = st.one_of(TEXTS, TEXTS, st.none(), st.integers(-3, 2**40), st.floats(width=32), st.booleans())
FIELDS = ("id", "when", "who", "what", "did", "cost", "place", "spare")
MAPPING = {
    "event_id": {"join": ["id", "who"]},
    "event_time": "when",
    "user_id": "who",
    "item_id": "what",
    "event_type": {"column": "did", "values": {"buy": "purchase", "7": "view", "": "cart"}},
    "price": "cost",
    "position": "place",
}
LAYOUTS = st.fixed_dictionaries(
    {
        "columns": st.just(MAPPING),
        "extra_columns": st.sampled_from(["ignore", "refuse"]),
        "decimal_comma": st.sampled_from([None, False, True]),
        "currency": st.sampled_from(["", "EUR"]),
        "epoch_unit": st.sampled_from(["", "s", "ms", "us", "ns"]),
        "naive_times": st.sampled_from(["refuse", "shop", "UTC"]),
        "number_ids": st.booleans(),
        "only": st.sampled_from([{}, {"did": ["buy", "7"]}, {"spare": [""]}]),
        "filled": st.sampled_from([[], ["what"], ["spare", "what"]]),
    }
)


def rows_of(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    whole = st.fixed_dictionaries(dict.fromkeys(FIELDS, values))
    likely = {
        "id": st.sampled_from(["e1", "e2"]),
        "when": st.sampled_from(TIMES),
        "who": st.just("u1"),
        "what": st.just("i1"),
        "did": st.sampled_from(["buy", "view"]),
        "cost": st.sampled_from(NUMBERS),
        "place": st.sampled_from(["1", "2.5"]),
        "spare": st.just(""),
    }
    return st.lists(st.one_of(st.fixed_dictionaries(likely), whole), min_size=1, max_size=6)


@contextmanager
def row_by_row() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module in (csv_rows, json_lines, parquet_rows):
            patch.setattr(module, "mapped", lambda *given, **named: None)
        yield


def read(file: Path, layout: Layout, landing: Any = EVENTS) -> list[dict[str, Any]]:  # noqa: ANN401
    batches = list(read_file(str(file), file.name, DAY, landing, LIMITS, layout))
    found = pa.Table.from_batches(batches).to_pylist() if batches else []
    return sorted(found, key=lambda row: (row["source_line"], repr(row)))


def same_both_ways(file: Path, chosen: dict[str, Any], landing: Any = EVENTS) -> list[dict[str, Any]]:  # noqa: ANN401
    layout = Layout(FeedLayout.model_validate(chosen), "Europe/Berlin")
    fast = read(file, layout, landing)
    with row_by_row():
        slow = read(file, layout, landing)
    assert repr(fast) == repr(slow)  # repr, for NaN is no NaN's equal
    return fast


def csv_of(rows: list[dict[str, Any]], fields: tuple[str, ...] = FIELDS) -> str:
    target = io.StringIO()
    writer = csv.DictWriter(target, fields, delimiter=";", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("columns")


@settings(max_examples=60, deadline=None)
@given(rows_of(TEXTS), LAYOUTS, st.sampled_from(["", "\n", "a;b\n", '"', "x" * 500 + "\n", "\r", "\x00\n"]))
def test_csv(folder: Path, rows: list[dict[str, Any]], chosen: dict[str, Any], odd: str) -> None:
    file = folder / "a.csv"
    text = csv_of(rows)
    file.write_bytes((text + odd + text.partition("\n")[2]).encode())
    same_both_ways(file, chosen | {"delimiter": ";", "extra_columns": "ignore"})


@settings(max_examples=60, deadline=None)
@given(rows_of(LIVELY), LAYOUTS)
@example(
    [{"when": "2026-10-25 02:30:00", "who": 7}],
    {"columns": MAPPING, "naive_times": "shop", "number_ids": True},
)
def test_json(folder: Path, rows: list[dict[str, Any]], chosen: dict[str, Any]) -> None:
    file = folder / "a.jsonl"
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    same_both_ways(file, chosen)


KINDS = {
    "texts": TEXTS,
    "numbers": st.integers(-3, 2**40),
    "floats": st.floats(width=32),
    "truths": st.booleans(),
    "times": st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)),
    "keys": st.decimals(-(10**20), 10**20, places=0),
    "money": st.decimals(-(10**9), 10**9, places=4),
}


@settings(max_examples=40, deadline=None)
@given(st.data(), LAYOUTS)
def test_parquet(folder: Path, data: st.DataObject, chosen: dict[str, Any]) -> None:
    size = data.draw(st.integers(1, 4))
    columns = {}
    for field in FIELDS:
        kind = KINDS[data.draw(st.sampled_from(sorted(KINDS)))]
        values = data.draw(st.lists(st.one_of(st.none(), kind), min_size=size, max_size=size))
        columns[field] = pa.array(values)
    file = folder / "a.parquet"
    pq.write_table(pa.table(columns), file)
    same_both_ways(file, chosen)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=5), st.sampled_from(["", "|", ","]))
def test_lists_of_pictures(folder: Path, rows: list[tuple[str, str, str]], separator: str) -> None:
    file = folder / "p.csv"
    named = [dict(zip(("sku", "name", "pictures"), row, strict=True)) for row in rows]
    file.write_text(csv_of(named, ("sku", "name", "pictures")))
    columns = {
        "item_id": "sku",
        "title": "name",
        "image_refs": "pictures",
        "updated_at": {"arrival_date": True},
    }
    chosen = {"columns": columns, "list_separator": separator, "extra_columns": "ignore"}
    same_both_ways(file, chosen, PRODUCTS)


@pytest.mark.slow
def test_a_large_file_goes_by_columns_and_keeps_its_line_numbers(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than one block; one row of another width, one cell over two lines, one row that cannot be read."""
    lines = [f"e{n};2026-03-29T12:00:00Z;u{n};i1;buy;{n},5;{n};" for n in range(20_000)]
    lines[5_000], lines[15_000] = "a;b", 'e;2026-03-29T12:00:00Z;"u\nx";i1;buy;1;1;'
    lines[16_000] = lines[16_000].replace("2026", "Y")
    file = folder / "large.csv"
    file.write_text(";".join(FIELDS) + "\n" + "\n".join(lines) + "\n")
    chosen = {"columns": MAPPING, "decimal_comma": True, "extra_columns": "ignore"}
    one_by_one = []
    real = csv_rows._rows_batch

    def counted(rows: list[csv_rows.CsvRow], how: csv_rows.CsvReading) -> pa.RecordBatch:
        one_by_one.append(len(rows))
        return real(rows, how)

    monkeypatch.setattr(csv_rows, "_rows_batch", counted)
    found = read(file, Layout(FeedLayout.model_validate(chosen)))
    assert len(found) == 20_000
    assert [row["source_line"] for row in found[14_999:15_002]] == [15_001, 15_002, 15_004]
    assert [row["source_line"] for row in found if row["reason"]] == [5_002, 16_003]
    assert found[-1]["price"] == 19_999.5
    assert sum(one_by_one) < 8_000  # a block with a cell over two lines, some rows around the short one
    by_columns = {row["event_id"]: row for row in found}
    with row_by_row():
        again = {row["event_id"]: row for row in read(file, Layout(FeedLayout.model_validate(chosen)))}
    assert by_columns == again


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_clean_rows_of_a_mapped_file_are_never_read_by_themselves(
    folder: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    values = {
        "id": "e1",
        "when": "2026-03-29 12:00:00",
        "who": "u1",
        "what": "i1",
        "did": "buy",
        "cost": "1,5",
    }
    rows = [values | {"place": str(n), "spare": "y" if n % 2 else ""} for n in range(1, 501)]
    file = folder / f"clean.{ending}"
    match ending:
        case "csv":
            file.write_text(csv_of(rows))
        case "jsonl":
            file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        case _:
            pq.write_table(pa.Table.from_pylist(rows), file)
    for module in (csv_rows, json_lines, parquet_rows):
        monkeypatch.delattr(module, "rows_batch")
    chosen = {"columns": MAPPING, "decimal_comma": True, "naive_times": "shop", "filled": ["spare"]}
    layout = Layout(FeedLayout.model_validate(chosen | {"extra_columns": "ignore"}), "Europe/Berlin")
    found = read(file, layout)
    assert [row["reason"] for row in found] == [None, "left_out"] * 250
    good = [row for row in found if row["reason"] is None]
    assert len(good) == 250
    expected = {"event_id": "e1:u1", "event_type": "purchase", "price": 1.5, "position": good[0]["position"]}
    assert {name: good[0][name] for name in expected} == expected
    assert good[0]["event_time"] == dt.datetime(2026, 3, 29, 10, tzinfo=dt.UTC)
