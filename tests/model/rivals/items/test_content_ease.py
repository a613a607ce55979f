"""Content-EASE against EASE solved with a plain inverse, and what validation chooses."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from causalrec.config.rivals import BaselineSettings, ContentEaseSettings
from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.model.rivals.items.content_ease import ContentEaseRecommender, fit_item_weights, unit_content
from causalrec.model.rivals.items.ease import EaseRecommender


def shop(seed: int = 0) -> Interactions:
    """30 users, 20 items of two groups that content tells apart; item 19 is never bought in training."""
    rng = np.random.default_rng(seed)
    group = np.arange(20) % 2
    chance = np.where(np.arange(30)[:, None] % 2 == group[None], 0.5, 0.05)
    bought = np.array((rng.random((30, 20)) < chance).nonzero(), dtype=np.int32)
    bought = bought[:, rng.permutation(bought.shape[1])]
    known = bought[:, bought[1] != 19]
    look = (2.0 * group[:, None] - 1.0 + 0.3 * rng.normal(size=(20, 1))).astype(np.float32)
    return Interactions(
        30, 20, known[:, 20:], known[:, :20], bought[:, bought[1] == 19], modalities={"image": look}
    )


def never(score: object, data: Interactions) -> float:
    raise AssertionError("there is nothing to choose on")


def settings(ridge: float, strength: float) -> ContentEaseSettings:
    return ContentEaseSettings(ridges=(ridge,), strengths=(strength,))


def unjudged(data: Interactions) -> Interactions:
    return replace(data, valid=np.empty((2, 0), np.int32))


def by_inverse(gram: "np.ndarray", ridge: float) -> "np.ndarray":
    inverse = np.linalg.inv(gram + ridge * np.eye(gram.shape[0]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return weights


@pytest.mark.parametrize("strength", [0.5, 8.0])
def test_weights_are_those_of_a_plain_inverse(strength: float) -> None:
    data = unjudged(shop())
    histories = np.asarray(data.train_matrix().todense(), dtype=float)
    content = unit_content(data, 256)["image"].astype(float)
    expected = by_inverse(histories.T @ histories + strength * content @ content.T, 5.0)
    found = fit_item_weights(data, settings(5.0, strength), never, seed=0)
    weights = found.fold @ found.items.T
    np.fill_diagonal(weights, 0.0)
    np.testing.assert_allclose(weights, expected, atol=1e-4)


def test_without_content_it_is_ease() -> None:
    data = replace(unjudged(shop()), modalities={})
    ours = ContentEaseRecommender(settings(5.0, 1.0), never, seed=0)
    plain = EaseRecommender(BaselineSettings(ease_ridges=(5.0,)), never)
    ours.fit(data)
    plain.fit(data)
    users: Ints = np.arange(data.n_users, dtype=np.int32)
    unseen = np.asarray(data.train_matrix().todense()) == 0
    np.testing.assert_allclose(ours.score(users)[unseen], plain.score(users)[unseen], atol=1e-4)


def test_an_item_that_nobody_bought_is_ranked_by_its_content() -> None:
    data = unjudged(shop())
    model = ContentEaseRecommender(settings(5.0, 5.0), never, seed=0)
    model.fit(data)
    scores = model.score(np.arange(data.n_users, dtype=np.int32))[:, 19]
    assert scores[1::2].min() > 0 > scores[::2].max()  # item 19 is of the group of the odd users


def test_validation_chooses_ridge_and_strengths() -> None:
    data = replace(
        shop(), modalities={"image": shop().modalities["image"], "noise": np.ones((20, 1), np.float32)}
    )
    wanted = ContentEaseSettings(ridges=(1.0, 5.0), strengths=(1.0, 4.0))
    target = fit_item_weights(unjudged(shop()), settings(5.0, 4.0), never, seed=0)
    histories = data.train_matrix()

    def closeness(score: Callable[[Ints], Floats], data: Interactions) -> float:
        everyone: Ints = np.arange(data.n_users, dtype=np.int32)
        gap = score(everyone) - (histories @ target.fold) @ target.items.T
        return -float(np.square(gap).sum())

    found = fit_item_weights(data, wanted, closeness, seed=0)
    assert (found.ridge, found.strengths["image"]) == (5.0, 4.0)


def test_what_was_chosen_is_saved() -> None:
    data = unjudged(shop())
    model = ContentEaseRecommender(settings(5.0, 2.0), never, seed=0)
    model.fit(data)
    other = ContentEaseRecommender(settings(1.0, 1.0), never, seed=0)
    other.restore(model.saved())
    assert other.chosen == {"ridge": 5.0, "strength/image": 2.0}
    np.testing.assert_array_equal(
        other.score_histories([np.array([1], np.int32)]), model.score_histories([np.array([1], np.int32)])
    )
