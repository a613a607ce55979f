"""What a dataset leaves out is counted and said, or refuses the night."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from causalrec.config import Settings
from causalrec.dataset.build import build_dataset
from causalrec.errors import DatasetError
from causalrec.lake import Lake, Ledger
from causalrec.lake.outcome import losses

from .shop import event, lake_at, product, put, settings_at

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

DAY = dt.date(2026, 3, 2)


def shop(lake: Lake, unknown: int) -> None:
    put(lake, "products", "2026-03-02", [product("0042"), product("B")])
    rows = [event(f"k{n}", f"2026-03-01T08:{n:02}", f"u{n}", "0042") for n in range(6)]
    rows += [event(f"old{n}", f"{2006 + n}-03-01T08:00", "u1", "B") for n in range(4)]
    rows += [event(f"x{n}", "2026-03-01T09:00", f"u{n}", "42") for n in range(unknown)]
    put(lake, "events", "2026-03-02", rows)


def limited(settings: Settings, **ingest: object) -> Settings:
    return settings.model_copy(update={"ingest": settings.ingest.model_copy(update=ingest)})


def test_events_of_any_age_count_and_unknown_items_are_told(spark: "SparkSession", tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    lake = lake_at(settings)
    shop(lake, unknown=2)
    outcome = build_dataset(settings, lake, Ledger(lake), spark, DAY)
    assert losses(outcome.note) == [
        "LOST 2 of 12 events (16.7%) refer to items that no catalogue has, 1 of them differ from a known id "
        "only by case, zeros, blanks or signs: '42' for '0042': deliver these items, or write ids the same "
        "way in events and products"
    ]
    assert outcome.rows_out == 7  # pairs: six users with 0042, one of them with B too
    assert (outcome.counters["events_too_old"], outcome.counters["events_of_unknown_items"]) == (0, 2)


def test_too_many_unknown_items_are_refused_before_a_write(spark: "SparkSession", tmp_path: Path) -> None:
    settings = limited(settings_at(tmp_path), max_unknown_items_share=0.25)
    lake = lake_at(settings)
    shop(lake, unknown=20)
    with pytest.raises(
        DatasetError, match=r"20 of 30 events \(66.7%\).*'42' for '0042'; at most 25.0% may be"
    ):
        build_dataset(settings, lake, Ledger(lake), spark, DAY)
    assert not lake.table("interactions").exists()
