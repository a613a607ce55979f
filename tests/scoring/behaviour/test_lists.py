"""Carts, repeated purchases, trends and what was seen last: small exact answers."""

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import functions as F
from scipy.stats import gamma

from causalrec.config.lists import ListSettings
from causalrec.scoring.behaviour.buy_again import ITEM_PRIOR, USER_PRIOR, buy_again
from causalrec.scoring.behaviour.carts import cart_lists, open_carts
from causalrec.scoring.behaviour.lift import lift_quantile
from causalrec.scoring.behaviour.recent import recent_items
from causalrec.scoring.behaviour.trending import trending_items

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.spark

DS = dt.date(2026, 3, 10)


def events(spark: "SparkSession", *rows: tuple[str, str, str, int]) -> "DataFrame":
    """user, item, type, days before ``DS``."""
    made = [
        (user, item, kind, dt.datetime.combine(DS, dt.time(12), dt.UTC) - dt.timedelta(days=ago), f"d{ago}")
        for user, item, kind, ago in rows
    ]
    schema = "user_id string, item_id string, event_type string, event_time timestamp, visit string"
    return spark.createDataFrame(made, schema)


def rows_of(frame: "DataFrame", *columns: str) -> list[tuple[object, ...]]:
    return sorted(tuple(row[name] for name in columns) for row in frame.collect())


@pytest.mark.parametrize("level", [0.01, 0.5, 0.99])
def test_quantiles_are_those_of_the_posterior(spark: "SparkSession", level: float) -> None:
    observed, expected, strength = np.array([0.0, 3.0, 40.0]), np.array([2.0, 1.5, 20.0]), 4.0
    frame = spark.createDataFrame(pd.DataFrame({"o": observed, "e": expected}))
    got = frame.select(lift_quantile(F.col("o"), F.col("e"), strength, level).alias("q")).toPandas()["q"]
    exact = gamma.ppf(level, observed + strength, scale=1 / (expected + strength))
    assert got.to_numpy() == pytest.approx(exact, rel=0.04)


def test_carts_that_are_open(spark: "SparkSession") -> None:
    log = events(
        spark,
        ("u", "kept", "cart", 1), ("u", "bought", "cart", 2), ("u", "bought", "purchase", 1),
        ("u", "old", "cart", 3), ("u", "again", "purchase", 2), ("u", "again", "cart", 0),
        ("v", "seen", "view", 0),
    )  # fmt: skip
    found = open_carts(log, ListSettings(cart_days=3), DS)
    assert rows_of(found, "user_id", "item_id") == [("u", "again"), ("u", "kept")]


def pairs_of(spark: "SparkSession", *rows: tuple[str, str, float, float]) -> "DataFrame":
    """item, other, rate of the other, lift."""
    return spark.createDataFrame(list(rows), "item_id string, other_item_id string, rate double, lift double")


CARTS = [("u", "a"), ("u", "b"), ("v", "b"), ("w", "z")]
CART_COLUMNS = ("user_id", "rank", "item_id", "chance", "because_item_id")


def test_a_set_of_items_in_items_out(spark: "SparkSession") -> None:
    """Lifts multiply, a chance is at most 1, and nothing of the cart is listed."""
    carts = spark.createDataFrame(CARTS, "user_id string, item_id string")
    complements = pairs_of(
        spark, ("a", "c", 0.125, 2.0), ("b", "c", 0.125, 3.0), ("a", "b", 0.5, 9.0), ("b", "d", 0.5, 4.0),
        ("b", "e", 0.25, 1.5),
    )  # fmt: skip
    found = cart_lists(carts, complements, 2)
    assert rows_of(found, *CART_COLUMNS) == [
        ("u", 1, "d", 1.0, "b"), ("u", 2, "c", pytest.approx(0.75), "b"),
        ("v", 1, "d", 1.0, "b"), ("v", 2, "c", pytest.approx(0.375), "b"),
    ]  # fmt: skip
    assert rows_of(found, "item_id", "gain")[-1] == ("d", 0.5)


