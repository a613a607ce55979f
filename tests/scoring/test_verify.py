"""Every rule of publishing, on frames that break exactly one of them."""

from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from causalrec.config.scoring import ScoringSettings
from causalrec.scoring.verify import Overlap, overlap, verify, within_bounds

pytestmark = pytest.mark.spark
COLUMNS = "user_id string, rank int, item_id string, score double, fallback string"

BLOCKED = "only known items that no rule blocks"
PAIRS = "user_id string, item_id string"
Row = tuple[str, int, str, float, str | None]
GOOD: list[Row] = [
    ("a", 1, "x", 2.0, None),
    ("a", 2, "y", 1.0, None),
    ("b", 1, "y", 3.0, "catalogue_exhausted"),
    ("c", 1, "x", 3.0, "seen_everything+catalogue_exhausted"),
]
SEEN = [("a", "z"), ("b", "x"), ("c", "x"), ("c", "y")]  # c has all that is on offer

CASES: list[tuple[str, list[Row], dict[str, int]]] = [
    ("good", GOOD, {}),
    ("hole", [*GOOD[:1], ("a", 3, "y", 1.0, None), *GOOD[2:]], {"ranks are 1..n without gaps": 1}),
    ("twice", [GOOD[0], ("a", 2, "x", 1.0, None), *GOOD[2:]], {"no item twice in a list": 1}),
    ("short", [GOOD[0], *GOOD[2:]], {"fewer than 2 rows only with a label": 1}),
    ("long", [*GOOD, ("a", 3, "w", 0.5, None)], {"at most 2 rows per user": 1}),
    ("infinite", [("a", 1, "x", float("inf"), None), *GOOD[1:]], {"scores are finite": 1}),
    ("nan", [("a", 1, "x", float("nan"), None), *GOOD[1:]], {"scores are finite": 1}),
    ("unsorted", [("a", 1, "x", 0.5, None), *GOOD[1:]], {"scores fall with the rank": 1}),
    ("stranger", [*GOOD, ("q", 1, "x", 1.0, "catalogue_exhausted")], {"only known users": 1}),
    ("unserved", GOOD[:2], {"every user is served": 2}),
    ("seen", [*GOOD[:2], ("b", 1, "x", 3.0, "catalogue_exhausted"), GOOD[3]], {"no seen item": 1}),
    ("blocked", [("a", 1, "v", 2.0, None), *GOOD[1:]], {BLOCKED: 1}),
]


