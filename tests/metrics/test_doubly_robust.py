"""Doubly robust estimates: by hand, exact expectations over every exposure pattern, and on real ratings."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalrec.dataset.arrays import Ints
from causalrec.metrics.debiased import snips
from causalrec.metrics.doubly_robust import Doubles, doubly_robust, list_value
from causalrec.metrics.logged import SHRINK, OthersMeans

COAT = Path(__file__).parents[3] / "shared" / "data" / "bench" / "coat"
CELLS = 5
numbers = st.floats(-3, 3, allow_nan=False)
chances = st.floats(0.05, 0.95)


def test_by_hand() -> None:
    # four cells predicted 0.5 each; two observed: 1 with chance 0.5 and 0 with chance 0.25
    estimate = doubly_robust(np.array([1.0, 0.0]), np.full(2, 0.5), np.array([0.5, 0.25]), 0.5, 4)
    assert estimate == pytest.approx(0.5 + (0.5 / 0.5 - 0.5 / 0.25) / 4)
    clipped = doubly_robust(np.array([1.0]), np.zeros(1), np.array([0.001]), 0.0, 4, clip=0.1)
    assert clipped == pytest.approx(10 / 4)


def expectation(truth: Doubles, model: Doubles, real: Doubles, assumed: Doubles) -> float:
    """E[estimate], exactly, over all patterns of what is observed."""
    total = 0.0
    for pattern in product([False, True], repeat=CELLS):
        seen = np.array(pattern)
        weight = np.prod(np.where(seen, real, 1 - real))
        total += weight * doubly_robust(
            truth[seen], model[seen], assumed[seen], float(model.mean()), CELLS, clip=1e-9
        )
    return total


def cells(values: st.SearchStrategy[float]) -> st.SearchStrategy[Doubles]:
    return st.lists(values, min_size=CELLS, max_size=CELLS).map(np.array)


@given(cells(numbers), cells(numbers), cells(chances))
def test_unbiased_with_right_propensities_whatever_the_model(
    truth: Doubles, model: Doubles, real: Doubles
) -> None:
    assert expectation(truth, model, real, real) == pytest.approx(truth.mean(), abs=1e-9)


@given(cells(numbers), cells(chances), cells(chances))
def test_unbiased_with_the_right_model_whatever_the_propensities(
    truth: Doubles, real: Doubles, assumed: Doubles
) -> None:
    assert expectation(truth, truth, real, assumed) == pytest.approx(truth.mean(), abs=1e-9)


def test_wrong_in_both_is_biased() -> None:
    truth, real = np.array([1.0, 1, 0, 0, 0]), np.array([0.9, 0.9, 0.1, 0.1, 0.1])
    biased = expectation(truth, np.zeros(CELLS), real, np.full(CELLS, 0.5))
    assert abs(biased - truth.mean()) > 0.2


def test_value_of_lists_by_hand() -> None:
    lists = np.array([[0, 2], [1, -1], [-1, -1]], dtype=np.int32)
    users = np.array([3, 1, 0], dtype=np.int32)
    log = np.array([[1, 3, 3], [1, 1, 2], [0, 1, 1]], dtype=np.float32)  # user, item, outcome

    def model(users: Ints, items: Ints) -> Doubles:
        return np.full(users.size, 0.5)

    value = list_value(lists, users, log, np.array([0.5, 0.5, 0.25]), model, 4)
    # user 3: item 0 unobserved 0.5, item 2 observed 0.5 + 0.5 / 0.25; user 1: item 1 is 0.5 - 0.5 / 0.5
    assert value[:2] == pytest.approx([(0.5 + 2.5) / 2, -0.5])
    assert np.isnan(value[2])
    nothing = np.empty((3, 0), dtype=np.float32)
    assert list_value(lists[:2], users[:2], nothing, np.empty(0), model, 4).tolist() == [0.5, 0.5]


@pytest.mark.skipif(not COAT.exists(), reason="the coat bundle is not beside the repository")
def test_real_ratings_lose_their_selection_bias() -> None:
    """Users rated what they chose; a random sample that the same users rated shows the truth."""
    ratings, propensity = np.load(COAT / "ratings.npy"), np.load(COAT / "propensity.npy")
    users, items = ratings[:2].astype(np.int64)
    truth = float(np.load(COAT / "random_exposure.npy")[2].mean())
    shown = propensity[users, items].astype(np.float64)
    half = np.random.default_rng(0).permutation(users.size) % 2 == 0
    model = OthersMeans(ratings[:, half].astype(np.float32), *propensity.shape)
    predicted = model(users[~half].astype(np.int32), items[~half].astype(np.int32))
    means = (model.sums + SHRINK * model.overall) / (model.counts + SHRINK)
    estimate = doubly_robust(
        ratings[2][~half].astype(np.float64),
        predicted,
        shown[~half] / 2,
        float(means.mean()),
        propensity.size,
    )
    naive = float(ratings[2].mean())
    assert abs(estimate - truth) < 0.5 * abs(naive - truth)
    assert abs(snips(ratings[2].astype(np.float64), shown) - truth) < abs(naive - truth)
