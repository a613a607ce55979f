"""Whose lists are asked for, cut into blocks of users that are ranked together."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Ints
from causalrec.dataset.ties import keys_of
from causalrec.ranking.histories import Histories
from causalrec.ranking.listing import Chance
from causalrec.ranking.slots import uniforms
from causalrec.ranking.ties import Ties
from causalrec.ranking.topk import Indices


@dataclass(frozen=True)
class Block:
    """Some of the users.

    Attributes:
        offset: number of the first one among all.
        rows: (B,) in the model, -1 for unknown users.
        past: items that they have.
        k: items of a list.
        chance: their random places; None fills all by taste.
        ties: order of items of equal score.
        hidden: keys of what they must not get.
    """

    offset: int
    rows: Ints
    past: Histories
    k: int
    chance: Chance | None
    ties: Ties
    hidden: Indices | None


@dataclass(frozen=True)
class Asked:
    """What an engine is asked.

    Items of equal score are ordered by a hash of user and item; give ``ids``, since rows differ between
    models. With a ``seed`` as well, the places for exploration and new items are drawn by a hash of user and
    seed; without one, all places are filled by taste.

    Attributes:
        rows: (B,) in the model, -1 for unknown users.
        past: items that they have.
        k: items of a list.
        ids: (B,) of the users.
        hidden: items that users must not get, in the order of ``past``.
    """

    rows: Ints
    past: Histories
    k: int
    ids: npt.NDArray[np.object_] | None = None
    seed: str | None = None
    hidden: Histories | None = None

    def blocks(self, step: int, item_keys: npt.NDArray[np.uint64]) -> Iterator[Block]:
        """Blocks of ``step`` users, in order; ``item_keys`` (N,) are hashes of the items of a catalogue."""
        for start in range(0, self.rows.size, step):
            stop = min(start + step, self.rows.size)
            ids = None if self.ids is None else self.ids[start:stop]
            chance = None if ids is None or self.seed is None else partial(uniforms, ids, self.seed)
            rows = self.rows[start:stop]
            keys = rows.astype(np.uint64) if ids is None else keys_of(ids)
            never = None if self.hidden is None else _keys(self.hidden.block(start, stop), item_keys.size)
            past = self.past.block(start, stop)
            yield Block(start, rows, past, self.k, chance, Ties(keys, item_keys), never)


def _keys(of: Histories, n_items: int) -> Indices:
    owners, items = of.pairs()
    return np.unique(owners * n_items + items)
