"""Rows inherit cells from the row above, whatever the format, and keep them when they are tried again."""

import csv
import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from causalrec.config.feed import FeedLayout, FillDown
from causalrec.contracts import load_contract
from causalrec.errors import ContractError
from causalrec.ingest.formats.fill_down import Above
from causalrec.ingest.formats.layout import Layout
from causalrec.ingest.formats.rows import ReadLimits, read_file
from causalrec.ingest.header import check_header
from causalrec.ingest.retry import PLACE, RowTask

DAY = dt.date(2026, 3, 1)
LANDING = load_contract("landing_products")
NAMES = ["handle", "sku", "name", "maker", "price"]
ROWS = [
    ["tee", "tee-s", "Tee", "Acme", "10"],
    ["tee", "tee-m", "", "", "11"],
    ["tee", "", "", "", ""],  # a picture, say
    ["tee", "tee-l", "", "Acme & Sons", "12"],
    ["tee", "tee-xl", "", "", "13"],
    ["cap", "cap-1", "", "", "5"],
    ["", "gift", "", "", "20"],
    ["", "tip", "Tip", "", "1"],
    ["", "tip-2", "", "", "2"],
]
TREE: dict[str, Any] = {
    "columns": {"item_id": "sku", "title": "name", "brand": "maker", "updated_at": {"arrival_date": True}},
    "fill_down": {"by": "handle", "columns": ["name", "maker"]},
    "filled": ["sku"],
}
LAYOUT = Layout(FeedLayout.model_validate(TREE))
FOUND = [
    ("tee-s", "Tee", "Acme"), ("tee-m", "Tee", "Acme"), (None, None, None), ("tee-l", "Tee", "Acme & Sons"),
    ("tee-xl", "Tee", "Acme & Sons"), ("cap-1", None, None), ("gift", None, None), ("tip", "Tip", None),
    ("tip-2", None, None),
]  # fmt: skip


def written(kind: str) -> bytes:
    if kind == "csv":
        text = io.StringIO()
        csv.writer(text).writerows([NAMES, *ROWS])
        return text.getvalue().encode()
    trees = [{n: v for n, v in zip(NAMES, row, strict=True) if v or kind == "parquet"} for row in ROWS]
    if kind == "jsonl":
        return "".join(json.dumps(tree) + "\n" for tree in trees).encode()
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([{n: v or None for n, v in t.items()} for t in trees]), sink)
    return sink.getvalue()


def read(file: Path, layout: Layout = LAYOUT) -> list[dict[str, Any]]:
    check_header(str(file), LANDING, layout)
    batches = read_file(str(file), file.name, DAY, LANDING, ReadLimits(10_000, 5_000), layout)
    return [row for batch in batches for row in batch.to_pylist()]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_empty_cells_take_the_value_above_within_one_key(tmp_path: Path, kind: str) -> None:
    (tmp_path / "p").write_bytes(written(kind))
    rows = read(tmp_path / "p")
    assert [(row["item_id"], row["title"], row["brand"]) for row in rows] == FOUND
    assert [row["reason"] for row in rows] == [None, None, "left_out", *[None] * 6]


@pytest.mark.slow
def test_rows_inherit_over_many_blocks(tmp_path: Path) -> None:
    lines = [",".join(NAMES), "tee,s0,Tee,Acme,1", *(f"tee,s{i},,,1" for i in range(1, 17_000))]
    (tmp_path / "p.csv").write_text("\n".join(lines) + "\n")
    found = read(tmp_path / "p.csv")
    assert [row["item_id"] for row in found] == [f"s{i}" for i in range(17_000)]
    assert {(row["title"], row["brand"]) for row in found} == {("Tee", "Acme")}


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_rejected_row_keeps_what_it_inherited(tmp_path: Path, kind: str) -> None:
    (tmp_path / "p").write_bytes(written(kind))
    taken = {**TREE["columns"], "updated_at": "price"}  # a price is no time
    strict = Layout(FeedLayout.model_validate({**TREE, "columns": taken}))
    rejected = [row for row in read(tmp_path / "p", strict) if row["reason"] == "invalid_type"]
    assert len(rejected) == 8
    kept = pa.RecordBatch.from_pylist([{n: row[n] for n in ("raw", *PLACE)} for row in rejected])
    (again,) = RowTask(LANDING, LAYOUT, 5_000)([kept])
    good = [one for one in FOUND if one[0]]
    assert [(row["item_id"], row["title"], row["brand"]) for row in again.to_pylist()] == good


@pytest.mark.parametrize(
    ("rule", "text"),
    [("by", "[landing.products] fill_down needs it"), ("columns", "[landing.products] fill_down needs it")],
)
def test_a_rule_about_a_column_that_is_not_there_is_refused(tmp_path: Path, rule: str, text: str) -> None:
    (tmp_path / "p").write_bytes(written("csv"))
    wrong = {"by": "handle", "columns": ["name"]} | {rule: "absent" if rule == "by" else ["absent"]}
    with pytest.raises(ContractError) as caught:
        read(tmp_path / "p", Layout(FeedLayout.model_validate({**TREE, "fill_down": wrong})))
    assert text in str(caught.value)


@pytest.mark.parametrize("rule", [{"by": "handle"}, {"columns": ["name"]}])
def test_half_a_rule_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="give both by and columns"):
        FillDown.model_validate(rule)


CELL = st.sampled_from([None, "", "x", "y"])


@given(st.lists(st.fixed_dictionaries({"k": CELL, "a": CELL, "b": CELL}), max_size=12))
def test_a_row_takes_the_nearest_value_above_it_in_its_run_of_equal_keys(rows: list[dict[str, Any]]) -> None:
    above = Above(FillDown(by="k", columns=("a",)))
    found = [above.filled(row) for row in rows]
    for i, row in enumerate(rows):
        run = i
        while row["k"] and run and rows[run - 1]["k"] == row["k"]:
            run -= 1
        values = [one["a"] for one in rows[run : i + 1] if one["a"]]
        assert (found[i].get("a") or None) == (values[-1] if values else None)
        assert (found[i].get("b") or None) == (row["b"] or None)
