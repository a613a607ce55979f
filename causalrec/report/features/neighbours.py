"""Nearest neighbours by cosine, block by block: only one block of rows against all is in memory."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
CELLS = 1 << 24  # scores held at once: 64 MiB


@dataclass(frozen=True)
class Neighbours:
    """Per query its nearest rows, best first.

    Attributes:
        rows: (q, k) rows of the gallery; -1 where there are fewer.
        cosines: (q, k); NaN there.
    """

    rows: Ints
    cosines: Floats

    def same(self, label: npt.NDArray[np.object_]) -> float | None:
        """Share of neighbours with the label of their query; None if nothing has a label.

        ``label`` (n,) is that of each row, None where unknown; queries are all rows in their order.
        """
        known = np.asarray(pd.notna(label), dtype=np.bool_)
        there = (self.rows >= 0) & known[:, None] & known[self.rows]
        if not there.any():
            return None
        return float((label[self.rows] == label[:, None])[there].mean())


def all_neighbours(vectors: Floats, k: int) -> Neighbours:
    """The ``k`` nearest other rows of every row of ``vectors`` (m, d, unit length)."""
    return nearest(vectors, vectors, k, own=np.arange(len(vectors)))


def nearest(queries: Floats, gallery: Floats, k: int, own: Ints | None = None) -> Neighbours:
    """The ``k`` rows of ``gallery`` (m, d) nearest to each of ``queries`` (q, d), all of unit length.

    Equal cosines are ordered by row. ``own`` (q,) is a row of the gallery that each query must skip.
    """
    count, found = len(queries), min(k, max(len(gallery) - (own is not None), 0))
    rows = np.full((count, k), -1, np.int64)
    cosines = np.full((count, k), np.nan, np.float32)
    block = max(1, CELLS // max(len(gallery), 1))
    for start in range(0, count if found else 0, block):
        scores = queries[start : start + block] @ gallery.T
        here = np.arange(len(scores))
        if own is not None:
            scores[here, own[start : start + block]] = -np.inf
        top = np.sort(np.argpartition(-scores, found - 1, axis=1)[:, :found], axis=1)
        order = np.argsort(-np.take_along_axis(scores, top, 1), axis=1, kind="stable")
        best = np.take_along_axis(top, order, 1)
        rows[start + here, :found] = best
        cosines[start + here, :found] = np.take_along_axis(scores, best, 1)
    return Neighbours(rows, np.clip(cosines, -1, 1))


def overlap(before: Neighbours, after: Neighbours) -> float | None:
    """Share of neighbours that two vector spaces agree on, over the same rows; None without neighbours."""
    valid = before.rows >= 0
    if not valid.any():
        return None
    agree = (before.rows[:, :, None] == after.rows[:, None, :]).any(axis=2)
    return float(agree[valid].mean())
