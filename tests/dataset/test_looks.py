"""What counts as a look and as its outcome, and how looks reach the arrays."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from causalrec.config.dataset import DatasetSettings
from causalrec.dataset.arrivals import branded_items, events_upto
from causalrec.dataset.behaviour import arrived
from causalrec.dataset.build import build_dataset, rebuild_bundle
from causalrec.dataset.load import load_dataset
from causalrec.dataset.looks import looks
from causalrec.lake import Lake, Ledger

from .shop import event, lake_at, product, put, settings_at

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

DAY = dt.date(2026, 3, 2)
RANKED = {"policy": "ranked", "propensity": 0.25}
EVENTS = [
    # two sessions of u1 with a: bought once, at another place
    event("i1", "2026-03-01T12:00", "u1", "a", "impression", session_id="s", position=1, **RANKED),
    event("i2", "2026-03-01T12:05", "u1", "a", "impression", session_id="s", position=3, **RANKED),  # again
    event("r1", "2026-03-01T12:10", "u1", "a", "purchase", session_id="s"),  # a view and a cart went unlogged
    event("i3", "2026-03-02T12:00", "u1", "a", "impression", session_id="t", position=1, **RANKED),
    event("r2", "2026-03-02T11:00", "u1", "a", "cart", session_id="t"),  # before it was shown
    event("r3", "2026-03-02T13:00", "u1", "a", "view", session_id="other"),
    # chance showed it; no position
    event("i4", "2026-03-02T12:00", "u1", "b", "impression", session_id="t", policy="uniform"),
    # without a session id the day is one
    event("i5", "2026-03-02T12:00", "u2", "a", "impression", position=9),
    event("r4", "2026-03-02T18:00", "u2", "a", "view"),
    event("i6", "2026-03-02T12:00", "u2", "gone", "impression", position=1),  # not in the catalogue
    event("r5", "2026-03-02T12:00", "u3", "a", "purchase", session_id="v"),  # nobody showed it
]


def shop(folder: Path, events: list[dict[str, Any]], **dataset: object) -> tuple[Any, Lake]:
    settings = settings_at(folder, **dataset)
    lake = lake_at(settings)
    put(lake, "products", "2026-03-01", [product("a"), product("b")])
    put(lake, "events", "2026-03-02", events)
    return settings, lake


def rows(
    spark: "SparkSession", lake: Lake, settings: DatasetSettings, ends: int | None = None
) -> list[dict[str, Any]]:
    events = events_upto(spark, lake.table("events"), DAY, 30)
    items = branded_items(spark, lake.table("products"), DAY)
    with looks(arrived(events, settings), items, settings, DAY, ends) as seen:
        found = seen.rows.toArrow().to_pylist()
    return sorted(
        found, key=lambda row: (row["user_id"], row["item_id"], row["policy"], row["band"], row["late"])
    )


def test_a_look_and_its_deepest_response(spark: "SparkSession", tmp_path: Path) -> None:
    _, lake = shop(tmp_path, EVENTS)
    found = rows(spark, lake, DatasetSettings(position_bands=(1, 3)))
    brief = [tuple(row[name] for name in ("user_id", "item_id", "policy", "band", "looks")) for row in found]
    assert brief == [("u1", "a", "ranked", 1, 2), ("u1", "b", "uniform", 0, 1), ("u2", "a", "", 3, 1)]
    assert [[row[name] for name in ("views", "carts", "purchases")] for row in found] == [
        [1, 1, 1], [0, 0, 0], [1, 0, 0],
    ]  # fmt: skip
    assert [row["position"] for row in found] == [1.0, None, 9.0]
    assert [row["propensity"] for row in found] == [0.25, None, None]
    assert [row["age_days"] for row in found] == [1.0, 0.5, 0.5]
    assert {row["look"] for row in found} == {"impression"}
    assert not any(row["late"] for row in found)


def test_views_that_purchases_do_not_follow_are_no_looks(spark: "SparkSession", tmp_path: Path) -> None:
    rated = [event(f"v{n}", f"2026-03-01T1{n}:00", "u1", "a", "view", session_id=f"v{n}") for n in range(9)]
    bought = [event(f"p{n}", f"2026-03-01T1{n}:00", "u2", "b", session_id=f"p{n}") for n in range(2)]
    followed = event("p9", "2026-03-01T18:30", "u1", "a", session_id="v8")
    settings, lake = shop(tmp_path, [*rated, *bought, followed])
    assert rows(spark, lake, DatasetSettings()) == []  # one of three purchases follows a view
    outcome = build_dataset(settings, lake, Ledger(lake), spark, DAY)
    assert outcome.note.startswith("no looks are logged that most carts and purchases follow")
    assert load_dataset(settings, lake, DAY).data.looks is None
    put(lake, "events", "2026-03-02", [*rated, bought[0], followed])
    assert sum(row["looks"] for row in rows(spark, lake, DatasetSettings())) == 9


def test_views_are_looks_where_no_impressions_are_logged(spark: "SparkSession", tmp_path: Path) -> None:
    chance = event("i", "2026-03-01T12:00", "u1", "b", "impression", session_id="s", policy="uniform")
    views = [
        event("v1", "2026-03-01T12:00", "u1", "a", "view", session_id="s"),
        event("c1", "2026-03-01T12:10", "u1", "a", "cart", session_id="s"),
        event("v2", "2026-03-01T12:00", "u2", "a", "view", session_id="t"),
        event("p1", "2026-03-01T12:00", "u3", "b", "purchase", session_id="u"),
    ]
    settings, lake = shop(tmp_path, [chance, *views])
    found = rows(spark, lake, DatasetSettings())
    brief = [
        tuple(row[name] for name in ("user_id", "looks", "views", "carts", "purchases")) for row in found
    ]
    assert brief == [("u1", 1, 1, 1, 0), ("u2", 1, 1, 0, 0)]
    build_dataset(settings, lake, Ledger(lake), spark, DAY)
    told = load_dataset(settings, lake, DAY).data.looks
    assert told is not None
    assert told.depths == ("cart",)
    assert told.reached.tolist() == [[1, 0]]


def test_views_are_looks_where_they_alone_explain_what_was_chosen(
    spark: "SparkSession", tmp_path: Path
) -> None:
    """Impressions of one placement say nothing of what people chose elsewhere."""
    stray = event("i", "2026-03-01T09:00", "u1", "b", "impression", session_id="s", position=1, **RANKED)
    views = [event(f"v{n}", f"2026-03-01T1{n}:00", "u2", "a", "view", session_id=f"v{n}") for n in range(3)]
    bought = [event(f"p{n}", f"2026-03-01T1{n}:30", "u2", "a", session_id=f"v{n}") for n in range(2)]
    settings, lake = shop(tmp_path, [stray, *views, *bought])
    (found,) = rows(spark, lake, settings.dataset)
    assert [found[name] for name in ("look", "user_id", "looks", "purchases")] == ["view", "u2", 3, 2]


def test_robots_do_not_look(spark: "SparkSession", tmp_path: Path) -> None:
    fast = [event(f"v{n}", f"2026-03-02T10:00:{n:02d}", "robot", "a", "view") for n in range(4)]
    shown = [event("i", "2026-03-02T09:00", "robot", "a", "impression", position=1)]
    _, lake = shop(tmp_path, [*EVENTS, *fast, *shown])
    found = rows(spark, lake, DatasetSettings(max_minute_actions=3))
    assert {row["user_id"] for row in found} == {"u1", "u2"}


def test_what_reaches_past_the_training_period_is_late(spark: "SparkSession", tmp_path: Path) -> None:
    _, lake = shop(tmp_path, EVENTS)
    noon = int(dt.datetime(2026, 3, 1, 12, 10, tzinfo=dt.UTC).timestamp() * 1e6)
    found = rows(spark, lake, DatasetSettings(), noon)
    assert all(row["late"] for row in found)  # the purchase of the first session comes at 12:10
    found = rows(spark, lake, DatasetSettings(), noon + 1)
    names = ("user_id", "item_id", "late", "looks", "purchases")
    assert [tuple(row[name] for name in names) for row in found] == [
        ("u1", "a", False, 1, 1), ("u1", "a", True, 1, 0), ("u1", "b", True, 1, 0), ("u2", "a", True, 1, 0),
    ]  # fmt: skip


def test_looks_reach_the_bundle(spark: "SparkSession", tmp_path: Path) -> None:
    settings, lake = shop(tmp_path, EVENTS, position_bands=(1, 3))
    outcome = build_dataset(settings, lake, Ledger(lake), spark, DAY)
    dataset = load_dataset(settings, lake, DAY)
    told = dataset.data.looks
    assert outcome.counters["looks"] == 4
    assert told is not None
    assert dataset.data.later_looks is None
    assert [told.users.tolist(), told.items.tolist(), told.strata.tolist()] == [
        [0, 0, 1],
        [0, 1, 0],
        [1, 2, 0],
    ]
    assert told.count.tolist() == [2, 1, 1]
    assert told.depths == ("view", "cart", "purchase")
    assert told.reached.tolist() == [[1, 0, 1], [1, 0, 0], [1, 0, 0]]
    assert told.policy == ("", "ranked", "uniform")
    assert told.uniform.tolist() == [False, False, True]
    np.testing.assert_array_equal(told.position, np.array([9, 1, np.nan], np.float32))
    np.testing.assert_array_equal(told.propensity, np.array([0.25, np.nan, np.nan], np.float32))
    assert told.age.tolist() == [1.0, 0.5, 0.5]
    again = rebuild_bundle(settings, lake, spark, DAY, dataset.pins, tmp_path / "again")
    assert again == dataset.dataset_id


def test_a_temporal_split_keeps_later_looks_apart(spark: "SparkSession", tmp_path: Path) -> None:
    bought = [event(f"p{day}", f"2026-02-{day}T08:00", "u4", "b") for day in range(10, 29)]
    settings, lake = shop(tmp_path, [*EVENTS, *bought], split="temporal", position_bands=(1, 3))
    build_dataset(settings, lake, Ledger(lake), spark, DAY)
    data = load_dataset(settings, lake, DAY).data
    assert data.looks is None  # all looks are of March, training ends in February
    assert data.later_looks is not None
    assert data.later_looks.count.tolist() == [2, 1, 1]


def test_no_responses_no_looks(spark: "SparkSession", tmp_path: Path) -> None:
    events = [
        event("i", "2026-03-01T12:00", "u1", "a", "impression", session_id="s", position=1),
        event("p", "2026-03-01T12:00", "u2", "a"),
    ]
    settings, lake = shop(tmp_path, events)
    build_dataset(settings, lake, Ledger(lake), spark, DAY)
    assert load_dataset(settings, lake, DAY).data.looks is None


def test_a_brand_that_is_shown_more_than_usual_surges(spark: "SparkSession", tmp_path: Path) -> None:
    def shown(day: int, item: str, times: int, policy: str = "ranked") -> list[dict[str, Any]]:
        return [
            event(
                f"{policy}{day}{item}{n}", f"2026-02-{day:02d}T10:00", f"u{n}", item, "impression",
                session_id=f"{policy}{day}", policy=policy,
            )
            for n in range(times)
        ]  # fmt: skip

    log = [*shown(10, "a", 10), *shown(10, "c", 10), *shown(11, "b", 30), *shown(11, "c", 10)]
    log += [*shown(11, "a", 1, "uniform"), *shown(12, "c", 40, "uniform")]
    settings = settings_at(tmp_path)
    lake = lake_at(settings)
    products = [product("a", brand="Acme"), product("b", brand="Acme"), product("c")]
    put(lake, "products", "2026-02-10", products)
    put(lake, "events", "2026-02-12", log)
    # Acme has 40 of 60 looks: usual are 13.3 of 20 and 26.7 of 40; c has a third of them
    for threshold, surging in (
        (1.1, {("ranked", "b"), ("uniform", "a"), ("ranked", "c")}),
        (1.4, {("ranked", "c")}),
    ):
        found = rows(spark, lake, DatasetSettings(surge=threshold, surge_prior=0.0))
        assert {(row["policy"], row["item_id"]) for row in found if row["surge"]} == surging
