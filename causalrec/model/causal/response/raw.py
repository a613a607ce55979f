"""A raw model of the same data: truncated singular value decomposition of what was chosen.

PureSVD (Cremonesi, Koren and Turrin, RecSys 2010): frequently chosen items come first, for whatever reason.
"""

import numpy as np
from scipy.sparse.linalg import svds

from causalrec.dataset.arrays import Floats, Interactions

FEWEST = 2  # smallest side of a matrix that can be decomposed
RANK = 16


def raw_tables(data: Interactions, columns: int, seed: int) -> tuple[Floats, Floats]:
    """float32 (U, k) and (N, k) whose product is the rank-k reconstruction of the training pairs."""
    matrix = data.train_matrix()
    rank = min(columns, RANK, min(matrix.shape) - 1)
    if min(matrix.shape) < FEWEST or matrix.nnz == 0:
        ones = np.ones((data.n_users, 1), dtype=np.float32)
        return ones, np.asarray(matrix.sum(axis=0), dtype=np.float32).T.copy()
    start = np.random.default_rng(seed).random(min(matrix.shape))
    _, _, vt = svds(matrix.astype(np.float64), k=rank, v0=start)
    items = vt.T.astype(np.float32)
    return np.asarray(matrix @ items, dtype=np.float32), items
