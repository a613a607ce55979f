"""Pairs that must not be recommended, as sorted keys ``user * N + item``; and subsets of the catalogue."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from causalrec.ranking.topk import Indices

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Subset:
    """Some positions of a catalogue of ``size`` items, ascending."""

    positions: Indices
    size: int

    @staticmethod
    def where(mask: Bools) -> "Subset":
        """The items that ``mask`` (N,) names."""
        return Subset(np.flatnonzero(mask), mask.size)

    @property
    def whole(self) -> bool:
        """Whether it is the whole catalogue."""
        return self.positions.size == self.size

    @cached_property
    def places(self) -> Indices:
        """(N,) place of each item in the subset, -1 outside."""
        places = np.full(self.size, -1)
        places[self.positions] = np.arange(self.positions.size)
        return places

    def masked(self, keys: Indices) -> Indices:
        """Keys of the catalogue as keys of the subset."""
        if self.whole:
            return keys
        owners, items = np.divmod(keys, max(self.size, 1))
        place = self.places[items]
        return (owners * self.positions.size + place)[place >= 0]


def of_users(keys: Indices, users: Indices, n_users: int, n_items: int) -> Indices:
    """The keys of the given users (ascending), numbered by their place in ``users``."""
    if users.size == n_users:
        return keys
    place = np.full(n_users, -1)
    place[users] = np.arange(users.size)
    owners, items = np.divmod(keys, max(n_items, 1))
    mine = place[owners]
    return (mine * n_items + items)[mine >= 0]


def joined(keys: Indices, items: Indices, n_items: int) -> Indices:
    """``keys`` and one more item per user; -1 adds none."""
    more = np.flatnonzero(items >= 0)
    return np.union1d(keys, more * n_items + items[more]) if more.size else keys


def counts(keys: Indices, n_users: int, n_items: int) -> Indices:
    """Masked items per user (n_users,)."""
    return np.bincount(keys // max(n_items, 1), minlength=n_users)


def contains(keys: Indices, pairs: Indices) -> Bools:
    """Whether each of ``pairs`` is one of the sorted ``keys``."""
    if keys.size == 0:
        return np.zeros(pairs.shape, dtype=np.bool_)
    found: Bools = keys[np.minimum(np.searchsorted(keys, pairs), keys.size - 1)] == pairs
    return found
