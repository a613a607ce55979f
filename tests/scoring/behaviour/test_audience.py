"""Users for items, under caps."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalrec.scoring.behaviour import audience
from causalrec.scoring.behaviour.audience import audiences

NOBODY = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))


def test_a_user_goes_where_they_suit_best() -> None:
    users = np.array([[1.0, 0.9], [0.2, 0.5], [0.8, 0.1], [0.0, 0.7]], dtype=np.float32)
    found = audiences(users, np.eye(2, dtype=np.float32), NOBODY, size=2, per_user=1)
    assert found[["item", "rank", "user"]].to_numpy().tolist() == [[0, 1, 0], [0, 2, 2], [1, 1, 3], [1, 2, 1]]


def test_who_has_it_is_left_out() -> None:
    users, taken = np.ones((3, 1), dtype=np.float32), (np.array([1]), np.array([0]))
    found = audiences(users, np.ones((1, 1), dtype=np.float32), taken, size=9, per_user=1)
    assert found["user"].tolist() == [0, 2]


def test_only_users_of_a_market_that_sells_it() -> None:
    """The second item is not sold in the second market, where user 1 goes to the first instead."""
    users = np.array([[0.1, 0.9], [0.2, 0.9]], dtype=np.float32)
    sold = (np.array([0, 1]), np.array([[True, True], [True, False]]))
    found = audiences(users, np.eye(2, dtype=np.float32), NOBODY, 9, 1, sold)
    assert found[["item", "user"]].to_numpy().tolist() == [[0, 1], [1, 0]]


def test_no_items_no_rows() -> None:
    found = audiences(np.ones((3, 2), dtype=np.float32), np.ones((0, 2), dtype=np.float32), NOBODY, 5, 1)
    assert found.empty


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 6))
def test_caps_hold_in_blocks_of_any_size(seed: int, per_user: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    users, items = (rng.normal(size=(n, 3)).astype(np.float32) for n in (17, 5))
    taken = (rng.integers(0, 17, 8), rng.integers(0, 5, 8))
    whole = audiences(users, items, taken, size, per_user)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audience, "BLOCK_CELLS", 10)
        pd.testing.assert_frame_equal(audiences(users, items, taken, size, per_user), whole, atol=1e-5)
    assert (whole.groupby("user").size() <= per_user).all()
    assert (whole.groupby("item").size() <= size).all()
    assert not set(zip(whole["user"], whole["item"], strict=True)) & set(zip(*map(list, taken), strict=True))
    scores = users @ items.T
    assert whole["score"].to_numpy() == pytest.approx(scores[whole["user"], whole["item"]])


def test_memory_bounds_the_users_of_a_block() -> None:
    users = np.zeros((9_000, 1), dtype=np.float32)
    found = audience._starts(users, np.zeros((1_000, 1), dtype=np.float32))
    assert found == [(0, 4_000), (4_000, 8_000), (8_000, 9_000)]
    assert audience._starts(users[:1], np.zeros((5_000_000, 0), dtype=np.float32)) == [(0, 1)]
