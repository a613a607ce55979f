"""Bootstrap intervals and paired tests on cases whose answer is known."""

import numpy as np
import pytest

from causalrec.errors import DatasetError
from causalrec.metrics.bootstrap import interval, paired_test


def test_interval_matches_the_normal_one() -> None:
    values = np.random.default_rng(0).integers(0, 2, 4_000).astype(np.float64)
    found = interval(values)
    half = 1.96 * np.sqrt(0.25 / 4_000)
    assert found.value == values.mean()
    assert found.high - found.value == pytest.approx(half, rel=0.1)
    assert found.value - found.low == pytest.approx(half, rel=0.1)


def test_constant_values_have_no_width() -> None:
    found = interval(np.full(10, 0.25))
    assert (found.value, found.low, found.high) == pytest.approx((0.25, 0.25, 0.25))


def test_paired_test_sees_a_small_consistent_gain() -> None:
    rng = np.random.default_rng(1)
    second = rng.random(500)
    better = paired_test(second + 0.01 + 0.02 * rng.standard_normal(500), second)
    assert better.difference == pytest.approx(0.01, abs=0.003)
    assert better.low > 0
    assert better.p_value < 0.01
    same = paired_test(second + 0.02 * rng.standard_normal(500), second)
    assert same.low < 0 < same.high
    assert same.p_value > 0.05


def test_p_value_is_uniform_under_the_null() -> None:
    rng = np.random.default_rng(2)
    p_values = [
        paired_test(rng.standard_normal(80), rng.standard_normal(80), resamples=400).p_value
        for _ in range(200)
    ]
    assert np.mean(np.array(p_values) < 0.1) == pytest.approx(0.1, abs=0.06)


def test_order_of_users_does_not_matter() -> None:
    values = np.random.default_rng(3).random(100)
    assert interval(values) == interval(values[::-1])


def test_unpaired_values_are_refused() -> None:
    with pytest.raises(DatasetError, match="paired values of 3 and 2 users"):
        paired_test(np.zeros(3), np.zeros(2))
    with pytest.raises(DatasetError, match="no users"):
        interval(np.zeros(0))
