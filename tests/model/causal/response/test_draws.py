"""Draws against their known moments."""

import numpy as np
import pytest
import torch

from causalrec.model.causal.response.draws import Draws

CPU = torch.device("cpu")
MANY = 200_000


def full(value: float) -> torch.Tensor:
    return torch.full((MANY,), value, dtype=torch.float64)


@pytest.mark.parametrize(("count", "logit"), [(1.0, 0.0), (1.0, 3.0), (4.0, -1.5), (0.5, 2.0)])
def test_polya_gamma_has_the_known_mean_and_most_of_the_variance(count: float, logit: float) -> None:
    drawn = Draws(7, CPU).polya_gamma(full(count), full(logit)).numpy()
    c = abs(logit) or 1e-3
    mean = count * np.tanh(c / 2) / (2 * c)
    variance = count * (np.sinh(c) - c) / (4 * c**3 * np.cosh(c / 2) ** 2)
    assert drawn.min() > 0
    assert drawn.mean() == pytest.approx(mean, rel=0.01)
    assert 0.9 * variance < drawn.var() < 1.02 * variance


def test_nothing_counted_weighs_nothing() -> None:
    zeros = torch.zeros(3, dtype=torch.float64)
    assert Draws(7, CPU).polya_gamma(zeros, zeros + 2.0).tolist() == [0.0] * 3


def test_binomial_draws_whole_counts_and_adds_fractions_at_their_mean() -> None:
    draws = Draws(7, CPU)
    whole = draws.binomial(full(3.0), full(0.2)).numpy()
    assert set(np.unique(whole)) == {0.0, 1.0, 2.0, 3.0}
    assert whole.mean() == pytest.approx(0.6, rel=0.02)
    assert set(np.unique(draws.binomial(full(1.5), full(0.2)).numpy().round(6))) == {0.1, 1.1}
    sure = draws.binomial(full(2.0), full(1.0 + 1e-12)).numpy()  # rounded above one
    assert set(sure) == {2.0}


def test_the_same_seed_draws_the_same() -> None:
    first, second = (Draws(3, CPU) for _ in range(2))
    for one in (first, second):
        one.normal((2, 2))
    assert torch.equal(first.polya_gamma(full(1.0), full(1.0)), second.polya_gamma(full(1.0), full(1.0)))
    assert torch.equal(first.precision(torch.ones(5, 2)), second.precision(torch.ones(5, 2)))
