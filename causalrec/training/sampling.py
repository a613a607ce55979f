"""Batches of training pairs and their negatives, without a loop over rows.

Every epoch draws from its own generator (seed, epoch), so a resumed run sees the same batches.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Interactions, Ints

Longs = npt.NDArray[np.int64]

RADIX_SORTED = 2**16  # numpy sorts 16-bit numbers in linear time


@dataclass(frozen=True)
class Batch:
    """Pairs and the negatives that they share.

    Attributes:
        users, items: int32 (B,).
        negatives: int32 (K,), distinct items.
        clash: int64 (2, m), ordered by row: row b and column k where negative k is a training item of user b.
        share: weight of these rows in the mean over the ranks' rows of the same batch.
    """

    users: Ints
    items: Ints
    negatives: Ints
    clash: Longs
    share: float = 1.0


class PairSampler:
    """Shuffled training pairs with uniform negatives shared inside a batch, drawn without repetition.

    Args:
        part: (rank, ranks): of each batch only the rows of this rank are given out; the negatives are shared.
    """

    def __init__(
        self, data: Interactions, batch: int, negatives: int, seed: int, part: tuple[int, int] = (0, 1)
    ) -> None:
        self.pairs = data.train
        matrix = data.train_matrix().tocsc()
        self.starts, self.owners = matrix.indptr.astype(np.int64), matrix.indices
        self.asked = np.zeros((2, data.n_users), dtype=np.int64)
        self.n_items = data.n_items
        self.batch = batch
        self.negatives = min(negatives, data.n_items)
        self.seed = seed
        self.rank, self.ranks = part

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch; of a batch with fewer rows than ranks every rank takes all."""
        rng = np.random.default_rng([self.seed, number])
        order = rng.permutation(self.pairs.shape[1])
        for first in range(0, order.size, self.batch):
            whole = order[first : first + self.batch]
            rows = whole[self.rank :: self.ranks] if whole.size >= self.ranks else whole
            share = rows.size / whole.size if rows.size < whole.size else 1 / self.ranks
            users, items = self.pairs[0][rows], self.pairs[1][rows]
            drawn = rng.choice(self.n_items, self.negatives, replace=False).astype(np.int32)
            yield Batch(users, items, drawn, self._clash(users, drawn), share)

    def _clash(self, users: Ints, negatives: Ints) -> Longs:
        """Finds negatives among the users' training items; validation and test items are never looked at.

        Goes through the owners of the negatives: uniform items have far fewer than active users have items.
        """
        order = np.argsort(users, kind="stable")
        distinct, first, count = np.unique(users[order], return_index=True, return_counts=True)
        owned = self.starts[negatives + 1] - self.starts[negatives]
        owner = self.owners[_ranges(self.starts[negatives], owned)]
        self.asked[:, distinct] = first, count
        first, count = self.asked[:, owner]
        self.asked[1, distinct] = 0
        rows = order[_ranges(first, count)]
        columns = np.repeat(np.repeat(np.arange(negatives.size), owned), count)
        short = np.uint16 if users.size <= RADIX_SORTED else np.int64
        by_row = np.argsort(rows.astype(short), kind="stable")
        return np.stack([rows[by_row], columns[by_row]])


def _ranges(starts: Longs, counts: Longs) -> Longs:
    """start, start + 1, ... (count of them) for every start, one after the other."""
    ends = np.cumsum(counts)
    return np.asarray(np.arange(ends[-1] if ends.size else 0) + np.repeat(starts - ends + counts, counts))
