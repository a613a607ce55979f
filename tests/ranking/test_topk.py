"""Top-k against brute force, with ties and masks."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from causalrec.dataset.ties import tie_breakers
from causalrec.ranking.ties import Ties
from causalrec.ranking.topk import top_k

NUMBERED = Ties.numbered(6, 9)

VALUES = st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 0.5, 2.0])
MATRICES = st.tuples(st.integers(1, 6), st.integers(1, 9)).flatmap(
    lambda shape: arrays(np.float32, shape, elements=VALUES.map(np.float32))
)


def brute_force(scores: np.ndarray, k: int) -> list[list[int]]:
    lists = []
    for user, row in enumerate(scores):
        chance = tie_breakers(NUMBERED.users[user], NUMBERED.items)
        order = np.lexsort((chance[: row.size], -row)).tolist()
        lists.append([column for column in order if np.isfinite(row[column])][:k])
    return lists


@given(MATRICES, st.integers(1, 12))
@settings(max_examples=200, deadline=None)
def test_equals_brute_force(scores: np.ndarray, k: int) -> None:
    top = top_k(scores, k, NUMBERED)
    found = [top.columns[top.rows == row].tolist() for row in range(scores.shape[0])]
    assert found == brute_force(scores, k)
    for row in range(scores.shape[0]):
        mine = top.rows == row
        assert top.ranks[mine].tolist() == list(range(1, mine.sum() + 1))
        assert np.array_equal(top.scores[mine], scores[row, top.columns[mine]])


@given(MATRICES, st.integers(1, 12))
@settings(max_examples=100, deadline=None)
def test_slack_only_widens_the_candidates(scores: np.ndarray, k: int) -> None:
    noise = np.random.default_rng(0).uniform(-1e-3, 1e-3, scores.shape).astype(np.float32)
    slack = np.full(scores.shape[0], 4e-3, dtype=np.float32)
    exact = top_k(scores, k, NUMBERED)
    rough = top_k(
        scores + noise, k, NUMBERED, slack=slack, rescore=lambda rows, columns: scores[rows, columns]
    )
    assert np.array_equal(exact.columns, rough.columns)
    assert np.array_equal(exact.rows, rough.rows)


def test_no_rows() -> None:
    assert top_k(np.empty((0, 4), dtype=np.float32), 2, NUMBERED).rows.size == 0
