"""Values in the names of folders, and layouts of single files, in every format; no Spark."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from causalrec.config.landing import LandingSettings
from causalrec.contracts import load_contract
from causalrec.ingest.formats.folders import folder_values
from causalrec.ingest.formats.layout import Layout
from causalrec.ingest.formats.rows import ReadLimits, read_file
from causalrec.ingest.header import check_header

LANDING = load_contract("landing_events")
ROW = {"event_id": "e", "event_time": "2026-03-01T12:00:00Z", "user_id": "u", "item_id": "i"}
MAPPED = {"columns": {"event_type": {"column": "Art", "values": {"Kauf": "purchase"}}, "session_id": {
    "join": ["Art", "user_id"]}}}  # fmt: skip


def read(work: Path, name: str, feed: dict[str, Any], *rows: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of a file that is delivered under ``name``."""
    file = work / Path(name).name
    if name.endswith("parquet"):
        pq.write_table(pa.Table.from_pylist(list(rows)), file)
    elif name.endswith("csv"):
        lines = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
        file.write_text("\n".join(lines) + "\n")
    else:
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = LandingSettings.model_validate({"events": feed})
    layout = Layout.of(LANDING, settings).of_file(name, LANDING)
    check_header(str(file), LANDING, layout)
    batches = read_file(str(file), name, dt.date(2026, 3, 1), LANDING, ReadLimits(9_999, 99), layout)
    return [row for batch in batches for row in batch.to_pylist()]


def test_folders_say_values_but_no_arrival_date() -> None:
    assert folder_values("kind=a%20b/jahr=/x/arrival_date=2026-01-01/part=1.csv") == {"kind": "a b"}
    assert folder_values("art=__HIVE_DEFAULT_PARTITION__/a=b=c/x") == {"a": "b=c"}


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("doubtful", [False, True])
def test_a_folder_is_a_column_of_every_format(tmp_path: Path, ending: str, doubtful: bool) -> None:
    rows = [ROW, {**ROW, "event_time": "12:00"}] if doubtful else [ROW]
    plain = read(tmp_path, f"event_type=cart/hour=3/a.{ending}", {}, *rows)
    words = read(tmp_path, f"art=Kauf/b.{ending}", MAPPED, *rows)
    assert [(row["event_type"], row["reason"]) for row in plain][:1] == [("cart", None)]
    assert [(row["event_type"], row["session_id"]) for row in words][:1] == [("purchase", "Kauf:u")]
    assert [row["reason"] for row in plain + words if row["reason"]] == ["invalid_type"] * 2 * doubtful


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_column_of_the_file_comes_before_its_folder(tmp_path: Path, ending: str) -> None:
    rows = [{**ROW, "event_type": one} for one in ("view", "" if ending == "csv" else None)]
    for odd in ([], [{**ROW, "event_type": "view", "event_time": "12:00"}]):
        found = read(tmp_path, f"event_type=cart/a.{ending}", {}, *rows, *odd)
        assert [row["event_type"] for row in found[:2]] == ["view", "cart"]


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_join_names_columns_of_ours_that_the_file_lacks(tmp_path: Path, ending: str) -> None:
    words = {"column": "art", "values": {"Kauf": "purchase"}}
    for kind, ours in (({"value": "view"}, "view"), (words, "purchase")):
        feed = {"columns": {"event_type": kind, "event_id": {"join": ["item_id", "event_type"]}}}
        rows = [{**ROW, "art": "Kauf"}, {**ROW, "art": "Kauf", "price": "odd"}]
        rows = [{"price": "1", **row} for row in rows]
        found = read(tmp_path, f"a.{ending}", {**feed, "extra_columns": "ignore"}, *rows)
        assert [row["event_id"] for row in found] == [f"i:{ours}"] * 2


def test_a_file_has_the_layout_of_the_first_pattern_that_fits(tmp_path: Path) -> None:
    own = {"columns": {"user_id": "who", "event_type": {"value": "view"}}}
    feed = {"extra_columns": "ignore", "files": {"v*.jsonl": own, "*": {"extra_columns": "ignore"}}}
    given = {**{key: value for key, value in ROW.items() if key != "user_id"}, "who": "w"}
    (row,) = read(tmp_path, "sub/v1.jsonl", feed, given)
    assert (row["user_id"], row["event_type"], row["reason"]) == ("w", "view", None)
    (row,) = read(tmp_path, "w1.jsonl", feed, given)
    assert (row["user_id"], row["reason"]) == (None, "missing_required")
    layout = Layout.of(LANDING, LandingSettings.model_validate({"events": feed}))
    assert layout.of_file("v1.jsonl", LANDING).place(LANDING) == 'events.files."v*.jsonl"'
    assert layout.place(LANDING) == "events"
