"""EASE against a hand-made inverse, and the choice of its ridge."""

import numpy as np
import pytest

from causalrec.config.rivals import BaselineSettings
from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.model.base import Judge
from causalrec.model.rivals.items import ease
from causalrec.model.rivals.items.ease import EaseRecommender


def three_items() -> Interactions:
    """Users 0 and 1 take items 0 and 1, user 2 takes item 2; user 2 later takes item 0."""
    train = np.array([[0, 0, 1, 1, 2], [0, 1, 0, 1, 2]], np.int32)
    later = np.array([[2], [0]], np.int32)
    return Interactions(3, 3, train, later, np.empty((2, 0), np.int32))


def fitted(ridges: tuple[float, ...], judge: Judge) -> EaseRecommender:
    model = EaseRecommender(BaselineSettings(ease_ridges=ridges), judge)
    model.fit(three_items())
    return model


def never_asked(score: object, data: Interactions) -> float:
    raise AssertionError("one ridge leaves nothing to choose")


def test_weights_are_the_closed_form() -> None:
    gram = np.array([[2, 2, 0], [2, 2, 0], [0, 0, 1]], float) + np.eye(3)
    inverse = np.linalg.inv(gram)
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0.0)
    np.testing.assert_allclose(fitted((1.0,), never_asked).weights, expected, atol=1e-6)


def test_weights_of_a_catalogue_of_several_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ease, "BLOCK", 3)
    rng = np.random.default_rng(5)
    chosen = rng.random((30, 8)) < 0.4
    none = np.empty((2, 0), np.int32)
    data = Interactions(30, 8, np.stack(np.nonzero(chosen)).astype(np.int32), none, none)
    model = EaseRecommender(BaselineSettings(ease_ridges=(2.0,)), never_asked)
    model.fit(data)
    inverse = np.linalg.inv(chosen.T.astype(float) @ chosen + 2 * np.eye(8))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0.0)
    np.testing.assert_allclose(model.weights, expected, atol=1e-6)
    assert model.weights.flags.c_contiguous


def test_the_ridge_that_validation_likes_best_stays() -> None:
    shown: list[float] = []

    def judge(score: object, data: Interactions) -> float:
        shown.append(0.0)
        return (0.1, 0.9, 0.5)[len(shown) - 1]

    model = fitted((1.0, 10.0, 100.0), judge)
    assert model.ridge == 10.0
    np.testing.assert_array_equal(model.weights, fitted((10.0,), never_asked).weights)


def test_scores_use_the_kept_weights() -> None:
    users: Ints = np.array([0], np.int32)
    scores: Floats = fitted((1.0,), never_asked).score(users)
    np.testing.assert_allclose(scores[0], [2 / 3, 2 / 3, 0.0], atol=1e-6)
