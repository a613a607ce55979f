"""States of the users a model was trained on, and scores of single pairs."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats, Ints
from causalrec.ranking.topk import TopK, dot_pairs

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class UserStates:
    """States (U, d) of the users a model was trained on; row -1 means no state.

    Attributes:
        raw, content: their states in the raw model, and for the content effect; None if there are none.
    """

    table: Floats
    raw: Floats | None = None
    content: Floats | None = None

    def take(self, rows: Ints) -> Floats:
        """float32 (B, d); zeros for row -1."""
        return rows_of(self.table, rows)


def rows_of(table: Floats, rows: Ints) -> Floats:
    """float32 (B, d) rows of a table on disk or in memory; zeros for row -1."""
    found = np.asarray(table[np.maximum(rows, 0)], dtype=np.float32)
    return np.where((rows >= 0)[:, None], found, np.float32(0))


def pair_scores(rows: Ints, users: Floats | None, items: Floats | None, top: TopK) -> Floats:
    """Products (m,) of the listed pairs; NaN if the user or the item has no state."""
    if users is None or items is None:
        return np.full(top.rows.size, np.nan, dtype=np.float32)
    states = rows_of(users, rows)
    values = dot_pairs(states, items, top.rows, top.columns)
    known: Bools = np.asarray(states.any(axis=1))
    return np.where(known[top.rows], values, np.float32(np.nan))
