"""Batches of training pairs and their negatives, without a loop over rows.

Every epoch draws from its own generator (seed, epoch), so a resumed run sees the same batches.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Interactions, Ints

Longs = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """Pairs and the negatives that they share.

    Attributes:
        users, items: int32 (B,).
        negatives: int32 (K,), distinct items.
        clash: int64 (2, m), ordered by row: row b and column k where negative k is a training item of user b.
    """

    users: Ints
    items: Ints
    negatives: Ints
    clash: Longs


class PairSampler:
    """Shuffled training pairs with uniform negatives shared inside a batch, drawn without repetition.

    Args:
        part: (rank, ranks): of each batch only the rows of this rank are given out; the negatives are shared.
    """

    def __init__(
        self, data: Interactions, batch: int, negatives: int, seed: int, part: tuple[int, int] = (0, 1)
    ) -> None:
        self.pairs = data.train
        matrix = data.train_matrix()
        self.starts, self.seen = matrix.indptr.astype(np.int64), matrix.indices
        self.place = np.full(data.n_items, -1, dtype=np.int64)
        self.batch = batch
        self.negatives = min(negatives, data.n_items)
        self.seed = seed
        self.rank, self.ranks = part

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch; a rank may get no row of the last one."""
        rng = np.random.default_rng([self.seed, number])
        order = rng.permutation(self.pairs.shape[1])
        for first in range(0, order.size, self.batch):
            rows = order[first : first + self.batch][self.rank :: self.ranks]
            users, items = self.pairs[0][rows], self.pairs[1][rows]
            drawn = rng.choice(self.place.size, self.negatives, replace=False).astype(np.int32)
            yield Batch(users, items, drawn, self._clash(users, drawn))

    def _clash(self, users: Ints, negatives: Ints) -> Longs:
        """Finds negatives among the users' training items; validation and test items are never looked at."""
        starts = self.starts[users]
        counts = self.starts[users + 1] - starts
        rows = np.repeat(np.arange(users.size), counts)
        inside = np.arange(rows.size) - np.repeat(np.cumsum(counts) - counts, counts)
        self.place[negatives] = np.arange(negatives.size)
        columns = self.place[self.seen[np.repeat(starts, counts) + inside]]
        self.place[negatives] = -1
        hit = columns >= 0
        return np.stack([rows[hit], columns[hit]])
