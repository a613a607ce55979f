"""No event is lost on the way into a dataset: rows in = rows of pairs or looks + counted rows, by reason."""

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from causalrec.dataset.build import build_dataset
from causalrec.dataset.sums import look_sums, pair_sums
from causalrec.lake import Ledger
from causalrec.lake.outcome import losses

from .shop import event, lake_at, product, put, settings_at

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DAY, WINDOW = dt.date(2026, 3, 10), 20
ITEMS = [f"i{n}" for n in range(12)]
PAIR = ("cart", "purchase")


def mixture(seed: int) -> list[dict[str, Any]]:
    """Visits of people, of a robot, of long ago, at random exposure, to items that no catalogue has."""
    rng, rows = random.Random(seed), list[dict[str, Any]]()
    for visit in range(240):
        user = rng.choice(["robot", *(f"u{n}" for n in range(20))])
        item = rng.choice([*ITEMS, "gone", "I1"])
        start = dt.datetime(2026, 2, 10) + dt.timedelta(days=rng.randrange(29), hours=rng.randrange(20))
        kinds = ["impression", *rng.choices(["impression", "view", "cart", "cart", "purchase"], k=4)]
        policy = "uniform" if rng.random() < 0.2 else "ranked"
        for n, kind in enumerate(kinds):
            pause = dt.timedelta(seconds=n) if user == "robot" else dt.timedelta(minutes=2 * n)
            shown: dict[str, Any] = {"policy": policy, "position": 1} if kind == "impression" else {}
            name, moment = f"e{visit}-{n}", str(start + pause)
            rows.append(event(name, moment, user, item, kind, session_id=f"v{visit}", **shown))
    return rows


def distinct(rows: Iterable[dict[str, Any]], *names: str) -> int:
    return len({tuple(row[name] for name in names) for row in rows})


def test_every_event_is_in_a_pair_a_look_or_a_count(spark: "SparkSession", tmp_path: Path) -> None:
    settings = settings_at(
        tmp_path, history_days=WINDOW, split="temporal", max_minute_actions=2, max_daily_actions=0
    )
    lake, rows = lake_at(settings), mixture(7)
    again = rows[::6]
    put(lake, "products", "2026-03-01", [product(item) for item in ITEMS])
    put(lake, "events", "2026-03-09", rows)
    put(lake, "events", "2026-03-10", again)

    outcome = build_dataset(settings, lake, Ledger(lake), spark, DAY)
    found = outcome.counters
    pairs, looks, shown = (lake.table(name).read() for name in ("interactions", "looks", "exposures"))

    start = dt.datetime.combine(DAY - dt.timedelta(days=WINDOW - 1), dt.time(), dt.UTC)
    young = [row for row in rows if row["event_time"] >= start]
    counted = [row for row in young if row["event_type"] in PAIR]
    robot_days = _robot_days(young)
    unknown = [row for row in counted if row["item_id"] not in ITEMS]
    known = [row for row in counted if row["item_id"] in ITEMS]
    robots = [row for row in known if (row["user_id"], row["event_time"].date()) in robot_days]
    people = [row for row in known if row not in robots]
    carts = [row for row in people if row["event_type"] == "cart"]
    arrived = [row for row in rows + again if row["event_type"] in PAIR]
    assert {name: found[name] for name in (
        "events", "events_too_old", "delivered_again", "positives", "unknown_item", "robot_events", "repeats"
    )} == {
        "events": len(arrived),
        "events_too_old": sum(row["event_time"] < start for row in arrived),
        "delivered_again": sum(row in counted for row in again),
        "positives": len(counted),
        "unknown_item": len(unknown),
        "robot_events": len(robots),
        "repeats": len(carts) - distinct(carts, "user_id", "item_id", "session_id"),
    }  # fmt: skip
    old, events = (f"{found[name]:,.0f}" for name in ("events_too_old", "events"))
    said = f"LEFT OUT {old} of {events} events that are older than 20 days"
    assert f"{said}, as dataset.history_days says" in outcome.note
    assert len(losses(outcome.note)) == 1  # unknown items; the setting asks for the window
    reasons = (
        "events_too_old",
        "delivered_again",
        "unknown_item",
        "robot_events",
        "repeats",
        "later_periods",
    )
    assert all(found[name] > 0 for name in reasons)
    assert found["events"] == sum(found[name] for name in reasons) + pc.sum(pairs["events"]).as_py()
    assert pairs.num_rows == distinct(people, "user_id", "item_id")
    splits = ("train", "valid", "test", "shown_by_chance")
    assert pairs.num_rows == sum(found[name] for name in splits)
    assert found["shown_by_chance"] > 0

    impressions = [row for row in young if row["event_type"] == "impression"]
    ours = [
        row for row in impressions
        if row["item_id"] in ITEMS and (row["user_id"], row["event_time"].date()) not in robot_days
    ]  # fmt: skip
    assert found["look_events"] == len(impressions)
    assert found["look_delivered_again"] == sum(row in impressions for row in again)
    assert pc.sum(looks["looks"]).as_py() == distinct(ours, "user_id", "item_id", "session_id")
    assert found["look_repeats"] == len(ours) - distinct(ours, "user_id", "item_id", "session_id") > 0
    left = ("look_robot_events", "look_unknown_item", "look_repeats", "look_unexplained", "looks")
    assert found["look_events"] == sum(found[name] for name in left)
    assert all(found[name] > 0 for name in left[:3])
    assert pc.sum(shown["impressions"]).as_py() == len(impressions) - found["look_robot_events"]


