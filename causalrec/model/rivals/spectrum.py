"""Leading eigenpairs of a Gram matrix over items, without ever forming an items x items matrix.

The rows of the matrix Z (n, N) whose Gram matrix Z'Z is wanted are histories (sparse) and directions of item
content (dense, few). Where n is small, Z Z' is decomposed exactly; otherwise randomised subspace iteration
finds the leading pairs: Halko, Martinsson, Tropp, "Finding structure with randomness" (SIAM Review 2011),
algorithm 4.4.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg
import scipy.sparse as sp

from causalrec.dataset.arrays import Floats

EXACT_ROWS = 2_048  # a symmetric matrix of this side is decomposed in a few seconds
OVERSAMPLING = 32  # further columns of the random subspace, dropped at the end
ITERATIONS = 6  # passes over the matrix; each sharpens the subspace
NOISE = 1e-6  # share of the largest eigenvalue below which a pair is rounding error


@dataclass(frozen=True)
class Spectrum:
    """Z'Z is about vectors diag(values) vectors'.

    Attributes:
        values: float32 (r,), descending, above zero.
        vectors: float32 (N, r), orthonormal columns.
    """

    values: Floats
    vectors: Floats


def spectrum(histories: sp.csr_matrix, content: Sequence[Floats], rank: int, seed: int) -> Spectrum:
    """The ``rank`` leading eigenpairs of X'X + sum_m C_m C_m'.

    Args:
        histories: X, float32 CSR (U, N). content: C_m, float32 (N, p_m).
        seed: of the random subspace; not used where the decomposition is exact.
    """
    active = histories[np.diff(histories.indptr) > 0]
    columns = np.concatenate(content, axis=1) if content else np.zeros((histories.shape[1], 0), np.float32)
    if active.shape[0] + columns.shape[1] <= EXACT_ROWS:
        return _leading(*_exact(active, columns), rank)
    return _leading(*_subspace(active, columns, rank, seed), rank)


def _exact(histories: sp.csr_matrix, columns: Floats) -> tuple[Floats, Floats]:
    """Eigenvalues (n,) and vectors (N, n) by way of Z Z' (n, n)."""
    cross = np.asarray(histories @ columns, dtype=np.float64)
    between = np.asarray((histories @ histories.T).todense(), dtype=np.float64)
    within = columns.T.astype(np.float64) @ columns
    values, rows = scipy.linalg.eigh(np.block([[between, cross], [cross.T, within]]), check_finite=False)
    rows = (rows / np.sqrt(np.maximum(values, NOISE * values.max()))).astype(np.float32)
    users = histories.shape[0]
    return values.astype(np.float32), np.asarray(histories.T @ rows[:users]) + columns @ rows[users:]


def _subspace(histories: sp.csr_matrix, columns: Floats, rank: int, seed: int) -> tuple[Floats, Floats]:
    """The same for the leading pairs of a large matrix; memory is N x (rank + oversampling)."""
    n_items = columns.shape[0]
    width = min(rank + OVERSAMPLING, n_items)
    basis = np.random.default_rng(seed).standard_normal((n_items, width), dtype=np.float32)
    transposed = histories.T.tocsr()
    for _ in range(ITERATIONS):
        basis = _orthonormal(transposed @ (histories @ basis) + columns @ (columns.T @ basis))
    small = basis.T @ (transposed @ (histories @ basis) + columns @ (columns.T @ basis))
    values, turn = scipy.linalg.eigh((small + small.T) / 2, check_finite=False)
    return values, basis @ turn


def _orthonormal(columns: Floats) -> Floats:
    basis: Floats = scipy.linalg.qr(columns, mode="economic", overwrite_a=True, check_finite=False)[0]
    return basis


def _leading(values: Floats, vectors: Floats, rank: int) -> Spectrum:
    order = np.argsort(-values, kind="stable")[:rank]
    order = order[values[order] > NOISE * values.max(initial=0.0)]
    return Spectrum(values[order], np.ascontiguousarray(vectors[:, order]))
