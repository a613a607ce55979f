"""Limits and constants of the lists, at their borders; one small frame for each."""

import datetime as dt
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import functions as F

from causalrec.config.lists import ListSettings
from causalrec.scoring.behaviour import carts as open_lists
from causalrec.scoring.behaviour.buy_again import buy_again
from causalrec.scoring.behaviour.carts import cart_lists, open_carts
from causalrec.scoring.behaviour.lift import lift, lift_quantile
from causalrec.scoring.behaviour.recent import recent_items
from causalrec.scoring.behaviour.trending import trending_items
from causalrec.scoring.behaviour.visits import visit_items
from tests.scoring.behaviour.test_lists import DS, events, rows_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark


def test_lifts_are_those_of_the_formula(spark: "SparkSession") -> None:
    observed, expected, strength, level = np.array([0.0, 3.0, 40.0]), np.array([2.0, 1.5, 20.0]), 4.0, 0.05
    frame = spark.createDataFrame(pd.DataFrame({"o": observed, "e": expected}))
    columns = F.col("o"), F.col("e"), strength
    got = frame.select(lift(*columns).alias("lift"), lift_quantile(*columns, level).alias("q")).toPandas()
    shape = observed + strength
    assert got["lift"].to_numpy() == pytest.approx(shape / (expected + strength))
    root = 1 - 1 / (9 * shape) + NormalDist().inv_cdf(level) / (3 * np.sqrt(shape))
    assert got["q"].to_numpy() == pytest.approx(shape * root**3 / (expected + strength))
    nothing = frame.select(lift_quantile(F.col("o"), F.col("e"), 0.01, 0.001).alias("q")).toPandas()
    assert nothing["q"][0] == 0.0  # never below


def test_the_window_of_a_trend(spark: "SparkSession") -> None:
    """Days 0 and 1 are now, days 2 to 4 before, day 5 and tomorrow neither."""
    settings = ListSettings(trend_days=2, trend_baseline_days=3, certainty=0.6, prior_strength=1.0, k=1)
    log = [(f"u{n}", "usual", "view", ago) for n in range(30) for ago in (1, 4)]
    log += [
        (f"n{n}", "new", kind, ago) for n in range(9) for kind, ago in (("view", 0), ("cart", 0), ("view", 1))
    ]
    log += [(f"n{n}", "new", "view", ago) for n in range(50) for ago in (5, -1)]
    log += [("o", "old", "view", 2)]
    categories = spark.createDataFrame([("new", ""), ("usual", "hats")], "item_id string, category string")
    (found,) = trending_items(events(spark, *log), categories, settings, DS).collect()
    assert (found["category"], found["rank"], found["item_id"], found["users"]) == ("", 1, "new", 18)
    assert (found["expected"], found["lift"]) == (0.0, 19.0)
    sure = settings.model_copy(update={"k": 9, "chance_share": 1.0})
    more = (
        log
        + [(f"m{n}", "more", "view", 2) for n in range(2)]
        + [(f"m{n}", "more", "view", 0) for n in range(12)]
    )
    rows = {
        row["item_id"]: row for row in trending_items(events(spark, *more), categories, sure, DS).collect()
    }
    growth = (30 + 18 + 12) / (31 + 2)
    assert rows["more"]["expected"] == pytest.approx(2 * growth)
    assert rows["more"]["lift"] == pytest.approx((12 + 1) / (2 * growth + 1))
    assert set(rows) == {"new", "more"}


def test_who_bought_today_waited_for_a_day(spark: "SparkSession") -> None:
    bought = [("u", "a", 0), ("u", "a", 2), ("v", "a", 0), ("u", "b", 4), ("u", "c", 9)]
    log = [(user, item, "purchase", ago) for user, item, ago in bought]
    table = buy_again(events(spark, *log), ListSettings(buy_days=3, k=2), DS).toPandas()
    assert table["rank"].tolist() == table.groupby("user_id").cumcount().add(1).tolist()
    assert table.groupby("user_id").size().to_dict() == {"u": 2, "v": 1}
    usual = 1 / (2 + 1 + 4 + 9)
    item = (1 + 5) / (3 + 5 / usual)
    mine = table.set_index(["user_id", "item_id"])
    assert mine.loc[("v", "a"), "cycle_days"] == pytest.approx((1 + 1 / item) / 1)
    assert mine.loc[("u", "a"), "cycle_days"] == pytest.approx((2 + 1 / item) / 2)


def test_carts_of_the_last_days_and_no_longer(spark: "SparkSession") -> None:
    log = events(
        spark, ("u", "now", "cart", 0), ("u", "first", "cart", 2), ("u", "past", "cart", 3),
        ("u", "same", "cart", 1), ("u", "same", "purchase", 1),
    )  # fmt: skip
    found = open_carts(log, ListSettings(cart_days=3), DS)
    assert rows_of(found, "item_id") == [("first",), ("now",)]


def test_a_cart_reaches_as_far_as_said(spark: "SparkSession", monkeypatch: pytest.MonkeyPatch) -> None:
    """The best partner of each item and the best of all are candidates, a step further none."""
    monkeypatch.setattr(open_lists, "REACH", 1)
    carts = spark.createDataFrame([("u", "a")], "user_id string, item_id string")
    rows = [("a", "b", 0.25, 2.0), ("a", "c", 0.25, 3.0), ("a", "d", 0.5, 1.0)]
    pairs = spark.createDataFrame(rows, "item_id string, other_item_id string, rate double, lift double")
    found = cart_lists(carts, pairs, 1)
    assert rows_of(found, "rank", "item_id", "chance") == [(1, "c", 0.75)]
    usual = spark.createDataFrame([("b", 0.25), ("c", 0.25), ("e", 0.875)], "item_id string, rate double")
    assert rows_of(cart_lists(carts, pairs, 1, usual=usual), "item_id") == [("e",)]


def test_the_last_seen_and_the_deepest(spark: "SparkSession") -> None:
    log = events(
        spark, ("u", "a", "purchase", 3), ("u", "a", "cart", 1), ("u", "b", "view", 2), ("u", "b", "cart", 5),
        ("u", "c", "view", 1), ("u", "d", "view", 9),
    )  # fmt: skip
    assert rows_of(recent_items(log, 3), "rank", "item_id", "deepest") == [
        (1, "a", "purchase"), (2, "c", "view"), (3, "b", "cart"),
    ]  # fmt: skip
    times = {row["item_id"]: row["last_time"].date() for row in recent_items(log, 3).collect()}
    assert times["a"] == DS - dt.timedelta(days=1)


def test_what_a_visit_took(spark: "SparkSession") -> None:
    log = events(
        spark, ("u", "a", "view", 0), ("u", "a", "cart", 0), ("u", "b", "impression", 0),
        ("u", "c", "purchase", 1), ("u", "a", "view", 1),
    )  # fmt: skip
    assert rows_of(visit_items(log), "visit", "item_id", "taken") == [
        ("d0", "a", 1), ("d0", "b", 0), ("d1", "a", 0), ("d1", "c", 1),
    ]  # fmt: skip
