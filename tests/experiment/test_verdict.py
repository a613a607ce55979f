"""Which word follows on which numbers, and why it may not be said."""

import datetime as dt
import math

import numpy as np
import pytest

from causalrec.config.experiment import ExperimentSettings
from causalrec.experiment.intervals import fixed_half_width, sample_ratio, sequential_half_width
from causalrec.experiment.lines import Arm, ArmLine, Now
from causalrec.experiment.moments import Moments
from causalrec.experiment.verdict import judge


def settings(**more: object) -> ExperimentSettings:
    base = {"name": "x", "start": dt.date(2026, 3, 1), "end": dt.date(2026, 3, 7)}
    return ExperimentSettings.model_validate({**base, "arms": {"new": {"share": 0.5}}, **more})


def arm(n: int, bought: int, share: float = 0.5, versions: tuple[str, ...] = ("1",)) -> Arm:
    """``n`` users, the first of whom bought for 10 each; nobody looked at anything, or did before."""
    rows = np.zeros((n, 9))
    rows[:bought, 2], rows[:bought, 3] = 1, 10
    return Arm(share, versions, Moments.of(rows))


def of(lines: list[ArmLine], name: str = "new", metric: str = "conversion") -> ArmLine:
    (found,) = [line for line in lines if (line.arm, line.metric) == (name, metric)]
    return found


def test_the_numbers_of_a_fixed_horizon() -> None:
    arms = {"control": arm(1_000, 100), "new": arm(1_000, 150)}
    lines = judge(arms, settings(), Now(over=True, decided={}))
    assert [(line.arm, line.metric, line.decides) for line in lines] == [
        ("control", "conversion", True), ("control", "revenue_per_user", False),
        ("new", "conversion", True), ("new", "revenue_per_user", False),
    ]  # fmt: skip  # without looks there is no click-through
    found, base = of(lines), of(lines, "control")
    half = 1.959964 * math.sqrt((0.15 * 0.85 + 0.1 * 0.9) / 999)
    assert (found.value, found.difference, found.variance_kept) == pytest.approx((0.15, 0.05, 1.0))
    assert (found.difference_low, found.difference_high) == pytest.approx((0.05 - half, 0.05 + half))
    assert (found.verdict, base.verdict, base.difference) == ("better", None, None)
    assert (base.low, base.high) == pytest.approx((0.1 - 0.018603, 0.1 + 0.018603), abs=1e-5)
    assert of(lines, metric="revenue_per_user").verdict is None
    assert found.sample_ratio_p == 1.0


@pytest.mark.parametrize(
    ("control", "new", "over", "horizon", "word"),
    [
        (arm(1_000, 100), arm(1_000, 150), False, "fixed", "running"),
        (arm(1_000, 100), arm(1_000, 150), True, "sequential", "no difference"),  # wider than the fixed one
        (arm(1_000, 100), arm(1_000, 190), False, "sequential", "better"),
        (arm(1_000, 100), arm(1_000, 130), False, "sequential", "running"),
        (arm(1_000, 150), arm(1_000, 100), True, "fixed", "worse"),
        (arm(1_000, 100), arm(1_000, 110), True, "fixed", "no difference"),
        (arm(1_000, 2), arm(1_000, 18), True, "fixed", "no difference"),  # too few responded
        (arm(1_000, 100), arm(1_200, 150), True, "fixed", "invalid"),  # not as many as drawn
        (arm(1_000, 100), arm(1_000, 150, versions=("1", "2")), True, "fixed", "invalid"),
        (arm(1_000, 0), arm(1_000, 150), True, "sequential", "no difference"),
    ],
)  # fmt: skip
def test_words(control: Arm, new: Arm, over: bool, horizon: str, word: str) -> None:
    lines = judge({"control": control, "new": new}, settings(horizon=horizon), Now(over, {}))
    assert of(lines).verdict == word
    assert of(lines).detail


def test_what_was_decided_stays_unless_the_arms_are_broken() -> None:
    chosen, before = settings(horizon="sequential"), {"new": ("2026-03-03", "better")}
    fine = judge({"control": arm(1_000, 100), "new": arm(1_000, 105)}, chosen, Now(False, before))  # type: ignore[arg-type]
    assert (of(fine).verdict, of(fine).detail) == ("better", "decided on 2026-03-03")
    broken = judge({"control": arm(1_000, 100), "new": arm(1_500, 105)}, chosen, Now(False, before))  # type: ignore[arg-type]
    assert of(broken).verdict == "invalid"
    assert "control 1,000, new 1,500" in of(broken).detail


def test_many_arms_share_the_doubt_and_grown_shares_count_as_they_are() -> None:
    both = settings(arms={"a": {"share": 0.25}, "b": {"share": 0.25}})
    arms = {"control": arm(2_000, 200, 0.5), "a": arm(1_000, 130, 0.25), "b": arm(1_000, 100, 0.25)}
    found = of(judge(arms, both, Now(True, {})), "a")
    assert found.difference_high is not None
    assert found.difference is not None
    width = found.difference_high - found.difference
    variance = 0.13 * 0.87 / 999 + 0.1 * 0.9 / 1_999
    assert width == pytest.approx(fixed_half_width(variance, 0.975), rel=1e-3)


def test_a_sequential_interval_is_wider_and_narrowest_near_its_scale() -> None:
    fixed = fixed_half_width(1e-4, 0.95)
    near, far, tiny = (sequential_half_width(1e-4, 0.95, scale) for scale in (0.03, 1.0, 0.001))
    assert fixed < near < min(far, tiny)
    assert sequential_half_width(1e-4, 0.95, 0.01) == pytest.approx(
        math.sqrt(2e-4 * (2 * math.log(20) + math.log(2)))
    )
    assert math.isinf(sequential_half_width(1e-4, 0.95, 0.0))


def test_the_ratio_of_samples() -> None:
    assert sample_ratio([50, 50], [0.5, 0.5]) == 1.0
    assert sample_ratio([60, 40], [0.5, 0.5]) == pytest.approx(0.0455, abs=1e-4)
    assert sample_ratio([60, 30], [0.4, 0.2]) == pytest.approx(1.0)  # shares need not fill the whole
    assert sample_ratio([50, 1], [1.0, 0.0]) == 0.0
    assert sample_ratio([0, 0], [0.5, 0.5]) == 1.0
