"""Exact top-k of every row; equal scores are ordered by a hash of user and item."""

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats, Ints
from causalrec.dataset.ties import numbered, tie_breakers

Bools = npt.NDArray[np.bool_]
LAST = np.uint64(2**64 - 1)


def top_k(scores: Floats, k: int, users: Ints) -> Ints:
    """Columns of the ``k`` largest values per row of ``scores`` (B, N), best first, as int32 (B, min(k, N)).

    Equal values are ordered at random (:mod:`causalrec.dataset.ties`), independently of the rest of the
    block; -inf values, which predict nothing, come last in any order.

    Args:
        users: (B,) whose scores they are.
    """
    rows, columns = scores.shape
    k = min(k, columns)
    if k == 0 or rows == 0:
        return np.empty((rows, k), dtype=np.int32)
    threshold = np.partition(scores, columns - k, axis=1)[:, columns - k, None]
    keep = scores >= threshold
    surplus = np.flatnonzero(keep.sum(axis=1) > k)
    if surplus.size:
        keep[surplus] = _with_some_ties(scores[surplus], threshold[surplus], k, users[surplus])
    chosen = np.nonzero(keep)[1].reshape(rows, k)
    values = np.take_along_axis(scores, chosen, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    tied = np.flatnonzero(tied_rows(np.take_along_axis(values, order, axis=1)))
    if tied.size:
        keys = tie_breakers(users[tied, None].astype(np.uint64), chosen[tied].astype(np.uint64))
        order[tied] = np.lexsort((keys, -values[tied]))
    return np.take_along_axis(chosen, order, axis=1).astype(np.int32)


def tied_rows(descending: Floats) -> Bools:
    """Rows (B,) of sorted values (B, k) with equal values other than -inf."""
    same = (descending[:, 1:] == descending[:, :-1]) & np.isfinite(descending[:, 1:])
    found: Bools = same.any(axis=1)
    return found


def _with_some_ties(scores: Floats, threshold: Floats, k: int, users: Ints) -> Bools:
    """Rows whose k-th value is tied: all above it, then as many tied ones as there is room for."""
    above, tied = scores > threshold, scores == threshold
    keys = tie_breakers(users[:, None].astype(np.uint64), numbered(scores.shape[1]))
    keys[~tied] = LAST
    first = np.sort(np.partition(keys, k - 1, axis=1)[:, :k], axis=1)
    room = k - above.sum(axis=1, keepdims=True)
    chosen: Bools = above | (tied & (keys <= np.take_along_axis(first, room - 1, axis=1)))
    return chosen
