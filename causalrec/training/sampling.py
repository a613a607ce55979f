"""Batches of training pairs and their negatives, without a loop over rows.

Every epoch draws from its own generator (seed, epoch), so a resumed run sees the same batches.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from causalrec.dataset.arrays import Interactions, Ints


@dataclass(frozen=True)
class Batch:
    """Pairs (B,), shared negatives (K,) and ``clash`` (B, K): the negative is a training item of the user."""

    users: Ints
    items: Ints
    negatives: Ints
    clash: npt.NDArray[np.bool_]


class PairSampler:
    """Shuffled training pairs with uniform negatives shared inside a batch, drawn without repetition."""

    def __init__(self, data: Interactions, batch: int, negatives: int, seed: int) -> None:
        self.pairs = data.train
        self.matrix: sp.csr_matrix = data.train_matrix()
        self.n_items = data.n_items
        self.batch = batch
        self.negatives = min(negatives, data.n_items)
        self.seed = seed

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch."""
        rng = np.random.default_rng([self.seed, number])
        order = rng.permutation(self.pairs.shape[1])
        for first in range(0, order.size, self.batch):
            rows = order[first : first + self.batch]
            users, items = self.pairs[0][rows], self.pairs[1][rows]
            drawn = rng.choice(self.n_items, self.negatives, replace=False).astype(np.int32)
            yield Batch(users, items, drawn, self._clash(users, drawn))

    def _clash(self, users: Ints, negatives: Ints) -> npt.NDArray[np.bool_]:
        """Marks negatives among the users' training items; validation and test items are never looked at."""
        place = np.full(self.n_items, -1, dtype=np.int64)
        place[negatives] = np.arange(negatives.size)
        mine = self.matrix[users]
        rows = np.repeat(np.arange(users.size), np.diff(mine.indptr))
        columns = place[mine.indices]
        clash = np.zeros((users.size, negatives.size), dtype=np.bool_)
        clash[rows[columns >= 0], columns[columns >= 0]] = True
        return clash
