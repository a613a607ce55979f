"""Both sides of every user: credits, their difference, and the words that follow."""

import datetime as dt
import math

import numpy as np
import pytest

from causalrec.config.experiment import ExperimentSettings
from causalrec.experiment.credit import PAIRED, credit_difference, sides
from causalrec.experiment.lines import Arm, ArmLine, Now
from causalrec.experiment.moments import METRICS, Moments
from causalrec.experiment.verdict import judge

USERS = np.array(
    [  # looks, clicks, bought, revenue, clicked: of the arm, then of the control
        [4, 2, 1, 30, 1, 4, 1, 0, 0, 1],
        [2, 1, 0, 0, 1, 2, 0, 0, 0, 0],
        [2, 0, 0, 0, 0, 2, 1, 1, 10, 1],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ],
    dtype=np.float64,
)


def settings(**more: object) -> ExperimentSettings:
    base = {"name": "x", "start": dt.date(2026, 3, 1), "end": dt.date(2026, 3, 7), "design": "interleave"}
    return ExperimentSettings.model_validate({**base, "arms": {"new": {}}, **more})


def words(arm: int, control: int, firsts: tuple[int, int] = (500, 500), **more: object) -> ArmLine:
    """``arm`` of 1,000 users bought from rows of the arm, others from rows of the control."""
    users = np.zeros((1_000, len(PAIRED) - 1))
    users[:, [0, 5]] = 3
    users[:arm, 1:5] = users[arm : arm + control, 6:10] = [1, 1, 10, 1]
    paired = Moments.of(users, PAIRED)
    both = dict(zip(("control", "new"), sides(paired), strict=True))
    arms = {
        name: Arm(0.5, ("1",), side, first) for (name, side), first in zip(both.items(), firsts, strict=True)
    }
    lines = judge(arms, settings(**more), Now(over=True, decided={}), paired)
    (found,) = [line for line in lines if line.arm == "new" and line.decides]
    return found


def test_each_side_has_its_own_credits() -> None:
    control, arm = sides(Moments.of(USERS, PAIRED))
    assert [side.users for side in (control, arm)] == [4, 4]
    assert {name: ratio.value(arm) for name, ratio in METRICS.items()} == {
        "conversion": 0.25, "click_through": 3 / 8, "revenue_per_user": 7.5,
    }  # fmt: skip
    assert {name: ratio.value(control) for name, ratio in METRICS.items()} == {
        "conversion": 0.25, "click_through": 2 / 8, "revenue_per_user": 2.5,
    }  # fmt: skip


def test_the_interval_is_over_the_differences_of_users() -> None:
    paired = Moments.of(USERS, PAIRED)
    revenue = credit_difference(paired, METRICS["revenue_per_user"])
    assert revenue is not None
    own = np.array([30, 0, -10, 0])
    assert (revenue.value, revenue.kept) == (5.0, 1.0)
    assert revenue.variance == pytest.approx(own.var(ddof=1) / 4)
    clicks = credit_difference(paired, METRICS["click_through"])
    assert clicks is not None
    assert clicks.value == pytest.approx(1 / 8)
    influence = (USERS[:, 1] - 3 / 8 * USERS[:, 0] - USERS[:, 6] + 2 / 8 * USERS[:, 5]) / 2
    assert clicks.variance == pytest.approx(influence.var(ddof=1) / 4)


def test_nothing_is_said_where_nobody_differs_or_looked() -> None:
    same = np.tile(USERS[1:2], (3, 1))
    assert credit_difference(Moments.of(same, PAIRED), METRICS["conversion"]) is None
    assert credit_difference(Moments.of(USERS[3:], PAIRED), METRICS["conversion"]) is None
    one_sided = USERS * (np.arange(10) < 5)
    assert credit_difference(Moments.of(one_sided, PAIRED), METRICS["click_through"]) is None


@pytest.mark.parametrize(
    ("arm", "control", "more", "word"),
    [
        (150, 100, {}, "better"),
        (100, 150, {}, "worse"),
        (110, 100, {}, "no difference"),
        (150, 100, {"horizon": "sequential"}, "no difference"),  # wider than the fixed one
        (190, 100, {"horizon": "sequential"}, "better"),
        (150, 10, {}, "no difference"),  # too few responded to the control's rows
        (150, 100, {"firsts": (400, 600)}, "invalid"),  # a coin does not fall like this
    ],
)  # fmt: skip
def test_words(arm: int, control: int, more: dict[str, object], word: str) -> None:
    found = words(arm, control, **more)  # type: ignore[arg-type]
    assert found.verdict == word
    if word == "better" and not more:
        half = 1.959964 * math.sqrt((0.25 - 0.05**2) / 999)
        assert (found.difference, found.difference_high) == pytest.approx((0.05, 0.05 + half), abs=1e-6)
    if word == "invalid":
        assert "control 400, new 600" in found.detail