def test_the_list_of_a_cart_is_full_and_names_only_certain_reasons(spark: "SparkSession") -> None:
    carts = spark.createDataFrame(CARTS, "user_id string, item_id string")
    pairs = pairs_of(spark, ("a", "c", 0.25, 2.0), ("b", "c", 0.25, 1.5), ("b", "d", 0.5, 0.5))
    usual = spark.createDataFrame(
        [("a", 0.75), ("c", 0.25), ("d", 0.5), ("e", 0.375)], "item_id string, rate double"
    )
    found = cart_lists(carts, pairs, 3, usual=usual, certain=pairs.where("lift = 1.5"))
    assert rows_of(found, *CART_COLUMNS) == [
        ("u", 1, "c", pytest.approx(0.75), "b"), ("u", 2, "e", 0.375, ""),
        ("u", 3, "d", pytest.approx(0.25), ""),
        ("v", 1, "a", 0.75, ""), ("v", 2, "c", pytest.approx(0.375), "b"), ("v", 3, "e", 0.375, ""),
        ("w", 1, "a", 0.75, ""), ("w", 2, "d", 0.5, ""), ("w", 3, "e", 0.375, ""),
    ]  # fmt: skip


def test_buying_again_comes_due_with_the_cycle(spark: "SparkSession") -> None:
    """Milk is bought every ten days, a sofa once; who bought milk long ago is nearer to the next."""
    milk = [("u", "milk", "purchase", ago) for ago in (40, 30, 20, 10)]
    milk += [("v", "milk", "purchase", ago) for ago in (31, 21, 11, 1)]
    sofas = [(f"w{n}", "sofa", "purchase", 60) for n in range(20)]
    log = events(spark, *milk, *sofas, ("u", "sofa", "purchase", 60), ("u", "milk", "view", 0))
    table = buy_again(log, ListSettings(buy_days=7), DS).toPandas().set_index(["user_id", "item_id"])
    chance = table["chance"]
    assert chance["u", "milk"] > chance["v", "milk"] > chance["w0", "sofa"]
    assert chance["u", "sofa"] < 0.1
    assert table.loc[("u", "milk"), ["rank", "purchases", "last_bought"]].tolist() == [
        1, 4, DS - dt.timedelta(days=10),
    ]  # fmt: skip
    usual = 6 / (40 + 31 + 21 * 60)
    item = (6 + ITEM_PRIOR) / (71 + ITEM_PRIOR / usual)
    rate = (3 + USER_PRIOR) / (40 + USER_PRIOR / item)
    assert table.loc[("u", "milk"), "cycle_days"] == pytest.approx(1 / rate)
    after, before = (np.exp(-2 * rate * days) * (1 + 2 * rate * days) for days in (17, 10))
    assert chance["u", "milk"] == pytest.approx(1 - after / before)


def test_a_shop_where_nothing_is_bought_twice_lists_nothing(spark: "SparkSession") -> None:
    log = events(spark, ("u", "a", "purchase", 5), ("u", "a", "purchase", 5), ("v", "b", "purchase", 1))
    assert buy_again(log, ListSettings(), DS).isEmpty()


def test_the_last_seen_first(spark: "SparkSession") -> None:
    log = events(
        spark,
        ("u", "a", "view", 3), ("u", "a", "purchase", 3), ("u", "a", "view", 1), ("u", "b", "cart", 2),
        ("u", "c", "view", 4), ("u", "d", "impression", 0),
    )  # fmt: skip
    found = recent_items(log, 2)
    assert rows_of(found, "user_id", "rank", "item_id", "deepest") == [
        ("u", 1, "a", "purchase"), ("u", 2, "b", "cart"),
    ]  # fmt: skip


def test_a_trend_is_more_than_a_busy_week(spark: "SparkSession") -> None:
    """Twice as many people come this week; only ``new`` and ``rising`` grow more than the shop."""
    settings = ListSettings(trend_days=7, trend_baseline_days=7, certainty=0.9, prior_strength=1.0)
    log = [(f"u{n}", "usual", "view", 8) for n in range(40)] + [
        (f"u{n}", "usual", "view", 1) for n in range(80)
    ]
    log += [(f"r{n}", "rising", "view", 9) for n in range(5)] + [
        (f"r{n}", "rising", "view", 2) for n in range(40)
    ]
    log += [(f"n{n}", "new", "view", 0) for n in range(10)]
    log += [("x", "shown", "impression", 0), ("x", "ancient", "view", 30)]
    categories = spark.createDataFrame(
        [("usual", "hats"), ("rising", "hats"), ("new", None)], "item_id string, category string"
    )
    found = trending_items(events(spark, *log), categories, settings, DS)
    assert rows_of(found, "category", "rank", "item_id", "users") == [
        ("", 1, "new", 10), ("", 2, "rising", 40), ("hats", 1, "rising", 40),
    ]  # fmt: skip
    expected = {row["item_id"]: row["expected"] for row in found.collect()}
    assert expected["rising"] == pytest.approx(5 * 130 / 45)
