"""What is kept of fields that could not be used, and how the status of a date tells of it."""

import datetime as dt
import json
from pathlib import Path

import pyarrow as pa
import pytest

from causalrec.config import Settings
from causalrec.ingest.unread import UnreadField, unread_dates, unread_fields
from causalrec.lake import Lake, Ledger, Outcome, Written
from causalrec.lake.record.ledger import new_row
from jobs.cli import main

DAY, NEXT = dt.date(2026, 3, 1), dt.date(2026, 3, 2)
PRICE = ["19,90", "about 5", "19,90"]


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    """Three prices and one position of one day's events, one title of the next day's products."""
    settings = Settings.model_validate({"paths": {"work": tmp_path}})
    lake = Lake(settings.lake_root)
    rows = [("price", "invalid_type", json.dumps({"price": one})) for one in PRICE]
    rows += [("position", "bad_position", '{"position":0}')]
    written = keep(lake, "events", DAY, rows)
    keep(lake, "products", NEXT, [("title", "bad_text", '{"title":"cut')])
    now = dt.datetime.now(dt.UTC)
    Ledger(lake).record(
        [
            new_row(
                job="ingest_events", ds=DAY, started_at=now, seconds=0, cpu_seconds=0, failed=False,
                outcome=Outcome(4, 4, writes=(written,)), fingerprint="", inputs={}, code_version="0",
            )
        ]
    )  # fmt: skip
    return settings


def keep(lake: Lake, kind: str, date: dt.date, rows: list[tuple[str, str, str]]) -> Written:
    table = lake.table("unread_fields")
    whole = {"table_name": kind, "arrival_date": date.isoformat()}
    schema = pa.schema([field for field in table.schema if field.name not in whole])
    given = [
        {"column_name": column, "reason_code": reason, "raw": raw, "item_id": "i", "source_file": "a.csv"}
        for column, reason, raw in rows
    ]
    return table.replace(pa.Table.from_pylist(given, schema=schema), whole)


def test_one_line_for_each_column_and_reason(shop: Settings) -> None:
    lake = Lake(shop.lake_root)
    assert unread_fields(lake, "events", [DAY, NEXT]) == [
        UnreadField("events", DAY, "price", "invalid_type", 3, "19,90"),
        UnreadField("events", DAY, "position", "bad_position", 1, "0"),
    ]
    (title,) = unread_fields(lake, "products", [NEXT])
    assert title.example == '{"title":"cut'
    assert unread_fields(lake, "events", [NEXT]) == unread_fields(lake, "events", []) == []
    assert unread_dates(lake, "events", DAY, NEXT) == [DAY]
    assert unread_dates(lake, "products", DAY, DAY) == []


def test_a_lake_without_the_table_has_none(tmp_path: Path) -> None:
    assert unread_fields(Lake(str(tmp_path)), "events", [DAY]) == []


def test_the_status_of_a_date_says_so(
    shop: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAUSALREC__PATHS__WORK", str(shop.paths.work))
    monkeypatch.delenv("CAUSALREC_SETTINGS", raising=False)
    monkeypatch.setenv("COLUMNS", "300")
    assert main(["status", "--ds", str(DAY)]) == 0
    told = "unread: price of 3 events (invalid_type, such as '19,90'); they are empty until a correction and "
    assert told + "causalrec requeue events" in capsys.readouterr().out
    assert main(["status", "--ds", str(DAY), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert [line.partition(";")[0] for line in found["unread"]] == [
        "unread: price of 3 events (invalid_type, such as '19,90')",
        "unread: position of 1 events (bad_position, such as '0')",
    ]
