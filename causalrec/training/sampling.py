"""Batches of training pairs and their negatives, without a loop over rows.

Every epoch draws from its own generator (seed, epoch), so a resumed run sees the same batches.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Interactions, Ints
from causalrec.training.exposed import PassedOver

Longs = npt.NDArray[np.int64]

RADIX_SORTED = 2**16  # numpy sorts 16-bit numbers in linear time


@dataclass(frozen=True)
class Batch:
    """Pairs and the negatives that they share.

    Attributes:
        users: int32 (D,), the distinct users.
        owners: int64 (B,), ascending: the place of each pair's user among them.
        items: int32 (B,).
        negatives: int32 (K,), distinct items.
        clash: int64 (2, m), ordered by user: (place of the) user and negative that is one of their
            training items.
        turn: int64 (B,), the position of each pair before grouping by user.
        share: weight of these rows in the mean over the ranks' rows of the same batch.
        passed: int32 (B,), an item that the user of each pair was shown and passed over, -1 if none; None if
            that was not logged.
    """

    users: Ints
    owners: Longs
    items: Ints
    negatives: Ints
    clash: Longs
    turn: Longs
    share: float = 1.0
    passed: Ints | None = None


class PairSampler:
    """Shuffled training pairs with uniform negatives shared within a batch, drawn without repetition.

    Args:
        part: (rank, ranks): only this rank's rows of each batch are returned; the negatives are shared.
    """

    def __init__(
        self, data: Interactions, batch: int, negatives: int, seed: int, part: tuple[int, int] = (0, 1)
    ) -> None:
        self.pairs = data.train
        matrix = data.train_matrix().tocsc()
        self.starts, self.owners = matrix.indptr.astype(np.int64), matrix.indices
        self.place = np.full(data.n_users, -1, dtype=np.int64)
        self.n_items = data.n_items
        self.batch = batch
        self.negatives = min(negatives, data.n_items)
        self.seed = seed
        self.rank, self.ranks = part
        known = data.passed is not None and data.passed.size > 0
        self.passed = PassedOver(data.passed, data.n_users) if known and data.passed is not None else None

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch; of a batch with fewer rows than ranks every rank takes all."""
        rng = np.random.default_rng([self.seed, number])
        order = rng.permutation(self.pairs.shape[1])
        for first in range(0, order.size, self.batch):
            whole = order[first : first + self.batch]
            mine = slice(self.rank, None, self.ranks) if whole.size >= self.ranks else slice(None)
            rows = whole[mine]
            share = rows.size / whole.size if rows.size < whole.size else 1 / self.ranks
            users, owners, turn = self._by_user(rows)
            rows = rows[turn]
            drawn = rng.choice(self.n_items, self.negatives, replace=False).astype(np.int32)
            clash = self._clash(users, drawn)
            # drawn for the whole batch, so that the ranks' generators stay in step
            seen = None if self.passed is None else self.passed.draw(self.pairs[0][whole], rng)[mine][turn]
            yield Batch(users, owners, self.pairs[1][rows], drawn, clash, turn, share, seen)

    def _by_user(self, rows: Longs) -> tuple[Ints, Longs, Longs]:
        """Users in order of first occurrence, the owner of each pair, and its position in ``rows``."""
        distinct, first, inverse = np.unique(self.pairs[0][rows], return_index=True, return_inverse=True)
        order = np.argsort(first)
        place = np.empty_like(order)
        place[order] = np.arange(order.size)
        by_user = np.argsort(place[inverse], kind="stable")
        return distinct[order], place[inverse][by_user], by_user

    def _clash(self, users: Ints, negatives: Ints) -> Longs:
        """Finds negatives among the users' training items; validation and test items are never used.

        Iterates over the users of each negative: uniform items have far fewer users than active users have
            items.
        """
        owned = self.starts[negatives + 1] - self.starts[negatives]
        owner = self.owners[_ranges(self.starts[negatives], owned)]
        self.place[users] = np.arange(users.size)
        rows = self.place[owner]
        self.place[users] = -1
        hit = rows >= 0
        rows, columns = rows[hit], np.repeat(np.arange(negatives.size), owned)[hit]
        short = np.uint16 if users.size <= RADIX_SORTED else np.int64
        by_user = np.argsort(rows.astype(short), kind="stable")
        return np.stack([rows[by_user], columns[by_user]])


def _ranges(starts: Longs, counts: Longs) -> Longs:
    """start, start + 1, ... (count values) for every start, concatenated."""
    ends = np.cumsum(counts)
    return np.asarray(np.arange(ends[-1] if ends.size else 0) + np.repeat(starts - ends + counts, counts))
