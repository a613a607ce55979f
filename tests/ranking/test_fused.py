"""The fused top-k against brute force: masks, ties, any size of tile, too few items."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from causalrec.dataset.arrays import Floats
from causalrec.ranking.fused import COARSE, FINE, fused_top_k, worthwhile
from causalrec.ranking.ties import Ties
from causalrec.ranking.topk import Indices

from .shop import brute_force


def masked_pairs(seen: list[list[int]], n_items: int) -> Indices:
    return np.array(
        sorted(user * n_items + item for user, mine in enumerate(seen) for item in set(mine)), int
    )


def lists(users: Floats, items: Floats, k: int, masked: Indices) -> list[list[int]]:
    top = fused_top_k(users, items, k, masked, Ties.numbered(users.shape[0], items.shape[0]))
    found = [top.columns[top.rows == user].tolist() for user in range(users.shape[0])]
    assert [top.ranks[top.rows == user].tolist() for user in range(users.shape[0])] == [
        list(range(1, len(mine) + 1)) for mine in found
    ]
    return found


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 7, 1_023, 1_024, 1_025, 2_900]), st.integers(1, 40))
def test_equals_brute_force(seed: int, n_items: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    users = rng.normal(size=(4, 3)).astype(np.float32)
    items = rng.normal(size=(n_items, 3)).astype(np.float32)
    best = brute_force(users, items, [[], [], [], []], min(n_items, 60))
    seen = [best[0][:5], best[1], [], list(range(n_items))]  # the very best, nearly all, nothing, everything
    k = min(k, n_items)
    assert lists(users, items, k, masked_pairs(seen, n_items)) == brute_force(users, items, seen, k)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_ties_are_broken_by_chance(seed: int) -> None:
    rng = np.random.default_rng(seed)
    users = rng.integers(-1, 2, size=(3, 2)).astype(np.float32)
    items = rng.integers(-1, 2, size=(2_500, 2)).astype(np.float32)  # nine different items
    assert lists(users, items, 30, np.empty(0, int)) == brute_force(users, items, [[], [], []], 30)


def test_alike_items_side_by_side_cost_no_exactness() -> None:
    """A catalogue sorted by category: all good items of a user lie in few groups."""
    rng = np.random.default_rng(0)
    centres = np.repeat(rng.normal(size=(30, 8)), 100, axis=0)
    items = (centres + 1e-4 * rng.normal(size=(3_000, 8))).astype(np.float32)
    users = (centres[::600] + 0.1).astype(np.float32)
    assert lists(users, items, 20, np.empty(0, int)) == brute_force(users, items, [[]] * 5, 20)


def test_a_user_s_list_does_not_depend_on_the_others() -> None:
    rng = np.random.default_rng(1)
    users, items = (
        rng.normal(size=(6, 16)).astype(np.float32),
        rng.normal(size=(4_000, 16)).astype(np.float32),
    )
    ties = Ties.numbered(6, 4_000)
    whole = fused_top_k(users, items, 10, np.empty(0, int), ties)
    for user in range(6):
        mine = ties.take(np.array([user]), np.arange(4_000))
        alone = fused_top_k(users[user : user + 1], items, 10, np.empty(0, int), mine)
        assert np.array_equal(alone.columns, whole.columns[whole.rows == user])
        assert np.array_equal(alone.scores, whole.scores[whole.rows == user])


def test_small_catalogues_are_not_worth_it() -> None:
    assert not worthwhile(1_000, 20)
    assert worthwhile(4 * 20 * FINE * COARSE, 20)
