"""Affinity graphs: a small shop by hand, and what may not matter."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from causalrec.model.affinity import SHRINK, affinity


def test_two_rows_that_share_a_column() -> None:
    matrix = sp.csr_matrix(np.array([[1, 1, 0], [1, 0, 0], [0, 0, 1], [1, 1, 0]], dtype=np.float32))
    found = affinity(matrix, 2, most=10).toarray()
    first = np.array([0, (1 / 3) / np.sqrt((2 + SHRINK) * (1 + SHRINK)), 0, (1 / 3 + 1 / 2) / (2 + SHRINK)])
    assert found[0] == pytest.approx(first / first.sum(), abs=1e-6)
    assert found[2].tolist() == [0, 0, 0, 0]
    assert found.diagonal().tolist() == [0, 0, 0, 0]


def test_only_the_strongest_stay_and_busy_columns_are_not_followed() -> None:
    matrix = sp.csr_matrix(np.array([[1, 1], [1, 1], [1, 0]], dtype=np.float32))
    strongest = affinity(matrix, 1, most=10).toarray()
    assert strongest[:2].tolist() == [[0, 1, 0], [1, 0, 0]]
    assert sorted(strongest[2].tolist()) == [0, 0, 1]  # both others are as much alike
    assert affinity(matrix, 2, most=2).toarray().tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_does_not_depend_on_numbering(seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = sp.csr_matrix((rng.random((12, 9)) < 0.3).astype(np.float32))
    rows, columns = rng.permutation(12), rng.permutation(9)
    found = affinity(matrix, 12, most=12).toarray()
    again = affinity(matrix[rows][:, columns].tocsr(), 12, most=12).toarray()
    assert again == pytest.approx(found[np.ix_(rows, rows)], abs=1e-5)
