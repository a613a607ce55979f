"""Drawn places: uniform, the same for every cut of the users, and logged with the right probability."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from causalrec.config.scoring import ScoringSettings
from causalrec.ranking.slots import Policy, draw_free, slots_of, uniforms

USERS = np.array([f"u{n}" for n in range(20_000)], dtype=object)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 6), unique=True), min_size=1, max_size=5),
    st.lists(st.floats(0, 1, exclude_max=True), min_size=5, max_size=5),
)
def test_the_nth_free_item(taken: list[list[int]], chance: list[float]) -> None:
    keys = np.array(
        sorted(user * 7 + item for user, mine in enumerate(taken) for item in mine), dtype=np.int64
    )
    odds = np.array(chance[: len(taken)])
    items, free = draw_free(odds, keys, 7)
    for user, mine in enumerate(taken):
        left = [item for item in range(7) if item not in mine]
        assert free[user] == len(left)
        assert items[user] == (left[min(int(odds[user] * len(left)), len(left) - 1)] if left else -1)


def test_draws_are_uniform_and_belong_to_user_date_and_purpose() -> None:
    first = uniforms(USERS, "2026-03-01", "0")
    counts = np.bincount((first * 10).astype(int), minlength=10)
    assert abs(counts - 2_000).max() < 200  # four and a half standard deviations
    assert np.array_equal(uniforms(USERS[5:9], "2026-03-01", "0"), first[5:9])
    assert abs(np.corrcoef(first, uniforms(USERS, "2026-03-02", "0"))[0, 1]) < 0.03
    assert abs(np.corrcoef(first, uniforms(USERS, "2026-03-01", "1"))[0, 1]) < 0.03


def test_shares_are_rounded_up_and_spread_over_the_list() -> None:
    both = slots_of(ScoringSettings(k=20, new_item_share=0.05, explore_share=0.1))
    assert [(slot.rank, slot.policy) for slot in both] == [
        (5, Policy.NEW_ITEMS), (10, Policy.UNIFORM), (15, Policy.UNIFORM),
    ]  # fmt: skip
    assert slots_of(ScoringSettings(new_item_share=0)) == []
    assert [slot.rank for slot in slots_of(ScoringSettings(k=5))] == [3]
    assert slots_of(ScoringSettings(k=1)) == []  # the one place stays with taste
