"""What lists are worth by logged outcomes: by hand, exactly where everything was logged, and renumbered."""

import numpy as np
import pytest

from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.metrics.doubly_robust import Doubles
from causalrec.metrics.logged import SHRINK, OthersMeans, exposed_lists, snips_metrics, uniform_list_value
from causalrec.metrics.ranking import Score, rank_per_user

LOG = np.array([[0, 1, 1], [0, 0, 1], [1, 1, 0]], dtype=np.float32)


def shop(log: Floats, users: int, items: int, train: list[tuple[int, int]]) -> Interactions:
    pairs = np.array(train, dtype=np.int32).reshape(-1, 2).T
    return Interactions(users, items, pairs, pairs[:, :0], pairs[:, :0], random_exposure=log)


def values(score: Score, data: Interactions, k: int, batch: int = 1024) -> dict[str, Doubles]:
    return uniform_list_value(exposed_lists(score, data, k, batch), data)


def test_an_outcome_does_not_predict_itself() -> None:
    model, base = OthersMeans(LOG, 2, 3), SHRINK * 2 / 3
    users, items = np.array([0, 0, 1, 1], np.int32), np.array([0, 1, 1, 2], np.int32)
    assert model(users, items) == pytest.approx(
        [(1 + base) / (1 + SHRINK), base / (1 + SHRINK), base / SHRINK, base / SHRINK]
    )


def test_where_everything_was_logged_the_estimate_is_the_truth() -> None:
    rng = np.random.default_rng(3)
    liked = rng.random((4, 6)) < 0.4
    users, items = np.indices(liked.shape).reshape(2, -1)
    log = np.vstack([users, items, liked.ravel()]).astype(np.float32)
    table = rng.normal(size=(4, 6)).astype(np.float32)
    data = shop(log, 4, 6, [(0, 1), (2, 5)])
    found = values(lambda rows: table[rows], data, 2, batch=3)["dr_liked@2"]
    masked = table.copy()
    masked[[0, 2], [1, 5]] = -np.inf
    lists = np.argsort(-masked, axis=1)[:, :2]
    assert found == pytest.approx(np.take_along_axis(liked, lists, axis=1).mean(axis=1))


def test_renumbering_and_ratings_change_nothing() -> None:
    rng = np.random.default_rng(5)
    users, items = np.nonzero(rng.random((9, 7)) < 0.5)
    rating = rng.integers(1, 6, users.size)
    table = rng.normal(size=(9, 7)).astype(np.float32)
    clicks = np.vstack([users, items, rating >= 4]).astype(np.float32)
    plain = values(lambda rows: table[rows], shop(clicks, 9, 7, [(0, 0)]), 3)["dr_liked@3"]
    to_user, to_item = rng.permutation(9), rng.permutation(7)
    moved = np.empty_like(table)
    moved[to_user[:, None], to_item] = table
    stars = np.vstack([to_user[users], to_item[items], rating]).astype(np.float32)
    data = shop(stars, 9, 7, [(int(to_user[0]), int(to_item[0]))])
    other = values(lambda rows: moved[rows], data, 3)["dr_liked@3"]
    known = np.sort(to_user[np.unique(users)])
    back = {int(to_user[user]): value for user, value in zip(np.unique(users), plain, strict=True)}
    assert other == pytest.approx([back[int(user)] for user in known])


def test_without_random_exposure_there_is_no_estimate() -> None:
    data = shop(np.empty((3, 0), dtype=np.float32), 2, 2, [(0, 0)])
    assert values(lambda rows: np.zeros((rows.size, 2), np.float32), data, 1) == {}


def test_a_rare_pair_counts_more() -> None:
    train, held = np.array([[0], [2]], np.int32), np.array([[0, 1], [0, 1]], np.int32)
    data = Interactions(2, 3, train, held, held[:, :0])
    table = np.array([[3, 1, 2], [3, 1, 2]], dtype=np.float32)

    def score(rows: Ints) -> Floats:
        return table[rows]

    ranked = rank_per_user(score, data, "valid", (1,))
    propensity = np.array([[0.1, 0.5, 0.5], [0.5, 0.4, 0.5]], dtype=np.float32)
    weights = (10 + 2.5) ** 2 / (10**2 + 2.5**2)
    assert snips_metrics(ranked, held, propensity, 3) == {
        "snips_hit@1": pytest.approx(10 / 12.5),
        "snips_ess": pytest.approx(weights),
    }


def test_support_counts_listed_items_that_chance_showed() -> None:
    table = np.array([[3, 2, 1], [1, 3, 2]], dtype=np.float32)
    found = values(lambda rows: table[rows], shop(LOG, 2, 3, [(1, 2)]), 1)
    assert found["dr_support@1"].tolist() == [1, 1]  # (0, 0) and (1, 1) were shown
    missed = values(lambda rows: -table[rows], shop(LOG, 2, 3, [(1, 2)]), 1)
    assert missed["dr_support@1"].tolist() == [0, 1]  # (1, 0) was shown, (0, 2) was not
