"""Ranking metrics over the whole catalogue, per user and averaged.

The protocol of the field: every item is a candidate, the user's training items are masked, and only
those (a validation item may be recommended when testing, as in the public codes that these numbers
are compared with). NDCG divides by the ideal over min(relevant, k). A user with held-out items always
counts, also one for whom the model predicts nothing. Equal scores are ordered by item id.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.errors import DatasetError, TrainingError
from causalrec.evaluation.beyond import catalogue_metrics
from causalrec.evaluation.topk import top_k

Doubles = npt.NDArray[np.float64]
Score = Callable[[Ints], Floats]
Split = Literal["valid", "test"]


@dataclass(frozen=True)
class RankedUsers:
    """The ranking of every user who has held-out items.

    Attributes:
        users: int32 (M,), ascending.
        relevant: int32 (M,) number of held-out items.
        lists: int32 (M, K) items best first; -1 where the model has no prediction left.
        scores: float32 (M, K) of the listed items, -inf where there is none.
        hits: bool (M, K) whether that item is held out.
        metrics: ``recall@k``, ``ndcg@k``, ``mrr@k``, ``hit@k`` -> float64 (M,).
    """

    users: Ints
    relevant: Ints
    lists: Ints
    scores: Floats
    hits: npt.NDArray[np.bool_]
    metrics: dict[str, Doubles]


def rank_metrics(
    score: Score, data: Interactions, split: Split, ks: Sequence[int] = (10, 20), batch: int = 1024
) -> dict[str, float]:
    """Averages over users of :func:`rank_per_user`, and what the lists do to the catalogue.

    Keys: ``recall@k``, ``ndcg@k``, ``mrr@k``, ``hit@k``, ``coverage@k``, ``gini@k``, ``popularity_lift@k``.
    Does not depend on ``batch``, on the order of pairs, nor (scores without ties) on the numbering of ids.

    Raises:
        DatasetError: the split is empty.
        TrainingError: a score is NaN or has the wrong shape.
    """
    return averages(rank_per_user(score, data, split, ks, batch), data, ks)


def averages(ranked: RankedUsers, data: Interactions, ks: Sequence[int]) -> dict[str, float]:
    """Means over users, and what the lists do to the catalogue, at each cut-off."""
    found = {name: float(values.mean()) for name, values in ranked.metrics.items()}
    for k in ks:
        found |= catalogue_metrics(ranked.users, ranked.lists[:, :k], data, k)
    return found


def rank_per_user(
    score: Score, data: Interactions, split: Split, ks: Sequence[int] = (10, 20), batch: int = 1024
) -> RankedUsers:
    """Ranks the catalogue for every user of ``split``; see the module for the protocol.

    Args:
        score: user ids (B,) -> scores (B, N), higher is better; -inf means "no prediction".
        ks: cut-offs; the lists have max(ks) columns (fewer where the catalogue is smaller).
        batch: users scored at once; memory is batch x N floats.
    """
    users = ranked_users(data, split)
    depth = min(max(ks), data.n_items)
    lists = np.empty((users.size, depth), dtype=np.int32)
    best = np.empty((users.size, depth), dtype=np.float32)
    for rows, scores in _masked_scores(score, data, users, batch):
        lists[rows] = top_k(scores, depth)
        best[rows] = np.take_along_axis(scores, lists[rows], axis=1)
    return judged(data, split, users, lists, best, ks)


def ranked_users(data: Interactions, split: Split) -> Ints:
    """int32 (M,): everybody with held-out items, ascending.

    Raises:
        DatasetError: the split is empty.
    """
    pairs = data.valid if split == "valid" else data.test
    if pairs.shape[1] == 0:
        raise DatasetError(f"the {split} split has no pairs", do="use a dataset that has this split")
    return np.unique(pairs[0]).astype(np.int32)


def judged(
    data: Interactions, split: Split, users: Ints, lists: Ints, scores: Floats, ks: Sequence[int]
) -> RankedUsers:
    """Compares ``lists`` (M, K) of ``users`` (M,) with what is held out; -inf marks "no prediction"."""
    lists = np.where(np.isneginf(scores), np.int32(-1), lists)
    truth = heldout_matrix(data, split)
    hits = _hits(truth, users, lists)
    relevant = np.diff(truth.indptr)[users].astype(np.int32)
    return RankedUsers(users, relevant, lists, scores, hits, _per_user(hits, relevant, ks))


def heldout_matrix(data: Interactions, split: Split) -> sp.csr_matrix:
    """Boolean CSR (U, N) of the held-out pairs, duplicates merged."""
    pairs = data.valid if split == "valid" else data.test
    ones = np.ones(pairs.shape[1], dtype=np.bool_)
    matrix = sp.csr_matrix((ones, (pairs[0], pairs[1])), shape=(data.n_users, data.n_items))
    matrix.sort_indices()
    return matrix


def _masked_scores(
    score: Score, data: Interactions, users: Ints, batch: int
) -> Iterator[tuple[slice, Floats]]:
    """Scores of ``users`` batch by batch with their training items at -inf."""
    seen = data.train_matrix()
    for start in range(0, users.size, batch):
        rows = slice(start, min(start + batch, users.size))
        block = users[rows]
        scores = np.array(score(block), dtype=np.float32)
        if scores.shape != (block.size, data.n_items):
            raise TrainingError(
                f"scores have shape {scores.shape}, expected {(block.size, data.n_items)}",
                do="return one score per user and item",
            )
        if np.isnan(scores).any():
            raise TrainingError("scores contain NaN", do="check the features and the learning rate")
        mine = seen[block]
        scores[np.repeat(np.arange(block.size), np.diff(mine.indptr)), mine.indices] = -np.inf
        yield rows, scores


def _hits(truth: sp.csr_matrix, users: Ints, lists: Ints) -> npt.NDArray[np.bool_]:
    """Whether each listed item is held out, by one binary search over sorted (user, item) keys."""
    n_items = truth.shape[1]
    owners = np.repeat(np.arange(truth.shape[0], dtype=np.int64), np.diff(truth.indptr))
    keys = owners * n_items + truth.indices
    wanted = users.astype(np.int64)[:, None] * n_items + lists
    found = keys[np.minimum(np.searchsorted(keys, wanted), keys.size - 1)] == wanted
    hits: npt.NDArray[np.bool_] = found & (lists >= 0)
    return hits


def _per_user(hits: npt.NDArray[np.bool_], relevant: Ints, ks: Sequence[int]) -> dict[str, Doubles]:
    discount = 1.0 / np.log2(np.arange(2, hits.shape[1] + 2))
    metrics: dict[str, Doubles] = {}
    for k in ks:
        top = hits[:, :k]
        gain = discount[: top.shape[1]]
        ideal = np.take(np.cumsum(1.0 / np.log2(np.arange(2, k + 2))), np.minimum(relevant, k) - 1)
        first = np.where(top.any(axis=1), top.argmax(axis=1) + 1, np.inf)
        metrics[f"recall@{k}"] = top.sum(axis=1) / relevant
        metrics[f"ndcg@{k}"] = (top * gain).sum(axis=1) / ideal
        metrics[f"mrr@{k}"] = np.asarray(1.0 / first)
        metrics[f"hit@{k}"] = np.asarray(top.any(axis=1), dtype=np.float64)
    return metrics
