"""Whole groups are held out with everything that was seen of them; the table ranks only them."""

import numpy as np
import pytest

from causalrec.dataset.arrays import Floats, Interactions, Ints, Looks
from causalrec.errors import DatasetError
from causalrec.lab.benchmark.unseen import only, unseen_items, unseen_rows, without_items

LABELS = ("a", "a", "b", "b", "c", "")


def shop() -> Interactions:
    """Users 0 and 1 like what looks like items 0 and 1, and all of them chose something of group b."""
    content = np.array([[1, 0], [0, 1], [0.9, 0.1], [0.1, 0.9], [0.5, 0.4], [0.3, 0.3]], dtype=np.float32)
    pairs = np.array([[0, 0, 1, 1, 0], [0, 2, 1, 3, 4]], dtype=np.int32)
    looks = Looks(
        users=pairs[0], items=pairs[1], strata=np.zeros(5, np.int32), count=np.ones(5, np.int32),
        reached=np.ones((1, 5), np.int32), propensity=np.full(5, np.nan, np.float32),
        age=np.zeros(5, np.float32), depths=("click",), policy=("",), position=np.ones(1, np.float32),
        uniform=np.zeros(1, np.bool_),
    )  # fmt: skip
    valid = np.array([[0, 1], [3, 5]], dtype=np.int32)
    none = np.zeros((2, 0), np.int32)
    return Interactions(
        2,
        6,
        pairs,
        valid,
        none,
        {"image": content},
        np.arange(5, dtype=np.float32),
        passed=valid,
        looks=looks,
    )


def test_whole_groups_are_held_out_and_the_unnamed_one_never() -> None:
    for seed in range(20):
        unseen = unseen_items(LABELS, 0.1, seed)
        assert unseen.any()
        assert not unseen[5]
        assert unseen[0] == unseen[1]
        assert unseen[2] == unseen[3]
    with pytest.raises(DatasetError, match="leave nothing"):
        unseen_items(LABELS, 0.99, 0)


def test_nothing_of_a_held_out_item_is_left() -> None:
    unseen = np.array([False, False, True, True, False, False])
    data = without_items(shop(), unseen)
    assert data.train.tolist() == [[0, 1, 0], [0, 1, 4]]
    assert data.test.tolist() == [[0, 1], [2, 3]]
    assert data.valid.tolist() == [[1], [5]]
    assert data.weights is not None and data.weights.tolist() == [0, 2, 4]
    assert data.passed is not None and data.passed.tolist() == [[1], [5]]
    assert data.looks is not None and data.looks.items.tolist() == [0, 1, 4]
    assert data.looks.reached.shape == (1, 3)
    with pytest.raises(DatasetError, match="held out"):
        without_items(shop(), np.zeros(6, np.bool_))


def test_likeness_of_content_finds_what_a_user_would_choose() -> None:
    unseen = np.array([False, False, True, True, False, False])

    def backwards(users: Ints) -> Floats:
        return np.tile(np.array([9, 9, 0, 1, 9, 9], dtype=np.float32), (users.size, 1))

    rows = {
        row.name: row.metrics
        for row in unseen_rows({"ours": backwards}, without_items(shop(), unseen), unseen, 0)
    }
    assert list(rows) == ["random", "content_knn", "ours", "popularity, told"]
    assert rows["content_knn"]["ndcg@20"] == 1.0
    assert rows["ours"]["ndcg@20"] == pytest.approx((1 + 1 / np.log2(3)) / 2)
    assert all(row["recall@20"] == 1.0 for row in rows.values())  # two items, both are listed


def test_items_that_were_seen_are_never_listed() -> None:
    unseen = np.array([False, True])
    scores = only(lambda users: np.ones((users.size, 2), np.float32), unseen)(np.zeros(1, np.int32))
    assert scores.tolist() == [[-np.inf, 1.0]]
