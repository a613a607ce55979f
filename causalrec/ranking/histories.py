"""The choices of users so far, as one CSR over catalogue positions."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Histories:
    """``items[indptr[u]:indptr[u + 1]]`` are the catalogue positions of user u, latest first."""

    indptr: Indices
    items: Indices

    @property
    def lengths(self) -> Indices:
        """Items per user (B,)."""
        return np.diff(self.indptr)

    def pairs(self) -> tuple[Indices, Indices]:
        """(user, item) of every entry."""
        return np.repeat(np.arange(self.lengths.size), self.lengths), self.items

    def of(self, user: int) -> Indices:
        """Positions of one user."""
        return self.items[self.indptr[user] : self.indptr[user + 1]]

    def block(self, start: int, stop: int) -> "Histories":
        """Users ``start`` to ``stop``."""
        first, last = self.indptr[start], self.indptr[stop]
        return Histories(self.indptr[start : stop + 1] - first, self.items[first:last])

    def take(self, users: Indices) -> "Histories":
        """Those of some users (b,); empty for user -1."""
        known = users >= 0
        starts = np.where(known, self.indptr[np.maximum(users, 0)], 0)
        lengths = np.where(known, self.lengths[np.maximum(users, 0)] if self.lengths.size else 0, 0)
        ends = np.cumsum(lengths)
        within = np.arange(int(lengths.sum())) - np.repeat(ends - lengths, lengths)
        items = self.items[np.repeat(starts, lengths) + within]
        return Histories(np.concatenate([[0], ends]).astype(np.int64), items)

    def padded(self, width: int) -> Indices:
        """(B, <= width) latest positions per user; -1 fills up."""
        width = min(width, int(self.lengths.max(initial=0)))
        place = self.indptr[:-1, None] + np.arange(width)
        inside = np.arange(width) < self.lengths[:, None]
        if self.items.size == 0:
            return np.full(place.shape, -1)
        found: Indices = np.where(inside, self.items[np.minimum(place, self.items.size - 1)], -1)
        return found


def from_ids(lists: pa.Array, ids: pa.Array) -> Histories:
    """Histories from lists of item ids; items outside the catalogue ``ids`` are dropped."""
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    places = pc.fill_null(pc.index_in(pc.list_flatten(lists), value_set=ids), -1)
    return from_positions(lengths, places.to_numpy(zero_copy_only=False).astype(np.int64))


def from_pairs(users: npt.NDArray[Any], items: npt.NDArray[Any], n_users: int) -> Histories:
    """Histories of ``n_users`` users from pairs in any order; negative items (unknown ones) are dropped."""
    known = items >= 0
    order = np.lexsort((items[known], users[known]))
    counts = np.bincount(users[known], minlength=n_users)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Histories(starts, items[known][order].astype(np.int64))


def from_positions(lengths: Indices, positions: Indices) -> Histories:
    """Histories from concatenated catalogue positions; negative ones (unknown items) are dropped."""
    owners = np.repeat(np.arange(lengths.size), lengths)
    known = positions >= 0
    counts = np.bincount(owners[known], minlength=lengths.size)
    return Histories(np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), positions[known])