def _robot_days(rows: list[dict[str, Any]]) -> set[tuple[str, dt.date]]:
    """Users who acted more than twice within a minute, with the day."""
    actions = [row for row in rows if row["event_type"] != "impression"]
    minutes = Counter((row["user_id"], row["event_time"].replace(second=0)) for row in actions)
    return {(user, minute.date()) for (user, minute), n in minutes.items() if n > 2}


def test_looks_that_explain_nothing_are_counted() -> None:
    found = {"look_events": 9.0, "look_robot_events": 2.0, "look_unknown_item": 1.0}
    none = pa.table({"looks": pa.array([], pa.int64())})
    some = pa.table({"looks": [2, 2]})
    assert look_sums(found, none) == {**found, "look_unexplained": 6.0, "look_repeats": 0.0, "looks": 0.0}
    assert look_sums(found, some) == {**found, "look_unexplained": 0.0, "look_repeats": 2.0, "looks": 4.0}


def test_pairs_add_up_by_hand() -> None:
    found = {"positives": 20.0, "unknown_item": 1.0, "robot_events": 2.0, "repeats": 3.0, "other": 9.0}
    arrays = {name: np.zeros((2, n)) for name, n in (("train", 3), ("valid", 1), ("test", 1))}
    pairs = pa.table({"events": [4, 2, 1, 1, 1, 1]})
    assert pair_sums(found, pairs, arrays) == {**found, "later_periods": 4.0, "shown_by_chance": 1.0}
    none = {name: array[:, :0] for name, array in arrays.items()}
    empty = pa.table({"events": pa.array([], pa.int64())})
    assert pair_sums(found, empty, none) == {**found, "later_periods": 14.0, "shown_by_chance": 0.0}


def test_looks_add_up_by_hand() -> None:
    found = {"look_events": 20.0, "look_robot_events": 2.0, "look_unknown_item": 3.0}
    rows = pa.table({"looks": [5, 4]})
    more = {"look_repeats": 6.0, "look_unexplained": 0.0, "looks": 9.0}
    assert look_sums(found, rows) == {**found, **more}
    more = {"look_repeats": 0.0, "look_unexplained": 15.0, "looks": 0.0}
    assert look_sums(found, rows[:0]) == {**found, **more}