@pytest.mark.parametrize(("rows", "broken"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_rules(spark: SparkSession, rows: list[Row], broken: dict[str, int]) -> None:
    users = spark.createDataFrame([("a",), ("b",), ("c",)], "user_id string")
    items = spark.createDataFrame([("w",), ("x",), ("y",), ("z",)], "item_id string")
    seen = spark.createDataFrame(SEEN, PAIRS)
    found = verify(logged(spark, rows), seen, users, items, ScoringSettings(k=2))
    assert {finding.rule: finding.broken for finding in found if finding.broken} == broken


def logged(spark: SparkSession, rows: list[Row]) -> DataFrame:
    odds = {"policy": F.lit("causalrec"), "propensity": F.lit(1.0)}
    return spark.createDataFrame(rows, COLUMNS).withColumns(odds)


def test_nothing_at_all(spark: SparkSession) -> None:
    users = spark.createDataFrame([("a",)], "user_id string")
    empty = logged(spark, [])
    items = spark.createDataFrame([("x",)], "item_id string")
    found = verify(empty, spark.createDataFrame([], PAIRS), users, items, ScoringSettings(k=2))
    assert [finding.rule for finding in found if finding.broken] == ["there are rows", "every user is served"]


def test_drawn_rows_may_stand_anywhere_but_must_be_logged(spark: SparkSession) -> None:
    users = spark.createDataFrame([("a",)], "user_id string")
    items = spark.createDataFrame([("w",), ("x",), ("y",)], "item_id string")
    seen = spark.createDataFrame([], PAIRS)
    columns = COLUMNS + ", policy string, propensity double"
    rows = [("a", 1, "x", 2.0, None, "causalrec", 1.0), ("a", 2, "w", -9.0, None, "uniform", 0.1)]

    def broken(*third: object) -> list[str]:
        frame = spark.createDataFrame([*rows, ("a", 3, "y", 1.0, None, *third)], columns)
        return [
            found.rule for found in verify(frame, seen, users, items, ScoringSettings(k=3)) if found.broken
        ]

    assert broken("causalrec", 1.0) == []
    assert broken("uniform", 0.0) == broken("magic", 1.0) == broken("uniform", None)
    assert broken("magic", 1.0) == ["every row has its policy and a propensity in (0, 1]"]


def test_overlap_counts_rows_of_users_served_on_both_days(spark: SparkSession) -> None:
    today = spark.createDataFrame([("a", "x"), ("a", "y"), ("new", "x")], PAIRS)
    before = spark.createDataFrame([("a", "y"), ("gone", "x")], PAIRS)
    assert overlap(today, before) == Overlap(1, 0.5)
    assert overlap(today, before.where("user_id = 'gone'")) == Overlap(0, 0.0)


def test_overlap_within_bounds() -> None:
    bounds = ScoringSettings(min_overlap=0.2, max_overlap=0.9, overlap_users=10)
    cases = [(10, 0.1), (9, 0.1), (10, 0.2), (10, 0.9), (10, 0.95)]
    assert [within_bounds(Overlap(*case), bounds).broken for case in cases] == [1, 0, 0, 0, 1]


FALLBACKS = ("catalogue_exhausted", "caps_reached", "seen_everything", None)


def test_the_same_lists_under_other_settings(spark: SparkSession) -> None:
    """What each setting, and each argument, takes into account; all on one frame."""
    users = spark.createDataFrame([(one,) for one in "abcde"], "user_id string")
    items = spark.createDataFrame([("x",), ("y",)], "item_id string")
    columns = COLUMNS + ", policy string, propensity double"
    rows = [
        (user, 1, "x", 1.0, label, "causalrec", 1.0) for user, label in zip("abcd", FALLBACKS, strict=True)
    ]
    rows += [("e", 1, "x", 1.0, None, "mine", 1.0), ("e", 2, "y", 2.0, None, "mine", 0.5)]
    frame = spark.createDataFrame(rows, columns)
    seen = spark.createDataFrame([("a", "x"), ("c", "x")], PAIRS)
    short, unlogged = (
        "fewer than 2 rows only with a label",
        "every row has its policy and a propensity in (0, 1]",
    )
    rising, again, hides = (
        "scores fall with the rank",
        "no seen item",
        "no item that the shop hides from the user",
    )

    def broken(scoring: ScoringSettings, **more: Any) -> dict[str, int]:  # noqa: ANN401 - arguments of verify
        found = verify(frame, seen, users, items, scoring, **more)
        return {finding.rule: finding.broken for finding in found if finding.broken}

    usual = ScoringSettings(k=2)
    assert broken(usual) == {short: 2, unlogged: 2, again: 1}
    assert broken(usual, taste="mine", others=("causalrec",)) == {short: 2, rising: 1, again: 1}
    varied = usual.model_copy(update={"diversity": 0.5, "exclude_seen": False})
    hidden = spark.createDataFrame([("e", "y"), ("a", "y")], PAIRS)
    assert broken(varied, taste="mine", others=("causalrec",), hidden=hidden) == {short: 2, hides: 1}


def test_propensities_at_their_borders(spark: SparkSession) -> None:
    values = [1.0, 1e-9, 1.001, -0.1, 0.0, float("nan"), None]
    rows = [(str(place), 1, "x", 1.0, None, "causalrec", value) for place, value in enumerate(values)]
    ids = spark.createDataFrame([(row[0], "x") for row in rows], PAIRS)
    frame = spark.createDataFrame(rows, COLUMNS + ", policy string, propensity double")
    found = verify(
        frame, ids.where("false"), ids.select("user_id"), ids.select("item_id"), ScoringSettings(k=1),
        by_score=False,
    )  # fmt: skip
    assert [one.broken for one in found if one.rule.startswith("every row")] == [5]
    assert "scores fall with the rank" not in {one.rule for one in found}
