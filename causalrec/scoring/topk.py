"""Exact top-k per user, as flat rows, the same for every way of cutting users into blocks.

A float32 matrix product gives slightly different last bits for blocks of different shape. So the product
only selects (with a margin for its rounding error), and the few selected pairs are scored again in
float64, each on its own: the answer depends on the pair alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats

Indices = npt.NDArray[np.int64]
Rescore = Callable[[Indices, Indices], Floats]


@dataclass(frozen=True)
class TopK:
    """The selected pairs, ordered by row and rank.

    Attributes:
        rows: int64 (m,) row of the score matrix.
        columns: int64 (m,) selected column.
        ranks: int64 (m,) 1 is best; without holes within a row.
        scores: float32 (m,).
    """

    rows: Indices
    columns: Indices
    ranks: Indices
    scores: Floats


def top_k(scores: Floats, k: int, *, slack: Floats | None = None, rescore: Rescore | None = None) -> TopK:
    """The ``k`` best columns of every row; equal scores are ordered by column.

    Args:
        scores: float32 (B, N); -inf excludes a pair, so a row may get fewer than ``k``.
        slack: float32 (B,) upper bound of twice the rounding error of a score; default none.
        rescore: exact scores of given (rows, columns); default the given ones.
    """
    keep = np.isfinite(scores) & (scores >= _threshold(scores, k, slack)[:, None])
    rows, columns = np.nonzero(keep)
    exact = scores[rows, columns] if rescore is None else rescore(rows, columns)
    order = np.lexsort((columns, -exact, rows))
    rows, columns, exact = rows[order], columns[order], exact[order]
    ranks = _ranks(rows, scores.shape[0])
    best = ranks <= k
    return TopK(rows[best], columns[best], ranks[best], exact[best])


def _threshold(scores: Floats, k: int, slack: Floats | None) -> Floats:
    """Per row a value that at least the ``k`` best reach."""
    n = scores.shape[1]
    if k >= n:
        return np.full(scores.shape[0], -np.inf, dtype=np.float32)
    kth: Floats = np.partition(scores, n - k, axis=1)[:, n - k]
    return kth if slack is None else kth - slack


def _ranks(rows: Indices, n_rows: int) -> Indices:
    """1, 2, 3, ... within each run of equal values of the sorted ``rows``."""
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n_rows))])
    ranks: Indices = np.arange(rows.size) - starts[rows] + 1
    return ranks
