"""Differences from sums of products, beside the same from every user's row."""

import numpy as np
import pytest

from causalrec.experiment.moments import COLUMNS, METRICS, Moments, difference


def users(rng: np.random.Generator, n: int) -> np.ndarray:
    """Rows of all columns but the first."""
    looks, before = rng.poisson(4, n), rng.poisson(9, n)
    prone = rng.beta(2, 5, n)
    clicks, earlier = rng.binomial(looks, prone), rng.binomial(before, prone)
    bought, long_ago = rng.binomial(1, prone), rng.binomial(1, prone)
    paid, spent = bought * rng.gamma(2, 10, n), long_ago * rng.gamma(2, 10, n)
    return np.column_stack([looks, clicks, bought, paid, before, earlier, long_ago, spent, clicks > 0])


def test_sums_means_and_covariance_are_those_of_the_rows() -> None:
    rows = users(np.random.default_rng(0), 50)
    found = Moments.of(rows[:20]) + Moments.of(rows[20:])
    assert (found.users, found.total("looks")) == (50, rows[:, 0].sum())
    np.testing.assert_allclose(found.means[1:], rows.mean(axis=0))
    np.testing.assert_allclose(found.covariance[1:, 1:], np.cov(rows.T), atol=1e-9)


def test_the_adjustment_is_a_regression_on_what_happened_before() -> None:
    """Revenue per user: the slope within both arms, weighted as the difference weighs them."""
    rng = np.random.default_rng(1)
    sides = [users(rng, n) for n in (300, 500)]
    y, x = ([side[:, COLUMNS.index(name) - 1] for side in sides] for name in ("revenue", "revenue_before"))
    weights = [np.cov(a, b)[0, 1] / a.size for a, b in zip(x, y, strict=True)]
    theta = sum(weights) / sum(a.var(ddof=1) / a.size for a in x)
    left = [b - theta * a for a, b in zip(x, y, strict=True)]
    found = difference(Moments.of(sides[0]), Moments.of(sides[1]), METRICS["revenue_per_user"])
    assert found is not None
    assert found.value == pytest.approx(left[0].mean() - left[1].mean())
    assert found.variance == pytest.approx(sum(part.var(ddof=1) / part.size for part in left))
    assert found.kept == pytest.approx(found.variance / sum(part.var(ddof=1) / part.size for part in y))
    assert found.kept < 1


def test_a_rate_of_looks_has_the_error_of_users() -> None:
    """The variance of the delta method beside that of many draws of the same users."""
    rng = np.random.default_rng(2)
    drawn = [difference(Moments.of(users(rng, 200)), Moments.of(users(rng, 200)), METRICS["click_through"])
             for _ in range(300)]  # fmt: skip
    values = [one.value for one in drawn if one]
    assert np.mean([one.variance for one in drawn if one]) == pytest.approx(np.var(values), rel=0.25)
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(300)


@pytest.mark.parametrize("rows", [np.zeros((0, 9)), np.zeros((1, 9)), np.zeros((30, 9))])
def test_nobody_or_nothing_proves_nothing(rows: np.ndarray) -> None:
    some = Moments.of(users(np.random.default_rng(3), 40))
    for ratio in METRICS.values():
        assert difference(Moments.of(rows), Moments.of(rows), ratio) is None
        if rows.shape[0] < 2:
            assert difference(some, Moments.of(rows), ratio) is None
