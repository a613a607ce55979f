"""The gate finds in the demo shop exactly what was planted there, per date and reason."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from causalrec.config import Settings
from causalrec.config.paths import PathSettings
from causalrec.config.source import DemoSettings, SourceSettings
from causalrec.ingest.events import ingest_events
from causalrec.ingest.products import ingest_products
from causalrec.lake import Lake, Ledger
from causalrec.sources.demo.adapter import land_demo
from causalrec.sources.demo.generate import last_day
from causalrec.sources.progress import silent

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.spark, pytest.mark.slow]

SOURCE = SourceSettings(
    users=60, items=40, days=5, demo=DemoSettings(picture_side=32, late_share=0.1, duplicate_share=0.02)
)


def test_rejects_are_those_that_were_planted(tmp_path: Path, spark: "SparkSession") -> None:
    settings = Settings(paths=PathSettings(work=tmp_path), source=SOURCE)
    land_demo(settings, silent, None)
    truth = tmp_path / settings.paths.truth
    planted, delivered = (
        json.loads((truth / f"{name}.json").read_text()) for name in ("planted", "deliveries")
    )
    lake, ds = Lake(settings.lake_root), last_day(SOURCE)
    for table, ingest in (("events", ingest_events), ("products", ingest_products)):
        outcomes = ingest(settings, lake, Ledger(lake), spark, ds)
        loaded = {day.isoformat(): outcome for day, outcome in outcomes.items() if outcome.rows_in}
        expected = {day: tables[table] for day, tables in planted.items() if table in tables}
        assert {day: dict(o.rejects) for day, o in loaded.items() if o.rejects} == expected
        lines = {day: tables[table]["lines"] for day, tables in delivered.items() if table in tables}
        assert {day: outcome.rows_in for day, outcome in loaded.items()} == {
            day: count for day, count in lines.items() if day in loaded
        }
        assert sum(outcome.rows_rejected for outcome in loaded.values()) > 0
