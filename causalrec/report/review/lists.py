"""Lists of two rankings for a fixed sample of users, and how far the adjustment moves each item."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.metrics.ranking import Score, masked_scores
from causalrec.metrics.topk import top_k
from causalrec.report.review.facts import Reviewed

BATCH = 1_024  # users scored at a time


@dataclass(frozen=True)
class SampledLists:
    """Lists of the sampled users; -1 if a ranking has nothing left.

    Attributes:
        users: int32 (M,), ascending.
        mine, theirs: int32 (M, k) of the challenger and of its opponent.
        raw: int32 (M, k) of the raw model stored with the challenger; None if there is none.
        shift: float64 (N,) how far an item's score is above the raw model's on average over users, in
            standard deviations of a user's scores; zeros without a raw model.
    """

    users: Ints
    mine: Ints
    theirs: Ints
    raw: Ints | None
    shift: npt.NDArray[np.float64]

    def counts(self, lists: Ints, n_items: int) -> npt.NDArray[np.int64]:
        """How many of the lists hold each item, (N,)."""
        return np.bincount(lists[lists >= 0], minlength=n_items)


def raw_scores(reviewed: Reviewed) -> Score | None:
    """Scores of the raw model of the same data; None if the challenger has none."""
    tables = reviewed.tables
    if tables is None or tables.raw_users is None or tables.raw_items is None:
        return None
    states, items = tables.raw_users, tables.raw_items
    return lambda users: np.asarray(states[users] @ items.T, dtype=np.float32)


def ranked_lists(reviewed: Reviewed, k: int, most_users: int) -> SampledLists:
    """Lists of ``k`` new items for at most ``most_users`` users with a history."""
    data = reviewed.dataset.data
    users = sampled(reviewed, most_users)
    known = seen_masked(reviewed)
    score, raw, shift = raw_scores(reviewed), None, np.zeros(data.n_items)
    if score is not None:
        raw = _lists(score, known, users, k)
        shift = _shift(reviewed.challenger.score, score, users, data.n_items)
    mine, theirs = (_lists(side.score, known, users, k) for side in (reviewed.challenger, reviewed.opponent))
    return SampledLists(users, mine, theirs, raw, shift)


def sampled(reviewed: Reviewed, most: int) -> Ints:
    """Users with training pairs, chosen by a hash of their ids, so that two reviews use the same ones."""
    rows = np.unique(reviewed.dataset.data.train[0])
    order = np.argsort(pd.util.hash_array(reviewed.dataset.user_ids[rows].astype(object)), kind="stable")
    return np.sort(rows[order[:most]]).astype(np.int32)


def seen_masked(reviewed: Reviewed) -> Interactions:
    """The data with every positive pair as a training pair, so that none of them is recommended."""
    return replace(
        reviewed.dataset.data, train=reviewed.dataset.seen, weights=None, propensity=None, times=None
    )


def _lists(score: Score, known: Interactions, users: Ints, k: int) -> Ints:
    lists = np.empty((users.size, min(k, known.n_items)), dtype=np.int32)
    for rows, scores in masked_scores(score, known, users, BATCH):
        best = top_k(scores, k, users[rows])
        lists[rows] = np.where(np.isfinite(np.take_along_axis(scores, best, axis=1)), best, np.int32(-1))
    return lists


def _shift(adjusted: Score, raw: Score, users: Ints, n_items: int) -> npt.NDArray[np.float64]:
    """Per item the mean over users of (adjusted - raw) standardised score."""
    total = np.zeros(n_items)
    for start in range(0, users.size, BATCH):
        block = users[start : start + BATCH]
        total += (_standard(adjusted(block)) - _standard(raw(block))).sum(axis=0)
    return np.asarray(total / max(users.size, 1))


def _standard(scores: Floats) -> npt.NDArray[np.float64]:
    wide = scores.astype(np.float64)
    spread = wide.std(axis=1, keepdims=True)
    return np.asarray((wide - wide.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1.0))
