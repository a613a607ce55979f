"""The order of items with equal scores for a user."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.dataset.ties import Keys, keys_of, numbered, tie_breakers

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Ties:
    """Keys of the users (B,) and items (N,) of a block of scores; see :mod:`causalrec.dataset.ties`."""

    users: Keys
    items: Keys

    @staticmethod
    def numbered(n_users: int, n_items: int) -> "Ties":
        """For users and items given by number."""
        return Ties(numbered(n_users), numbered(n_items))

    @staticmethod
    def of(user_ids: npt.NDArray[np.object_], item_ids: npt.NDArray[np.object_]) -> "Ties":
        """For users and items given by id."""
        return Ties(keys_of(user_ids), keys_of(item_ids))

    def take(self, users: Places, items: Places) -> "Ties":
        """The keys of some users and items."""
        return Ties(self.users[users], self.items[items])

    def order(self, rows: Places, columns: Places, scores: npt.NDArray[np.float32]) -> Places:
        """Positions (m,) that sort pairs by row, then by falling score, then at random."""
        chance = tie_breakers(self.users[rows], self.items[columns])
        found: Places = np.lexsort((chance, -scores, rows))
        return found
