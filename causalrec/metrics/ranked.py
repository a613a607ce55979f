"""Ranked lists and their metrics: recall, NDCG, MRR and hit rate, per user and averaged."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.metrics.beyond import catalogue_metrics

Doubles = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]


@dataclass(frozen=True)
class RankedUsers:
    """The ranking of every user who has held-out items.

    Attributes:
        users: int32 (M,), ascending.
        relevant: int32 (M,) number of held-out items.
        lists: int32 (M, K) items, best first; -1 if the model has no prediction left.
        scores: float32 (M, K) of the listed items, -inf if there is none.
        hits: bool (M, K) whether that item is held out.
        metrics: ``recall@k``, ``ndcg@k``, ``mrr@k``, ``hit@k`` -> float64 (M,).
    """

    users: Ints
    relevant: Ints
    lists: Ints
    scores: Floats
    hits: npt.NDArray[np.bool_]
    metrics: dict[str, Doubles]


def judged(
    pairs: Ints, n_items: int, users: Ints, lists: Ints, scores: Floats, ks: Sequence[int]
) -> RankedUsers:
    """Compares ``lists`` (M, K) of ``users`` (M,), ascending, with what is held out.

    Args:
        pairs: int32 (2, n) held-out pairs of exactly these users; duplicates count once.
        scores: float32 (M, K) of the listed items; -inf marks "no prediction".
    """
    lists = np.where(np.isneginf(scores), np.int32(-1), lists)
    keys = np.unique(pairs[0].astype(np.int64) * n_items + pairs[1])
    relevant = np.unique(keys // n_items, return_counts=True)[1].astype(np.int32)
    hits = _hits(keys, n_items, users, lists)
    return RankedUsers(users, relevant, lists, scores, hits, _per_user(hits, relevant, ks))


def averages(ranked: RankedUsers, data: Interactions, ks: Sequence[int]) -> dict[str, float]:
    """Means over users, and catalogue metrics of the lists, at each cut-off."""
    found = {name: float(values.mean()) for name, values in ranked.metrics.items()}
    for k in ks:
        found |= catalogue_metrics(ranked.users, ranked.lists[:, :k], data, k)
    return found


def _hits(keys: Longs, n_items: int, users: Ints, lists: Ints) -> npt.NDArray[np.bool_]:
    """Whether each listed item is held out, by one binary search over sorted (user, item) keys."""
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
