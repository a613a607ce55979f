"""A delivery that is read again leaves an erased user out, good rows and rejected ones alike."""

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from causalrec.config import Settings
from causalrec.erasure.erase import Receipt, erase
from causalrec.ingest.check.everything import count_everything
from causalrec.ingest.events import ingest_events
from causalrec.lake import Lake, Ledger
from causalrec.lake.upkeep.subject import Subject

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark
DAY = dt.date(2026, 3, 1)


def event(event_id: str, user: str, **changes: object) -> dict[str, object]:
    time = "2026-03-01T12:00:00Z"
    good = {"event_id": event_id, "event_time": time, "user_id": user, "item_id": "i", "event_type": "cart"}
    return good | changes


def without(settings: Settings, lake: Lake) -> Receipt:
    return erase(settings, lake, Subject.user("u1"), really=True, passwords={})


def held(receipt: Receipt) -> dict[str, int]:
    """Rows that left the tables."""
    return {
        name: found.counts["rows"]
        for name, found in receipt.stores.items()
        if name.startswith("table ") and found.state == "erased"
    }


def test_an_erased_user_does_not_come_back(tmp_path: Path, spark: "SparkSession") -> None:
    settings = Settings.model_validate({"paths": {"work": tmp_path}, "ingest": {"max_rejected_share": 0.9}})
    folder = Path(settings.landing_root) / "events" / "arrival_date=2026-03-01"
    folder.mkdir(parents=True)
    rows = [
        event("a", "u1"), event("b", "u2"), event("c", "u1", event_time="soon"),
        event("d", "u1", event_type="x"),
        event("e", "u2", event_time="soon"),
    ]  # fmt: skip
    strange = [
        '{"event_id":"z1","user_id":"u1","item_id":"i1","event_ty',
        '["u1"]',
        '{"user_id":["u1"],"item_id":"i"}',
    ]
    (folder / "a.jsonl").write_text("\n".join([*map(json.dumps, rows), *strange]) + "\n")
    lake = Lake(settings.lake_root)
    ingest_events(settings, lake, Ledger(lake), spark, DAY)
    assert held(without(settings, lake)) == {"table events": 1, "table quarantine": 5}

    outcome = ingest_events(settings, lake, Ledger(lake), spark, DAY)[DAY]
    assert lake.table("events").read(columns=["user_id"])["user_id"].to_pylist() == ["u2"]
    (left,) = lake.table("quarantine").read().to_pylist()
    assert json.loads(left["raw"])["user_id"] == "u2"
    assert [written.changed for written in outcome.writes] == [False, False]
    counted = count_everything("events", settings, lake, spark).measures[DAY]
    assert (counted.rows_in, counted.rows_good) == (outcome.rows_in, outcome.rows_out) == (8, 1)
    assert counted.erased == outcome.counters["erased"] == 6
    assert counted.rejects == outcome.rejects
    assert without(settings, lake).nothing
