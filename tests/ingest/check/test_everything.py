"""Counting every row agrees with what the night then does, and writes nothing."""

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from causalrec.config import Settings
from causalrec.errors import CausalrecError
from causalrec.ingest.check.everything import count_everything
from causalrec.ingest.events import ingest_events
from causalrec.lake import Lake, Ledger
from jobs._terminal.counted import show_counted

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

GOOD: dict[str, Any] = {
    "event_time": "2026-03-01T12:00:00Z", "user_id": "u", "item_id": "i", "event_type": "cart"
}  # fmt: skip
ODD: dict[int, dict[str, Any]] = {
    5: {"user_id": "NULL"}, 6_100: {"event_type": "refund"}, 6_200: {"price": "cheap"}, 6_300: {"price": -1},
}  # fmt: skip


def deliver(work: Path, day: str, name: str, rows: list[dict[str, Any]]) -> None:
    folder = work / "landing" / "events" / f"arrival_date={day}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.spark
def test_the_rows_behind_the_sample_are_counted_as_a_night_counts_them(
    tmp_path: Path, spark: "SparkSession"
) -> None:
    many = [GOOD | {"event_id": f"e{i}"} | ODD.get(i, {}) for i in range(6_400)]
    deliver(tmp_path, "2026-03-01", "a.jsonl", many)
    next_day = [{**GOOD, "event_id": f"f{i}", "event_time": "2026-03-02T12:00:00Z"} for i in range(3)]
    reused = {**next_day[0], "event_id": "e7", "item_id": "another"}
    deliver(tmp_path, "2026-03-02", "a.jsonl", [*next_day, next_day[0], reused])
    deliver(tmp_path, "2026-03-03", "a.jsonl", [])
    fewer = [{**GOOD, "event_id": "g0", "event_time": "2026-03-04T12:00:00Z"}]
    deliver(tmp_path, "2026-03-04", "a.jsonl", fewer)
    limits = {"max_rejected_share": 0.5, "volume_min_median": 4, "min_rows_share": 0.5}
    shop = Settings.model_validate({"paths": {"work": tmp_path}, "ingest": limits})
    lake = Lake(shop.lake_root)
    found = count_everything("events", shop, lake, spark)
    assert not Path(shop.lake_root).exists()
    assert found.rejects == {"null_id": 1, "unknown_event_type": 1, "duplicate": 1, "reused_id": 1}
    assert found.nulled == {"price invalid_type": 1, "price bad_price": 1}
    assert found.examples["price invalid_type"] == "cheap"
    assert found.examples["reused_id"] == "event_id=e7 is another row on 2026-03-01"
    volume = "events 2026-03-04: 1 rows, the median of the 1 before is 5; at least 50% are expected"
    assert {day.day: why.partition(" ->")[0] for day, why in found.refused.items()} == {
        3: "0 rows",
        4: volume,
    }
    console = Console(record=True, width=160, file=(tmp_path / "shown.txt").open("w"))
    show_counted([found], console)
    assert "6,406 rows of 3 deliveries: 6,402 accepted, 4 rejected, 0 left out" in console.export_text()
    for day, why in (("2026-03-03", "0 rows"), ("2026-03-04", volume)):
        with pytest.raises(CausalrecError, match=why):
            ingest_events(shop, lake, Ledger(lake), spark, max(found.refused))
        shutil.rmtree(tmp_path / "landing" / "events" / f"arrival_date={day}")
    measures = {day: one for day, one in found.measures.items() if day not in found.refused}
    outcomes = ingest_events(shop, lake, Ledger(lake), spark, max(measures))
    assert {day: dict(one.rejects) for day, one in outcomes.items()} == {
        day: dict(one.rejects) for day, one in measures.items()
    }
    assert {day: one.rows_out for day, one in outcomes.items()} == {
        day: one.rows_good for day, one in measures.items()
    }
