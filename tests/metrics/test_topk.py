"""Exact top-k equals a full stable sort, whatever is tied."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from causalrec.metrics.topk import top_k

LEVELS = st.integers(1, 9)  # few distinct values: many ties


@given(
    st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 30), st.integers(0, 35), st.integers(1, 9)
)
@settings(max_examples=120, deadline=None)
def test_equals_stable_sort(seed: int, rows: int, columns: int, k: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, levels, size=(rows, columns)).astype(np.float32)
    scores[scores == 0] = -np.inf
    expected = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    assert top_k(scores, k).tolist() == expected.tolist()
