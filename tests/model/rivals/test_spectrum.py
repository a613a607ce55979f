"""The eigenpairs against a dense decomposition, by way of either side."""

import numpy as np
import pytest
import scipy.sparse as sp

from causalrec.dataset.arrays import Floats
from causalrec.model.rivals import spectrum as module
from causalrec.model.rivals.spectrum import spectrum


def shop(users: int = 40, items: int = 30, seed: int = 0) -> tuple[sp.csr_matrix, list[Floats], Floats]:
    """Histories (the last user bought nothing), two modalities, and their Gram matrix."""
    rng = np.random.default_rng(seed)
    dense = (rng.random((users, items)) < 0.2).astype(np.float32)
    dense[-1] = 0.0
    content = [rng.normal(size=(items, width)).astype(np.float32) for width in (3, 5)]
    gram = dense.T @ dense + sum(part @ part.T for part in content)
    return sp.csr_matrix(dense), content, gram.astype(np.float32)


@pytest.mark.parametrize("exact_rows", [10_000, 0])
def test_all_pairs_give_the_matrix_back(exact_rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EXACT_ROWS", exact_rows)
    histories, content, gram = shop()
    found = spectrum(histories, content, rank=30, seed=1)
    np.testing.assert_allclose(found.vectors * found.values @ found.vectors.T, gram, atol=2e-3)


@pytest.mark.parametrize("exact_rows", [10_000, 0])
def test_the_leading_pairs_are_those_of_a_dense_decomposition(
    exact_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EXACT_ROWS", exact_rows)
    histories, content, gram = shop(users=300, items=120)
    found = spectrum(histories, content, rank=4, seed=1)
    np.testing.assert_allclose(found.values, np.linalg.eigvalsh(gram)[::-1][:4], rtol=1e-3)
    np.testing.assert_allclose(found.vectors.T @ found.vectors, np.eye(4), atol=1e-3)


def test_fewer_rows_than_the_rank_leave_no_pairs_of_nothing() -> None:
    histories, _, _ = shop(users=5)
    found = spectrum(histories, [], rank=30, seed=1)
    assert found.values.shape == (4,)
    assert (found.values > 0).all()
