"""Lists of a shop with markets: what each holds, and how deep; small exact answers."""

from typing import TYPE_CHECKING

import pytest

from causalrec.config.lists import ListSettings
from causalrec.scoring.behaviour.buy_again import buy_again
from causalrec.scoring.behaviour.carts import cart_lists
from causalrec.scoring.behaviour.complements import LOOKS, PairCounts, listed
from causalrec.scoring.behaviour.recent import recent_items
from causalrec.scoring.behaviour.shelves import ONE_FOR_ALL, Shelves
from tests.scoring.behaviour.test_lists import DS, events, pairs_of, rows_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.spark


@pytest.fixture
def shelves(spark: "SparkSession") -> Shelves:
    """Home is Germany. ``at`` is sold in Austria, ``de`` in Germany, ``gone`` nowhere, the rest in both."""
    limited = [("at", ["AT"]), ("de", ["DE"]), ("gone", [])]
    users = [("a", "AT"), ("d", "DE")]
    return Shelves(
        ("AT", "DE"), "DE",
        spark.createDataFrame(limited, "item_id string, at array<string>"),
        spark.createDataFrame(users, "user_id string, market string"),
    )  # fmt: skip


def ordered(spark: "SparkSession", *rows: tuple[str, str, int]) -> "DataFrame":
    return spark.createDataFrame(list(rows), "item_id string, other_item_id string, place int")


def best(shelves: Shelves, rows: "DataFrame", k: int) -> list[tuple[object, ...]]:
    found = shelves.best(rows, "item_id", ["place"], k, "other_item_id")
    assert set(found.columns) == {"item_id", "other_item_id", "place", "rank", "markets"}
    return rows_of(found, "item_id", "rank", "other_item_id", "markets")


def test_a_list_is_deep_enough_for_every_market(spark: "SparkSession", shelves: Shelves) -> None:
    """The list of an item is made where it is sold; that of ``de`` needs nothing for Austria."""
    near = [("de", 1), ("gone", 2), ("de2", 3), ("at", 4), ("x", 5)]
    rows = ordered(spark, *[(item, other, place) for item in ("i", "de", "gone") for other, place in near])
    assert best(shelves, rows, 2) == [
        ("de", 1, "de", "DE"), ("de", 2, "de2", None),
        ("i", 1, "de", "DE"), ("i", 2, "de2", None), ("i", 3, "at", "AT"),
    ]  # fmt: skip
    plain = best(ONE_FOR_ALL, rows, 2)
    assert plain == [
        (item, *row) for item in ("de", "gone", "i") for row in ((1, "de", None), (2, "gone", None))
    ]


def test_trends_are_deep_enough_for_every_market(spark: "SparkSession", shelves: Shelves) -> None:
    rows = spark.createDataFrame(
        [("", "de", 1), ("", "x", 2), ("", "at", 3), ("hats", "at", 3)],
        "category string, item_id string, n int",
    )
    found = shelves.best(rows, "category", ["n"], 1)
    assert rows_of(found, "category", "rank", "item_id", "markets") == [
        ("", 1, "de", "DE"), ("", 2, "x", None), ("hats", 1, "at", "AT"),
    ]  # fmt: skip


def test_complements_say_where_they_are_sold(spark: "SparkSession", shelves: Shelves) -> None:
    counts = [("i", other, 900.0 - n, 10.0, 0.1) for n, other in enumerate(("de", "x", "at"))]
    frame = spark.createDataFrame(
        counts, "item_id string, other_item_id string, observed double, expected double, rate double"
    )
    pairs = PairCounts(frame, frame.select("item_id", "rate"), LOOKS)
    settings = ListSettings(k=1, chance_share=0.5)
    found = listed(pairs, settings, shelves, substitutes=False)
    assert rows_of(found, "rank", "other_item_id", "markets") == [(1, "de", "DE"), (2, "x", None)]


def test_lists_of_users_are_full_of_what_their_market_sells(spark: "SparkSession", shelves: Shelves) -> None:
    """Somebody without a list is at home."""
    log = [
        (user, item, "purchase", ago)
        for user in ("a", "d", "new") for ago, item in enumerate(("de", "at", "x", "gone", "y"))
    ]  # fmt: skip
    found = recent_items(events(spark, *log), 2, shelves)
    assert rows_of(found, "user_id", "rank", "item_id") == [
        ("a", 1, "at"), ("a", 2, "x"), ("d", 1, "de"), ("d", 2, "x"), ("new", 1, "de"), ("new", 2, "x"),
    ]  # fmt: skip
    again = [(user, item, "purchase", ago + 9) for user, item, _, ago in log]
    bought, settings = events(spark, *log, *again), ListSettings(k=5)
    columns = ("user_id", "item_id", "chance", "cycle_days")
    mine = rows_of(buy_again(bought, settings, DS, shelves), *columns)
    assert [row[1] for row in mine if row[0] == "a"] == ["at", "x", "y"]
    everything = rows_of(buy_again(bought, settings, DS), *columns)
    assert mine == [row for row in everything if row[1] in ("x", "y", {"a": "at"}.get(str(row[0]), "de"))]


def test_carts_are_full_of_what_their_market_sells(spark: "SparkSession", shelves: Shelves) -> None:
    carts = spark.createDataFrame([("a", "i"), ("d", "i"), ("d", "x")], "user_id string, item_id string")
    pairs = pairs_of(
        spark, *[("i", other, 0.5, 1.9 - n / 10) for n, other in enumerate(("de", "gone", "at", "x"))]
    )
    usual = spark.createDataFrame([("y", 0.5), ("de", 0.9), ("gone", 0.9)], "item_id string, rate double")
    rates = usual.union(spark.createDataFrame([("at", 0.5), ("x", 0.5)], usual.schema))
    found = cart_lists(carts, pairs, 3, usual=rates, shelves=shelves)
    assert rows_of(found, "user_id", "rank", "item_id") == [
        ("a", 1, "at"), ("a", 2, "x"), ("a", 3, "y"), ("d", 1, "de"), ("d", 2, "y"),
    ]  # fmt: skip
