"""Exact top-k per user, as flat rows; the result does not depend on how users are split into blocks.

A float32 matrix product gives slightly different last bits for blocks of different shape. So the product
only selects (with a margin for its rounding error), and the few selected pairs are scored again in
float64, each on its own: the result depends only on the pair.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats
from causalrec.ranking.ties import Ties

Indices = npt.NDArray[np.int64]
PAIRS_AT_ONCE = 4_096  # so that both states of a pair in float64 stay in the cache
Rescore = Callable[[Indices, Indices], Floats]


@dataclass(frozen=True)
class TopK:
    """The selected pairs, ordered by row and rank.

    Attributes:
        rows: int64 (m,) row of the score matrix.
        columns: int64 (m,) selected column.
        ranks: int64 (m,) 1 is best; without gaps within a row.
        scores: float32 (m,).
    """

    rows: Indices
    columns: Indices
    ranks: Indices
    scores: Floats


def top_k(
    scores: Floats, k: int, ties: Ties, *, slack: Floats | None = None, rescore: Rescore | None = None
) -> TopK:
    """The ``k`` best columns of every row; equal scores are ordered by ``ties``.

    Args:
        scores: float32 (B, N); -inf excludes a pair, so a row may get fewer than ``k``.
        slack: float32 (B,) upper bound of twice the rounding error of a score; default none.
        rescore: exact scores of given (rows, columns); default the given ones.
    """
    keep = np.isfinite(scores) & (scores >= _threshold(scores, k, slack)[:, None])
    rows, columns = np.nonzero(keep)
    exact = scores[rows, columns] if rescore is None else rescore(rows, columns)
    return ranked(rows, columns, exact, scores.shape[0], k, ties)


def ranked(rows: Indices, columns: Indices, scores: Floats, n_rows: int, k: int, ties: Ties) -> TopK:
    """The ``k`` best of given pairs per row; equal scores are ordered by ``ties``."""
    order = ties.order(rows, columns, scores)
    rows, columns, scores = rows[order], columns[order], scores[order]
    ranks = places(rows, n_rows)
    best = ranks <= k
    return TopK(rows[best], columns[best], ranks[best], scores[best])


def float_slack(users: Floats, items: Floats) -> Floats:
    """(B,) upper bound of the joint error of two float32 products of a user's scores.

    |fl(x.y) - x.y| <= d eps |x||y|; both the threshold and the candidate may be off.
    """
    reach = np.linalg.norm(users, axis=1) * np.linalg.norm(items, axis=1).max(initial=0)
    slack: Floats = (4 * users.shape[1] * np.finfo(np.float32).eps * reach).astype(np.float32)
    return slack


def dot_pairs(left: Floats, right: Floats, rows: Indices, columns: Indices) -> Floats:
    """float32 (m,) <left[rows], right[columns]>, summed in float64, a bounded number of pairs at once."""
    out = np.empty(rows.size, dtype=np.float32)
    for start in range(0, rows.size, PAIRS_AT_ONCE):
        part = slice(start, start + PAIRS_AT_ONCE)
        first, second = left[rows[part]].astype(np.float64), right[columns[part]].astype(np.float64)
        out[part] = (first * second).sum(axis=1)
    return out


def _threshold(scores: Floats, k: int, slack: Floats | None) -> Floats:
    """Per row a value that at least the ``k`` best reach."""
    n = scores.shape[1]
    if k >= n:
        return np.full(scores.shape[0], -np.inf, dtype=np.float32)
    kth: Floats = np.partition(scores, n - k, axis=1)[:, n - k]
    return kth if slack is None else kth - slack


def places(rows: Indices, n_rows: int) -> Indices:
    """1, 2, 3, ... within each run of equal values of the sorted ``rows``."""
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n_rows))])
    ranks: Indices = np.arange(rows.size) - starts[rows] + 1
    return ranks
