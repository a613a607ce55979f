"""Exact top-k of every row, ties broken by the lower column."""

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats, Ints

Bools = npt.NDArray[np.bool_]


def top_k(scores: Floats, k: int) -> Ints:
    """Columns of the ``k`` largest values per row of ``scores`` (B, N), best first, as int32 (B, min(k, N)).

    Equal values are ordered by column, so the answer does not depend on the partition algorithm.
    """
    rows, columns = scores.shape
    k = min(k, columns)
    if k == 0 or rows == 0:
        return np.empty((rows, k), dtype=np.int32)
    threshold = np.partition(scores, columns - k, axis=1)[:, columns - k, None]
    keep = scores >= threshold
    surplus = np.flatnonzero(keep.sum(axis=1) > k)
    if surplus.size:
        keep[surplus] = _first_ties(scores[surplus], threshold[surplus], k)
    chosen = np.nonzero(keep)[1].reshape(rows, k)
    order = np.argsort(-np.take_along_axis(scores, chosen, axis=1), axis=1, kind="stable")
    return np.take_along_axis(chosen, order, axis=1).astype(np.int32)


def _first_ties(scores: Floats, threshold: Floats, k: int) -> Bools:
    """Rows whose k-th value is tied: all above it, then the tied ones of lowest column."""
    above = scores > threshold
    tied = scores == threshold
    room = k - above.sum(axis=1, keepdims=True)
    first: Bools = above | (tied & (np.cumsum(tied, axis=1) <= room))
    return first
