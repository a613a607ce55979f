"""Lift given exposure: exact against a loop, blind to what is only shown together or popular."""

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import functions as F

from causalrec.config.lists import ListSettings
from causalrec.scoring.behaviour.complements import BASKETS, LOOKS, RATE, READINESS, listed, pair_counts
from causalrec.scoring.behaviour.lift import lift_quantile

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

Rows = list[tuple[str, str, str, int]]
SEVERAL = ListSettings(k=5, certainty=0.9, prior_strength=1.0)


def found(
    spark: "SparkSession", rows: Rows, settings: ListSettings = SEVERAL, *, substitutes: bool = False
) -> pd.DataFrame:
    visits = spark.createDataFrame(pd.DataFrame(rows, columns=["user_id", "visit", "item_id", "taken"]))
    table = listed(pair_counts(visits, settings), settings, substitutes=substitutes).toArrow()
    sorted_rows: pd.DataFrame = table.to_pandas().sort_values(["item_id", "rank"], ignore_index=True)
    return sorted_rows


def by_loop(rows: Rows) -> dict[tuple[str, str], tuple[float, float]]:
    """(item, other) -> observed and expected, as the docstring says it."""
    of_item: dict[str, list[int]] = defaultdict(list)
    of_visit: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for user, name, item, taken in rows:
        of_item[item].append(taken)
        of_visit[user, name][item] = taken
    usual = sum(map(sum, of_item.values())) / len(rows)
    rate = {item: (sum(all_) + RATE * usual) / (len(all_) + RATE) for item, all_ in of_item.items()}
    sums: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for visit in of_visit.values():
        for item, other in ((a, b) for a in visit for b in visit if visit[a] and a != b):
            rest = [one for one in visit if one not in (item, other)]
            readiness = (sum(visit[r] for r in rest) + READINESS) / (sum(rate[r] for r in rest) + READINESS)
            sums[item, other][0] += visit[other]
            sums[item, other][1] += min(1.0, rate[other] * readiness)
    return {pair: (observed, expected) for pair, (observed, expected) in sums.items()}


def test_counts_equal_a_loop_over_visits(spark: "SparkSession") -> None:
    rng = np.random.default_rng(3)
    rows: Rows = [
        (f"u{visit % 7}", f"v{visit}", item, int(rng.random() < 0.4))
        for visit in range(40)
        for item in rng.choice(list("abcdef"), 4, replace=False)
    ]
    frame = spark.createDataFrame(pd.DataFrame(rows, columns=["user_id", "visit", "item_id", "taken"]))
    pairs = pair_counts(frame, SEVERAL)
    got = {(r.item_id, r.other_item_id): (r.observed, r.expected) for r in pairs.frame.collect()}
    wanted = by_loop(rows)
    assert pairs.evidence == LOOKS
    assert got.keys() == wanted.keys()
    assert all(got[pair] == pytest.approx(wanted[pair]) for pair in wanted)


def planted() -> Rows:
    """``b`` is wanted with ``a``; ``c`` is popular; ``d`` is shown only with ``a`` and taken as ever; nobody
    takes ``f`` who takes ``e``; eight other items have nothing to do with one another."""
    rng, rows = np.random.default_rng(5), list[tuple[str, str, str, int]]()
    for visit in range(500):
        chances = {"a": 0.4, "c": 0.8, "e": 0.5} | {f"n{number}": 0.3 for number in range(8)}
        one = {item: int(rng.random() < chance) for item, chance in chances.items()}
        one["b"] = int(rng.random() < (0.8 if one["a"] else 0.1))
        one["f"] = int(rng.random() < (0.02 if one["e"] else 0.5))
        if one["a"]:
            one["d"] = int(rng.random() < 0.3)
        rows += [("u", f"v{visit}", item, taken) for item, taken in one.items()]
    return rows


def test_what_goes_together_what_replaces_and_what_is_only_popular(spark: "SparkSession") -> None:
    sure = SEVERAL.model_copy(update={"certainty": 0.9999})
    together = found(spark, planted(), sure)
    pairs = set(zip(together["item_id"], together["other_item_id"], strict=True))
    assert {pair for pair in pairs if pair[0] != "d"} == {("a", "b"), ("b", "a")}  # d is shown because of a
    assert (together["low"] > 1).all()
    instead = found(spark, planted(), sure, substitutes=True)
    assert set(zip(instead["item_id"], instead["other_item_id"], strict=True)) == {("e", "f"), ("f", "e")}
    assert (instead["high"] < 1).all()
    assert set(together["evidence"]) == {LOOKS}


def test_where_nothing_goes_together_nothing_is_listed(spark: "SparkSession") -> None:
    """870 pairs, of which some look sure by chance; the one that does go together is listed alone."""
    rng = np.random.default_rng(8)
    taken = rng.random((400, 30)) < rng.beta(2, 12, (400, 1))
    joined = taken.copy()
    joined[:, 1] |= taken[:, 0] & (rng.random(400) < 0.8)
    alone, one = (
        [("u", f"v{visit}", f"i{item}", int(count)) for (visit, item), count in np.ndenumerate(rows)]
        for rows in (taken, joined)
    )
    visits = spark.createDataFrame(pd.DataFrame(alone, columns=["user_id", "visit", "item_id", "taken"]))
    low = lift_quantile(F.col("observed"), F.col("expected"), 1.0, 0.1)
    assert pair_counts(visits, SEVERAL).frame.where(low > 1).count() > 20
    assert found(spark, alone).empty
    assert found(spark, alone, substitutes=True).empty
    together = found(spark, one)
    assert set(zip(together["item_id"], together["other_item_id"], strict=True)) == {
        ("i0", "i1"),
        ("i1", "i0"),
    }


def test_baskets_alone(spark: "SparkSession") -> None:
    """Purchases without looks: what shares baskets more often than baskets of that size would by chance."""
    rows: Rows = []
    for visit in range(120):
        items = ["a", "b"] if visit % 3 == 0 else ["c", "d"] if visit % 3 == 1 else ["c", "e"]
        rows += [("u", f"v{visit}", item, 1) for item in items]
    together = found(spark, rows)
    assert set(together["evidence"]) == {BASKETS}
    pairs = set(zip(together["item_id"], together["other_item_id"], strict=True))
    assert pairs == {("a", "b"), ("b", "a"), ("c", "d"), ("d", "c"), ("c", "e"), ("e", "c")}
    assert together.set_index(["item_id", "other_item_id"]).loc[("a", "b"), "observed"] == 40
    assert found(spark, rows, substitutes=True).empty


def test_a_huge_visit_is_bounded(spark: "SparkSession") -> None:
    rows: Rows = [("u", "v", f"i{n}", int(n < 4)) for n in range(300)]
    visits = spark.createDataFrame(pd.DataFrame(rows, columns=["user_id", "visit", "item_id", "taken"]))
    settings = SEVERAL.model_copy(update={"max_visit_items": 6})
    pairs = pair_counts(visits, settings).frame.collect()
    assert {row.item_id for row in pairs} == {f"i{n}" for n in range(4)}  # what was taken comes first
    assert len(pairs) == 4 * 5


def test_nothing_in_nothing_out(spark: "SparkSession") -> None:
    visits = spark.createDataFrame([], "user_id string, visit string, item_id string, taken int")
    assert listed(pair_counts(visits, SEVERAL), SEVERAL, substitutes=False).isEmpty()
