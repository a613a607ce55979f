"""Exact interactions from a handful of events: point in time, duplicates, unknown items, splits."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from causalrec.config.dataset import DatasetSettings
from causalrec.dataset.arrivals import events_upto, known_items
from causalrec.dataset.behaviour import arrived
from causalrec.dataset.exposure import exposures, random_exposure
from causalrec.dataset.interactions import interactions, period_starts, positive_events
from causalrec.lake import Lake

from .shop import event, lake_at, product, put, settings_at

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

DAY = dt.date(2026, 3, 2)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = lake_at(settings_at(tmp_path))
    put(lake, "products", "2026-03-01", [product("a"), product("b")])
    put(lake, "products", "2026-03-03", [product("later")])
    put(
        lake, "events", "2026-03-01",
        [
            event("e1", "2026-03-01T08:00", "u1", "a"),
            event("e2", "2026-03-01T09:00", "u1", "a", "cart"),
            event("e3", "2026-03-01T10:00", "u2", "b", "view"),
            event("e4", "2026-03-01T11:00", "u2", "unknown"),
            event("e5", "2026-03-01T12:00", "u2", "later"),
        ],
    )  # fmt: skip
    put(
        lake, "events", "2026-03-02",
        [
            event("e1", "2026-03-01T08:00", "u9", "a"),  # delivered again, with another user: the first holds
            event("e6", "2026-02-27T23:00", "u3", "b"),  # late, inside the history
            event("e7", "2026-02-20T00:00", "u3", "a"),  # before the history
        ],
    )  # fmt: skip
    put(lake, "events", "2026-03-03", [event("e8", "2026-03-01T13:00", "u1", "b")])  # not known on the day
    return lake


def rows(
    spark: "SparkSession", lake: Lake, day: dt.date, settings: DatasetSettings
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    from pyspark.sql import Observation

    observed = Observation()
    events = events_upto(spark, lake.table("events"), day, settings.history_days, known=settings.known)
    items = known_items(spark, lake.table("products"), day, known=settings.known)
    positives = positive_events(arrived(events, settings), items, settings, observed)
    found = interactions(positives, settings, period_starts(positives, settings))
    pairs = found.toArrow().to_pylist()
    return sorted(pairs, key=lambda row: (row["user_id"], row["item_id"])), observed.get


def test_point_in_time(spark: "SparkSession", lake: Lake) -> None:
    settings = DatasetSettings(history_days=7, event_weights={"cart": 0.5, "purchase": 1.0})
    pairs, observed = rows(spark, lake, DAY, settings)
    brief = [(r["user_id"], r["item_id"], r["weight"], r["events"], r["split"]) for r in pairs]
    assert brief == [("u1", "a", 1.5, 2, "train"), ("u3", "b", 1.0, 1, "train")]
    assert pairs[0]["first_time"] == dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
    assert pairs[0]["last_time"] == dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
    expected = {"delivered_again": 1, "positives": 5, "unknown_item": 2, "robot_events": 0, "repeats": 0}
    assert observed == expected


def test_a_day_later_more_is_known(spark: "SparkSession", lake: Lake) -> None:
    pairs, _ = rows(spark, lake, DAY + dt.timedelta(days=1), DatasetSettings())
    assert [(r["user_id"], r["item_id"]) for r in pairs] == [
        ("u1", "a"), ("u1", "b"), ("u2", "later"), ("u3", "a"), ("u3", "b"),
    ]  # fmt: skip


def test_what_is_known_today_counts_on_the_date_on_which_it_happened(
    spark: "SparkSession", lake: Lake
) -> None:
    put(lake, "events", "2026-03-04", [event("e9", "2026-03-03T00:00", "u4", "a")])  # happened after the day
    pairs, observed = rows(spark, lake, DAY, DatasetSettings(known="today"))
    assert [(r["user_id"], r["item_id"]) for r in pairs] == [
        ("u1", "a"), ("u1", "b"), ("u2", "later"), ("u3", "a"), ("u3", "b"),
    ]  # fmt: skip
    assert observed["unknown_item"] == 1


def test_robots_and_repetitions_do_not_count(spark: "SparkSession", tmp_path: Path) -> None:
    lake = lake_at(settings_at(tmp_path))
    put(lake, "products", "2026-04-01", [product("a"), product("b")])
    session = {"session_id": "s"}
    fast = [event(f"r{n}", f"2026-04-01T10:00:{n:02d}", "robot", "b", "view") for n in range(4)]
    put(
        lake, "events", "2026-04-01",
        [
            event("e1", "2026-04-01T10:00", "u1", "a", "cart", **session),
            event("e2", "2026-04-01T15:00", "u1", "a", "cart", **session),  # the same session, hours later
            event("e3", "2026-04-01T10:00", "u2", "a", "cart"),
            event("e4", "2026-04-01T10:30", "u2", "a", "cart"),  # within the gap
            event("e5", "2026-04-01T11:01", "u2", "a", "cart"),  # not within it
            event("e6", "2026-04-01T10:00", "u3", "a"),
            event("e7", "2026-04-01T10:00", "u3", "a"),  # two purchases are two
            event("e8", "2026-04-01T23:00", "robot", "a"), event("e9", "2026-03-31T23:00", "robot", "b"),
            *fast,
        ],
    )  # fmt: skip
    put(lake, "events", "2026-04-02", fast)  # delivered again
    settings = DatasetSettings(max_minute_actions=3, max_daily_actions=5)
    pairs, observed = rows(spark, lake, dt.date(2026, 4, 2), settings)
    assert [(r["user_id"], r["item_id"], r["weight"]) for r in pairs] == [
        ("robot", "b", 1.0), ("u1", "a", 1.0), ("u2", "a", 2.0), ("u3", "a", 2.0),
    ]  # fmt: skip
    expected = {"delivered_again": 0, "positives": 9, "unknown_item": 0, "robot_events": 1, "repeats": 2}
    assert observed == expected
    pairs, observed = rows(spark, lake, dt.date(2026, 4, 2), DatasetSettings(max_minute_actions=4))
    assert (len(pairs), observed["robot_events"]) == (5, 0)


def test_exposure_records(spark: "SparkSession", tmp_path: Path) -> None:
    lake = lake_at(settings_at(tmp_path))
    ranked = {"policy": "ranked", "propensity": 0.1}
    shown = [
        event("i1", "2026-04-01T10:00", "u1", "a", "impression", **ranked, position=3),
        event("i2", "2026-04-01T11:00", "u1", "a", "impression", policy="ranked", propensity=0.3, position=2),
        event("i3", "2026-04-01T10:00", "u1", "a", "impression"),
        event("c1", "2026-04-01T10:00", "u1", "b", "view"),
    ]
    put(lake, "events", "2026-04-01", shown)
    put(lake, "events", "2026-04-02", [shown[0]])  # again: counts once
    events = events_upto(spark, lake.table("events"), dt.date(2026, 4, 2), 30)
    first, second = sorted(
        exposures(arrived(events, DatasetSettings())).toArrow().to_pylist(), key=lambda row: row["policy"]
    )
    assert (first["policy"], first["impressions"], first["propensity"]) == ("", 1, None)
    assert (second["policy"], second["impressions"], second["best_position"]) == ("ranked", 2, 2)
    assert second["propensity"] == pytest.approx(0.2)
    assert second["last_time"] == dt.datetime(2026, 4, 1, 11, tzinfo=dt.UTC)


def many(lake: Lake) -> None:
    put(lake, "products", "2026-04-01", [product(f"i{item:02d}") for item in range(40)])
    put(
        lake, "events", "2026-04-10",
        [
            event(f"{user}-{item}", f"2026-04-{1 + item // 4:02d}T00:00", f"u{user:02d}", f"i{item:02d}")
            for user in range(30)
            for item in range(0, 40, 2)
        ],
    )  # fmt: skip


def test_random_split_is_a_property_of_the_pair(spark: "SparkSession", tmp_path: Path) -> None:
    lake = lake_at(settings_at(tmp_path))
    many(lake)
    day = dt.date(2026, 4, 10)
    first, _ = rows(spark, lake, day, DatasetSettings(valid_share=0.2, test_share=0.2))
    shares = {split: sum(r["split"] == split for r in first) / len(first) for split in ("valid", "test")}
    assert shares == pytest.approx({"valid": 0.2, "test": 0.2}, abs=0.05)
    assert {r["user_id"] for r in first if r["split"] == "train"} == {f"u{user:02d}" for user in range(30)}

    put(lake, "events", "2026-04-11", [event("new", "2026-04-11T00:00", "u00", "i01")])
    second, _ = rows(
        spark, lake, day + dt.timedelta(days=1), DatasetSettings(valid_share=0.2, test_share=0.2)
    )
    before = {(r["user_id"], r["item_id"]): r["split"] for r in first}
    after = {(r["user_id"], r["item_id"]): r["split"] for r in second}
    assert len(after) == len(before) + 1
    assert sum(after[pair] != split for pair, split in before.items()) <= 1  # the one that had to train

    other, _ = rows(spark, lake, day, DatasetSettings(valid_share=0.2, test_share=0.2, seed=8))
    assert other != first


def test_users_with_one_pair_train(spark: "SparkSession", tmp_path: Path) -> None:
    lake = lake_at(settings_at(tmp_path))
    put(lake, "products", "2026-04-01", [product("a")])
    put(
        lake, "events", "2026-04-01",
        [event(f"e{user}", "2026-04-01T00:00", f"u{user}", "a") for user in range(50)],
    )  # fmt: skip
    pairs, _ = rows(spark, lake, dt.date(2026, 4, 1), DatasetSettings(valid_share=0.4, test_share=0.4))
    assert {r["split"] for r in pairs} == {"train"}


def test_temporal_split_trains_on_the_past_only(spark: "SparkSession", tmp_path: Path) -> None:
    lake = lake_at(settings_at(tmp_path))
    put(lake, "products", "2026-04-01", [product("a"), product("b")])
    put(
        lake, "events", "2026-04-11",
        [
            event("e1", "2026-04-01T00:00", "u1", "a"),
            event("e2", "2026-04-08T23:59", "u2", "a"),
            event("e3", "2026-04-09T00:00", "u2", "b"),
            event("e4", "2026-04-10T00:00", "u1", "b"),
            event("e5", "2026-04-11T00:00", "u1", "a"),  # again: the pair stays what it was in training
        ],
    )  # fmt: skip
    settings = DatasetSettings(split="temporal", valid_share=0.1, test_share=0.1)
    pairs, _ = rows(spark, lake, dt.date(2026, 4, 11), settings)
    brief = [(r["user_id"], r["item_id"], r["events"], r["split"]) for r in pairs]
    assert brief == [
        ("u1", "a", 1, "train"), ("u1", "b", 1, "test"), ("u2", "a", 1, "train"), ("u2", "b", 1, "valid"),
    ]  # fmt: skip
    assert pairs[0]["last_time"] == dt.datetime(2026, 4, 1, tzinfo=dt.UTC)


def test_random_exposure(spark: "SparkSession", tmp_path: Path) -> None:
    lake = lake_at(settings_at(tmp_path))
    shown = {"policy": "uniform", "session_id": "s"}
    put(
        lake, "events", "2026-04-01",
        [
            event("i1", "2026-04-01T10:00", "u1", "a", "impression", **shown),
            event("c1", "2026-04-01T10:05", "u1", "a", "view", session_id="s"),
            event("i2", "2026-04-01T10:00", "u1", "b", "impression", **shown),
            event("c2", "2026-04-01T09:59", "u1", "b", "purchase", session_id="s"),  # before it was shown
            event("c5", "2026-04-01T10:06", "u1", "a", "cart", session_id="s"),  # because it was shown
            event("i3", "2026-04-01T10:00", "u2", "a", "impression", **shown),
            event("c3", "2026-04-01T10:01", "u2", "a", "view", session_id="other"),
            event("i4", "2026-04-01T10:00", "u2", "b", "impression", policy="popular", session_id="s"),
            event("c4", "2026-04-01T10:01", "u2", "b", "purchase", session_id="s"),
            event("i6", "2026-04-01T10:00", "u3", "a", "impression", **shown),
            event("c6", "2026-04-01T12:00", "u3", "a", "cart"),  # in no session that is known
            event("i7", "2026-04-01T10:00", "u3", "b", "impression", policy="uniform"),  # nor this look
        ],
    )  # fmt: skip
    events = events_upto(spark, lake.table("events"), dt.date(2026, 4, 1), 30)
    settings = DatasetSettings(uniform_policies=("uniform", "random"))
    found = random_exposure(arrived(events, settings), settings).toArrow()
    assert sorted(tuple(r.values()) for r in found.to_pylist()) == [
        ("u1", "a", 1, False), ("u1", "b", 0, True), ("u2", "a", 0, False), ("u3", "a", 0, True),
    ]  # fmt: skip
