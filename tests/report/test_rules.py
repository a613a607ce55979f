"""A change of the rules, compared by hand."""

import math

import pandas as pd
import pytest

from causalrec.report.changes import Moved
from causalrec.report.rules import Shift, rules_change
from causalrec.scoring.would_be import WouldBe

ITEMS = pd.DataFrame(
    {"item_id": list("abcd"), "brand": ["N", "N", "S", None], "category": ["x", "x", "x", "x"]}
)


def side(rows: list[tuple[str, str, float, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["user_id", "item_id", "score", "policy"])
    frame["rank"] = frame.groupby("user_id").cumcount() + 1
    return frame.assign(by_taste=frame["user_id"] != "new")


BEFORE = side(
    [
        ("u", "a", 2.0, "causalrec"), ("u", "b", 0.0, "causalrec"), ("v", "a", 1.0, "causalrec"),
        ("v", "b", 1.0, "causalrec"), ("new", "a", 90.0, "causalrec"),
    ]
)  # fmt: skip
AFTER = side(
    [
        ("u", "c", 0.0, "pinned"), ("u", "a", 2.0, "causalrec"), ("v", "a", 1.0, "causalrec"),
        ("v", "b", 1.0, "causalrec"), ("new", "a", 90.0, "causalrec"),
    ]
)  # fmt: skip


def test_by_hand() -> None:
    change = rules_change(WouldBe(BEFORE, AFTER.replace({"score": {0.0: -1.0}}), True, "1"), ITEMS)
    assert change.users == (3, 1)
    assert change.kept == pytest.approx(4 / 5)
    assert change.placed == {"causalrec": (5, 4), "pinned": (0, 1)}
    assert (change.score.before, change.score.after) == (1.0, 0.75)  # popularity of a stranger is no score
    assert (change.score.low + change.score.high) / 2 == pytest.approx(-0.25)
    assert change.responses is not None
    chances = [1 / (1 + math.exp(-score)) for score in (2, 0, 1, 1)]
    assert change.responses.before == pytest.approx((sum(chances[:2]) / 2 + chances[2]) / 2)
    assert change.gained == (Moved("c", 0, 1),)
    assert change.lost == (Moved("b", 2, 1),)
    assert change.brands == (Shift("N", 1.0, 0.8), Shift("S", 0.0, 0.2))
    assert change.categories == ()
    (person,) = change.people
    assert person.before == (("a", False), ("b", True))
    assert person.after == (("c", "pinned", True), ("a", "causalrec", False))


def test_what_the_objective_earns() -> None:
    worth = pd.Series({"a": 10.0, "b": 20.0, "c": 40.0})
    change = rules_change(WouldBe(BEFORE, AFTER, True, "1", worth, "price"), ITEMS)
    assert change.earned is not None
    chance = {score: 1 / (1 + math.exp(-score)) for score in (0.0, 1.0, 2.0)}
    second = (chance[1.0] * 10 + chance[1.0] * 20) / 2
    assert change.earned.before == pytest.approx(((chance[2.0] * 10 + 0.5 * 20) / 2 + second) / 2)
    assert change.earned.after == pytest.approx(((chance[2.0] * 10 + 0.5 * 40) / 2 + second) / 2)
    assert change.earned_name == "price"
    assert rules_change(WouldBe(BEFORE, AFTER, False, "1", worth, "price"), ITEMS).earned is None


def test_nothing_changes() -> None:
    change = rules_change(WouldBe(BEFORE, BEFORE, False, "1"), ITEMS)
    assert (change.users, change.kept, change.responses, change.people) == ((3, 0), 1.0, None, ())
    assert (change.score.low, change.score.high) == (0, 0)
