"""Exact top-k equals a full sort, whatever is tied; ties are broken by chance."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from causalrec.dataset.ties import numbered, tie_breakers
from causalrec.metrics.topk import top_k

LEVELS = st.integers(1, 9)  # few distinct values: many ties


@given(
    st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 30), st.integers(0, 35), st.integers(1, 9)
)
@settings(max_examples=120, deadline=None)
def test_equals_a_full_sort(seed: int, rows: int, columns: int, k: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, levels, size=(rows, columns)).astype(np.float32)
    scores[scores == 0] = -np.inf
    users = rng.permutation(100)[:rows].astype(np.int32)
    chance = tie_breakers(users[:, None].astype(np.uint64), numbered(columns))
    expected = np.lexsort((chance, -scores))[:, :k]
    found = top_k(scores, k, users)
    some = np.isfinite(np.take_along_axis(scores, expected, axis=1))
    assert found[some].tolist() == expected[some].tolist()
    assert np.isneginf(np.take_along_axis(scores, found, axis=1)[~some]).all()


def test_a_constant_score_lists_every_item_alike_and_no_two_users_alike() -> None:
    users = np.arange(4_000, dtype=np.int32)
    lists = top_k(np.zeros((users.size, 50), dtype=np.float32), 5, users)
    for places, expected in ((lists, users.size * 5 / 50), (lists[:, 0], users.size / 50)):
        counts = np.bincount(places.ravel(), minlength=50)
        assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)
    assert np.unique(lists, axis=0).shape[0] > 0.99 * users.size
