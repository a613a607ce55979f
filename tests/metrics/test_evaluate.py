"""Slices, the intervened split, and the rows of a whole evaluation."""

import numpy as np
import pytest

from causalrec.dataset.arrays import Interactions
from causalrec.lab.benchmark.intervened import intervened_split
from causalrec.metrics.evaluate import evaluate_all
from causalrec.metrics.ranking import rank_per_user
from causalrec.metrics.slices import slice_metrics


def skewed(n_users: int = 200, n_items: int = 50) -> Interactions:
    rng = np.random.default_rng(0)
    chance = 0.6 / np.arange(1, n_items + 1)
    pairs = np.stack(np.nonzero(rng.random((n_users, n_items)) < chance)).astype(np.int32)
    part = rng.integers(0, 5, pairs.shape[1])
    train, valid, test = (pairs[:, mask] for mask in (part < 3, part == 3, part == 4))
    shown = rng.permutation(n_users * n_items)[:400]
    exposure = np.stack([shown // n_items, shown % n_items, rng.integers(0, 2, 400)])
    return Interactions(n_users, n_items, train, valid, test, random_exposure=exposure.astype(np.float32))


def test_slices_by_hand() -> None:
    train = np.array([[0, 1, 2, 3, 4, 5, 0], [0, 0, 0, 0, 0, 0, 1]], dtype=np.int32)
    test = np.array([[6, 6, 7], [0, 1, 2]], dtype=np.int32)
    data = Interactions(8, 4, train, np.empty((2, 0), np.int32), test)
    scores = np.tile(np.array([4, 3, 2, 1], np.float32), (8, 1))
    ranked = rank_per_user(lambda users: scores[users], data, "test", ks=(2,))
    # popularity 6, 1, 0, 0: items 2 and 3 in the first tenth, 1 at half, 0 at three quarters
    assert slice_metrics(ranked, data, "test", 2) == {
        "recall_d01@2": 0.0,
        "recall_d06@2": 1.0,
        "recall_d08@2": 1.0,
        "recall_cold@2": 0.5,
        "recall_new@2": 0.0,
    }


def test_intervened_split_flattens_the_test() -> None:
    data = skewed()
    split = intervened_split(data, seed=3)
    sizes = [part.shape[1] for part in (split.train, split.valid, split.test)]
    whole = sum(part.shape[1] for part in (data.train, data.valid, data.test))
    assert sum(sizes) == whole
    assert sizes == pytest.approx([0.7 * whole, 0.1 * whole, 0.2 * whole], abs=2)
    keys = [set(map(tuple, part.T.tolist())) for part in (split.train, split.valid, split.test)]
    assert not keys[0] & keys[1] | keys[0] & keys[2] | keys[1] & keys[2]

    def top_share(items: np.ndarray) -> float:
        return float(np.isin(items, np.arange(5)).mean())

    assert top_share(split.test[1]) < 0.6 * top_share(data.test[1])
    again = intervened_split(data, seed=3)
    assert again.test.tolist() == split.test.tolist()
    assert intervened_split(data, seed=4).test.tolist() != split.test.tolist()


def test_rows_of_an_evaluation() -> None:
    data = skewed()
    popularity = np.bincount(data.train[1], minlength=data.n_items).astype(np.float32)
    found = evaluate_all(lambda users: np.tile(popularity, (users.size, 1)), data, "test", ks=(5, 10))
    names = {(row.metric, row.k) for row in found.rows}
    assert {("recall", 5), ("ndcg", 10), ("coverage", 10), ("recall_cold", 10), ("random_ndcg", 5)} <= names
    assert ("random_auc", 0) in names
    row = next(row for row in found.rows if (row.metric, row.k) == ("ndcg", 10))
    assert row.low is not None
    assert row.high is not None
    assert row.low < row.value < row.high
    assert found.value("ndcg@10") == pytest.approx(found.per_user("ndcg@10").mean())
    valid = evaluate_all(lambda users: np.tile(popularity, (users.size, 1)), data, "valid")
    assert not any(row.metric.startswith("random") for row in valid.rows)
