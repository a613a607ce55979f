"""Team draft: one list of two rankings, which take turns in choosing the next item.

Radlinski, Kurup and Joachims, How Does Clickthrough Data Reflect Retrieval Quality? (2008). In every round a
coin says who chooses first, and each chooses its best item that the list does not have yet. So both rankings
have the same chance of every place, whatever people do with places.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.ranking.rerank import NOTHING, Cap
from causalrec.ranking.topk import Indices

Bools = npt.NDArray[np.bool_]
CONTROL, RIVAL = 0, 1


@dataclass(frozen=True)
class Drafted:
    """What was chosen, in order; (B, k) each.

    Attributes:
        items: -1 at the end of a list that is not full.
        sides: 0 where the first ranking chose, 1 where the second did.
    """

    items: Indices
    sides: Indices


def draft(
    rankings: tuple[Indices, Indices],
    coins: Bools,
    room: Indices,
    caps: Sequence[Cap] = (),
    there: Indices | None = None,
) -> Drafted:
    """One list per user out of two rankings. A ranking that has nothing left gives its turn to the other.

    Args:
        rankings: items (B, P) and (B, Q), best first, -1 at the end.
        coins: (B, k) whether the second ranking chooses first in each round.
        room: (B,) places to fill.
        caps: which the whole list keeps.
        there: (B, D) items that lists have elsewhere, -1 for none; they count for the caps.
    """
    sides = [_Side.of(items, caps, there) for items in rankings]
    rows, (n_users, k) = np.arange(room.size), coins.shape
    teams = np.zeros((2, n_users), dtype=np.int64)
    items, owners = np.full((n_users, k), NOTHING), np.zeros((n_users, k), dtype=np.int64)
    for place in range(k):
        level = teams[CONTROL] == teams[RIVAL]
        first = coins[rows, np.minimum(teams[CONTROL], k - 1)]
        turn = np.where(level, first, teams[RIVAL] < teams[CONTROL])
        best = np.stack([side.best() for side in sides])
        turn = np.where(best[turn.astype(np.int64), rows] != NOTHING, turn, ~turn).astype(np.int64)
        pick = np.where(place < room, best[turn, rows], NOTHING)
        found = pick != NOTHING
        items[:, place], owners[:, place] = pick, np.where(found, turn, CONTROL)
        teams[turn[found], rows[found]] += 1
        for side in sides:
            side.without(pick)
    return Drafted(items, owners)


@dataclass
class _Side:
    """One ranking, and what of it may still be chosen (B, P)."""

    items: Indices
    caps: Sequence[Cap]
    codes: list[npt.NDArray[np.int32]]
    used: list[npt.NDArray[np.int32]]
    free: Bools

    @staticmethod
    def of(items: Indices, caps: Sequence[Cap], there: Indices | None) -> "_Side":
        free = items != NOTHING
        codes = [np.where(free, cap.codes[items], NOTHING).astype(np.int32) for cap in caps]
        used = [np.zeros(items.shape, dtype=np.int32) for _ in caps]
        side = _Side(items, caps, codes, used, free)
        for one in () if there is None else there.T:  # a few places
            side.without(one)
        return side

    def best(self) -> Indices:
        """(B,) the next item, -1 where there is none."""
        if not self.items.shape[1]:
            return np.full(self.items.shape[0], NOTHING)
        place = self.free.argmax(axis=1)[:, None]
        found = np.take_along_axis(self.free, place, axis=1)
        return np.where(found, np.take_along_axis(self.items, place, axis=1), NOTHING)[:, 0]

    def without(self, chosen: Indices) -> None:
        """Takes items (B,) out, -1 for none, and whatever their caps rule out from now on."""
        has = (chosen != NOTHING)[:, None]
        self.free &= (self.items != chosen[:, None]) | ~has
        for cap, codes, used in zip(self.caps, self.codes, self.used, strict=True):
            code = np.where(has, cap.codes[chosen][:, None], NOTHING)
            used += (codes == code) & (code != NOTHING)
            self.free &= (used < cap.most) | (codes == NOTHING)
