"""The arrays that models train on and metrics read: integer ids, pairs and modality features."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]

ROWS = ("users", "items", "strata", "count", "propensity", "age")
"""Fields of :class:`Looks` with one value per row, beside ``reached``."""


@dataclass(frozen=True)
class Looks:
    """What people did when they looked: sufficient statistics, one row per user, item and stratum.

    A look is one impression, or a view where a shop logs no impressions; its outcome is the deepest response
    to the item in the same session. A stratum is a way of being shown: a policy and a band of positions.

    Attributes:
        users, items, strata: int32 (n,); (user, item, stratum) is unique.
        count: int32 (n,), looks, at least 1.
        reached: int32 (depths, n), looks whose response was at least as deep as ``depths[j]``; falls with j.
        propensity: float32 (n,), mean logged chance of being shown; NaN where none was logged.
        age: float32 (n,), mean days between the looks and the end of the run date.
        depths: names of the responses, shallow to deep.
        policy: per stratum its policy, "" where none was logged.
        position: float32 (S,), mean position of the looks of each stratum; NaN where none was logged.
        uniform: bool (S,), whether the stratum showed items uniformly at random.
        surge: bool (S,), whether the stratum's looks fall on days on which the item's brand was shown more
            than usual; None if that was not counted.
    """

    users: Ints
    items: Ints
    strata: Ints
    count: Ints
    reached: Ints
    propensity: Floats
    age: Floats
    depths: tuple[str, ...]
    policy: tuple[str, ...]
    position: Floats
    uniform: npt.NDArray[np.bool_]
    surge: npt.NDArray[np.bool_] | None = None

    def take(self, rows: npt.NDArray[np.bool_ | np.int64]) -> "Looks":
        """Selected ``rows``, as positions in their new order or as a mask (n,); strata keep their numbers."""
        chosen: dict[str, Any] = {name: getattr(self, name)[rows] for name in ROWS}
        return replace(self, reached=self.reached[:, rows], **chosen)

    def with_later(self, later: "Looks | None") -> "Looks":
        """These looks and ``later`` ones of the same strata and depths."""
        if later is None:
            return self
        rows: dict[str, Any] = {
            name: np.concatenate([getattr(self, name), getattr(later, name)]) for name in ROWS
        }
        return replace(self, reached=np.concatenate([self.reached, later.reached], axis=1), **rows).summed()

    def summed(self) -> "Looks":
        """One row per user, item and stratum, sorted by them: counts are summed, the rest is averaged."""
        stacked = np.stack([self.users, self.items, self.strata])
        keys, group = np.unique(stacked, axis=1, return_inverse=True)
        n, group = keys.shape[1], group.ravel()

        def mean(values: Floats) -> Floats:
            known = ~np.isnan(values)
            weight = np.bincount(group[known], self.count[known], n)
            total = np.bincount(group[known], (self.count * values)[known], n)
            found: Floats = np.where(weight > 0, total / np.maximum(weight, 1), np.nan).astype(np.float32)
            return found

        return replace(
            self, users=keys[0], items=keys[1], strata=keys[2],
            count=np.bincount(group, self.count, n).astype(np.int32),
            reached=np.stack([np.bincount(group, depth, n) for depth in self.reached]).astype(np.int32),
            propensity=mean(self.propensity), age=mean(self.age),
        )  # fmt: skip


@dataclass(frozen=True)
class Interactions:
    """Everything a recommender may learn from, and the held-out pairs it is judged on.

    Ids are positions only: their order has no meaning.

    Attributes:
        n_users: number of users U; user ids are 0..U-1.
        n_items: number of items N; item ids are 0..N-1.
        train: int32 (2, n) of user, item; unique pairs.
        valid: int32 (2, n), used for model selection; never trained on.
        test: int32 (2, n), evaluated once; empty if the bundle withholds it.
        modalities: name -> float32 (N, d). A missing row is all NaN.
        weights: float32 (n_train,) or None for all ones.
        times: int64 (n_train,), when each training pair first occurred, in any unit, or None if unknown. Code
            that changes the training pairs must select from it accordingly, or set it to None.
        propensity: float32 (n_train,), the logged chance that a training pair was exposed, or None.
        random_exposure: float32 (3, n) user, item, outcome under uniform exposure, or None.
        chosen_elsewhere: int32 (2, m), pairs of ``random_exposure`` that the user also chose where chance
            did not show them (such pairs never train), or None where nobody recorded it.
        passed: int32 (2, m), pairs that were shown and not chosen (an impression without a click, a low
            rating), or None if they were not logged. No pair of any split is among them: if a pair may be
        shown more than once, ``looks`` record what happened. looks: what people did when they looked,
        held-out pairs included (a model that is judged on them leaves their rows out), or None where neither
        impressions nor several depths of response were logged. With a temporal split, only looks of the
        training period. later_looks: the looks after it, of the same strata: used only by the final fit on
        everything, after evaluation. item_names: per item a human-readable name, or None. item_attributes:
        attribute name -> per-item value (names codes), possibly empty.
    """

    n_users: int
    n_items: int
    train: Ints
    valid: Ints
    test: Ints
    modalities: Mapping[str, Floats] = field(default_factory=dict)
    weights: Floats | None = None
    propensity: Floats | None = None
    random_exposure: Floats | None = None
    chosen_elsewhere: Ints | None = None
    passed: Ints | None = None
    looks: Looks | None = None
    later_looks: Looks | None = None
    times: npt.NDArray[np.int64] | None = None
    item_names: tuple[str, ...] | None = None
    item_attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def train_matrix(self) -> sp.csr_matrix:
        """Binary float32 CSR (U, N) of the training pairs."""
        ones = np.ones(self.train.shape[1], dtype=np.float32)
        shape = (self.n_users, self.n_items)
        return sp.csr_matrix((ones, (self.train[0], self.train[1])), shape=shape)


def pair_keys(pairs: Ints) -> npt.NDArray[np.int64]:
    """One number per column of ``pairs`` (2, n); equal numbers mean equal pairs."""
    return np.asarray(pairs[0].astype(np.int64) << 32 | pairs[1].astype(np.int64))


def unique_pairs(pairs: Ints) -> Ints:
    """Distinct columns of ``pairs`` (2, n), sorted by user and item."""
    keys = np.unique(pair_keys(pairs))
    return np.stack([keys >> 32, keys & 0xFFFFFFFF]).astype(np.int32)


def without(pairs: Ints, others: Ints) -> Ints:
    """The columns of ``pairs`` (2, n) that are not among ``others`` (2, m)."""
    return pairs[:, ~np.isin(pair_keys(pairs), pair_keys(others))]
