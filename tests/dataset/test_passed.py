"""Which impressions count as passed over, and how they reach the arrays."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from causalrec.config.sections import DatasetSettings
from causalrec.dataset.arrivals import events_upto
from causalrec.dataset.build import build_dataset
from causalrec.dataset.load import load_dataset
from causalrec.dataset.passed import passed_over
from causalrec.lake import Ledger

from .shop import event, lake_at, product, put, settings_at

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

DAY = dt.date(2026, 3, 1)


def session(
    name: str, user: str, shown: str, *responses: str, policy: str = "ranked"
) -> list[dict[str, Any]]:
    """Items shown from place 1 on, and responses as "item:kind"."""
    rows = [
        event(
            f"{name}{place}", "2026-03-01T08:00", user, item, "impression",
            session_id=name, policy=policy, position=place,
        )
        for place, item in enumerate(shown, 1)
    ]  # fmt: skip
    for number, response in enumerate(responses):
        item, kind = response.split(":")
        rows.append(event(f"{name}r{number}", "2026-03-01T08:01", user, item, kind, session_id=name))
    return rows


EVENTS = [
    *session("s", "u1", "abcd", "c:view"),  # a and b were looked past, d perhaps not seen
    *session("t", "u1", "da", "a:purchase"),  # d was; a was not skipped here, but in s it was
    *session("v", "u2", "abcd"),  # no response: who knows whether u2 looked
    *session("w", "u3", "abc", "c:purchase", policy="uniform"),  # judges models
    *session("x", "u4", "ab", "b:cart"),
]


def test_only_what_lies_above_a_response_was_passed_over(spark: "SparkSession", tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    lake = lake_at(settings)
    put(lake, "events", "2026-03-01", EVENTS)
    events = events_upto(spark, lake.table("events"), DAY, 30)
    found = passed_over(events, DatasetSettings()).toArrow().to_pylist()
    pairs = sorted((row["user_id"], row["item_id"]) for row in found)
    assert pairs == [("u1", "a"), ("u1", "b"), ("u1", "d"), ("u4", "a")]
    some = passed_over(events, DatasetSettings(passed_per_user=1)).toArrow()["user_id"].to_pylist()
    assert sorted(some) == ["u1", "u4"]


def test_what_is_trained_on_was_not_passed_over(spark: "SparkSession", tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    lake = lake_at(settings)
    put(lake, "products", "2026-03-01", [product(item) for item in "abcd"])
    put(lake, "events", "2026-03-01", EVENTS)
    build_dataset(settings, lake, Ledger(lake), spark, DAY)
    data = load_dataset(settings, lake, DAY).data
    assert data.passed is not None
    assert data.passed.tolist() == [[0, 0, 3], [1, 3, 0]]  # u1 bought a in the end
