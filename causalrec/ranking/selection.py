"""The best items for a block of users: by taste if it is known, else by popularity."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats
from causalrec.ranking.ann import Index, near_top_k
from causalrec.ranking.catalogue import Catalogue
from causalrec.ranking.fused import fused_top_k, worthwhile
from causalrec.ranking.masks import Subset, contains, counts, of_users
from causalrec.ranking.ties import Ties
from causalrec.ranking.topk import Indices, TopK, dot_pairs, float_slack, ranked, top_k

PAIRS = 2**20  # of users and popular items sorted at once

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Selector:
    """Scores of one block of users.

    Attributes:
        states: float32 (B, d) user states, for a model with item states.
        matrix: float32 (B, N) scores in catalogue order, for a model without.
        cold: bool (B,) users who are ranked by popularity.
        ties: order of items of equal score.
        index: an approximate index of the item states; None searches exactly.
    """

    catalogue: Catalogue
    cold: Bools
    ties: Ties
    states: Floats | None = None
    matrix: Floats | None = None
    index: Index | None = None

    def best(self, users: Indices, masked: Indices, k: int, within: Subset) -> TopK:
        """The ``k`` best unmasked items of the given users (ascending), rows numbered by place in ``users``.

        Args:
            masked: keys of the whole block over the whole catalogue.
        """
        mine = of_users(masked, users, self.cold.size, within.size)
        inside = within.masked(mine)
        cold = self.cold[users]
        size = within.positions.size
        parts = []
        for chosen, select in ((~cold, self._by_taste), (cold, self._by_popularity)):
            rows = np.flatnonzero(chosen)
            if rows.size and size and k:
                top = select(users[rows], of_users(inside, rows, users.size, size), min(k, size), within)
                parts.append(TopK(rows[top.rows], within.positions[top.columns], top.ranks, top.scores))
        return merged(parts)

    def scores_of(self, users: Indices, items: Indices) -> Floats:
        """Scores (m,) of single pairs."""
        found = self.catalogue.popularity[items]
        if self.states is not None and self.catalogue.states is not None:
            taste = dot_pairs(self.states, self.catalogue.states, users, items)
        elif self.matrix is not None:
            taste = self.matrix[users, items]
        return np.where(self.cold[users], found, np.where(np.isfinite(taste), taste, np.float32(0)))

    def _by_taste(self, users: Indices, masked: Indices, k: int, within: Subset) -> TopK:
        ties = self.ties.take(users, within.positions)
        if self.states is None or self.catalogue.states is None:
            assert self.matrix is not None  # noqa: S101 - one of the two is given
            scores = self.matrix[np.ix_(users, within.positions)]
            return top_k(_without(scores, masked), k, ties)
        states = self.states[users]
        items = self.catalogue.states if within.whole else self.catalogue.states[within.positions]
        if self.index is not None and within.whole:
            return near_top_k(self.index, states, items, k, masked, ties)
        if worthwhile(items.shape[0], k):
            return fused_top_k(states, items, k, masked, ties)
        scores = _without(states @ items.T, masked)
        slack = float_slack(states, items)
        return top_k(scores, k, ties, slack=slack, rescore=lambda u, i: dot_pairs(states, items, u, i))

    def _by_popularity(self, users: Indices, masked: Indices, k: int, within: Subset) -> TopK:
        """Uses as many top items as the longest mask requires, plus those tied with the last."""
        size, ties = within.positions.size, self.ties.take(users, within.positions)
        popularity = self.catalogue.popularity[within.positions]
        most = int(counts(masked, users.size, size).max(initial=0))
        depth = min(k + most, size)
        head = np.flatnonzero(popularity >= np.partition(popularity, size - depth)[size - depth])
        step, parts = max(1, PAIRS // head.size), []
        for start in range(0, users.size, step):
            pairs = np.arange(start, min(start + step, users.size))[:, None] * size + head
            rows, columns = np.divmod(pairs[~contains(masked, pairs)], size)
            parts.append(ranked(rows, columns, popularity[columns], users.size, k, ties))
        return merged(parts)


def _without(scores: Floats, masked: Indices) -> Floats:
    scores.reshape(-1)[masked] = -np.inf
    return scores


def merged(parts: list[TopK]) -> TopK:
    """All selections in one, ordered by row and rank."""
    if len(parts) == 1:
        return parts[0]
    none = np.empty(0, dtype=np.int64)
    rows = np.concatenate([none, *(part.rows for part in parts)])
    ranks = np.concatenate([none, *(part.ranks for part in parts)])
    order = np.lexsort((ranks, rows))
    columns = np.concatenate([none, *(part.columns for part in parts)])[order]
    scores = np.concatenate([np.empty(0, np.float32), *(part.scores for part in parts)])[order]
    return TopK(rows[order], columns, ranks[order], scores)
