"""What is kept of rows and fields is read as the layout of today says."""

import datetime as dt
import json
import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from causalrec.config.feed import FeedLayout
from causalrec.config.landing import LandingSettings
from causalrec.contracts import load_contract
from causalrec.ingest.formats.layout import Layout
from causalrec.ingest.formats.rows import ReadLimits, read_file
from causalrec.ingest.retry import FieldTask, RowTask

DAY = dt.date(2026, 3, 1)
LANDING = load_contract("landing_events")
COLUMNS = {
    "event_id": "No", "event_time": "Zeit", "user_id": "Kunde", "item_id": "Artikel",
    "event_type": {"value": "purchase"}, "session_id": "Sitzung",
}  # fmt: skip
HEADER = "No;Zeit;Kunde;Artikel;Sitzung;Farbe"


def parsed(work: Path, layout: Layout, *lines: str) -> list[dict[str, Any]]:
    (work / "a.csv").write_text("\n".join([HEADER, *lines]) + "\n")
    limits = ReadLimits(10_000, 500)
    return [
        row
        for batch in read_file(str(work / "a.csv"), "a.csv", DAY, LANDING, limits, layout)
        for row in batch.to_pylist()
    ]


def tried(layout: Layout, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept = [
        {name: row[name] for name in ("raw", "arrival_date", "source_file", "source_line")} for row in rows
    ]
    (batch,) = RowTask(LANDING, layout, 500)([pa.RecordBatch.from_pylist(kept)])
    return list(batch.to_pylist())


def test_rejected_rows_of_a_foreign_layout_are_read_as_it_says_today(tmp_path: Path) -> None:
    strict = Layout(
        FeedLayout.model_validate({"columns": COLUMNS, "extra_columns": "ignore"}), "Europe/Berlin"
    )
    mended = Layout(strict.feed.model_copy(update={"naive_times": "shop"}), "Europe/Berlin")
    lines = ["1;2026-03-01 12:00:00;k;a;;rot", "2;gestern;k;a;s;", "3;2026-03-01 12:00:00;;a;s;", "4;zu;viel"]
    rejected = parsed(tmp_path, strict, *lines)
    assert [row["reason"] for row in rejected] == ["invalid_type"] * 3 + ["unparseable"]
    again, fresh = tried(mended, rejected), parsed(tmp_path, mended, *lines)
    reasons = [None, "invalid_type", "missing_required", "unparseable"]
    assert [row["reason"] for row in again] == [row["reason"] for row in fresh] == reasons
    assert {k: v for k, v in again[0].items() if k != "raw"} == {
        k: v for k, v in fresh[0].items() if k != "raw"
    }
    assert again[0]["event_time"] == dt.datetime(2026, 3, 1, 11, tzinfo=dt.UTC)
    assert again[0]["session_id"] is None


def test_a_row_is_read_again_by_the_layout_and_the_folders_of_its_file() -> None:
    own = {"columns": {"event_time": "at", "event_type": {"column": "art", "values": {"Kauf": "purchase"}}},
           "epoch_unit": "s", "extra_columns": "ignore"}  # fmt: skip
    settings = LandingSettings.model_validate({"events": {"files": {"hits/*": own}}})
    layout = Layout.of(LANDING, settings)
    ids = {"event_id": "e", "user_id": "u", "item_id": "i"}
    kept = [("hits/art=Kauf/a.jsonl", {**ids, "at": 1772366400, "price": "1,5"}),
            ("event_type=cart/b.jsonl", {**ids, "event_time": "2026-03-01T12:00:00Z"})]  # fmt: skip
    places = [
        {"raw": json.dumps(row), "arrival_date": DAY, "source_file": name, "source_line": 1}
        for name, row in kept
    ]
    assert [(row["event_type"], row["reason"]) for row in tried(layout, places)] == [
        ("purchase", None), ("cart", None),
    ]  # fmt: skip


def test_values_that_were_read_take_the_words_of_the_layout_only() -> None:
    words = {"event_type": {"column": "kind", "values": {"Kauf": "purchase"}}, "event_time": "when"}
    layout = Layout(FeedLayout.model_validate({"columns": words, "decimal_comma": True}))
    kept = {
        "event_id": "e", "event_time": "2026-03-01T12:00:00Z", "user_id": "u", "item_id": "i",
        "event_type": "Kauf", "price": 1.5,
    }  # fmt: skip
    place = {"raw": json.dumps(kept), "arrival_date": DAY, "source_file": "a", "source_line": 1}
    (row,) = tried(layout, [place])
    assert (row["reason"], row["event_type"], row["price"], row["unknown"]) == (None, "purchase", 1.5, None)


@pytest.mark.parametrize(
    ("raw", "price", "nulled"),
    [
        ('{"price": "19,90 EUR"}', 19.9, []), ('{"price": -1.5}', -1.5, []), ('{"price": "NaN"}', None, []),
        ('{"price": "free"}', None, ["price invalid_type"]), ('{"price": "fre', None, ["price invalid_type"]),
        ('{"price": [1, 2]}', None, ["price invalid_type"]), ('{"price": [1]}', 1.0, []),
        ('{"price": "$5"}', None, ["price other_currency"]),
        ('{"price": "12.50"}', None, ["price unclear_number"]), ('{"price": "Infinity"}', math.inf, []),
    ],
)  # fmt: skip
def test_a_field_is_read_or_stays_unread(raw: str, price: object, nulled: list[str]) -> None:
    layout = Layout(FeedLayout(decimal_comma=True, currency="EUR"))
    task = FieldTask(LANDING, layout, ("arrival_date", "event_id"))
    given = {"arrival_date": DAY, "event_id": "e", "column_name": "price", "raw": raw, "source_file": "a"}
    (batch,) = task([pa.RecordBatch.from_pylist([given])])
    (row,) = batch.to_pylist()
    assert (row["price"], row["nulled"]) == (price, nulled)
    assert row["unread"] == ([raw] if nulled else [])
    assert row["event_id"] == "e"
