"""Ranking metrics over the whole catalogue, per user and averaged.

The protocol of the field: every item is a candidate, the user's training items are masked, and only
those (a validation item may be recommended when testing, as in the public code bases that these numbers are
compared with). NDCG divides by the ideal over min(relevant, k). Every user with held-out items counts, even
if the model predicts nothing for them. Equal scores are ordered at random, by a fixed hash of user and item,
so that a model without an opinion scores at chance level.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import numpy as np

from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.errors import DatasetError, TrainingError
from causalrec.metrics.ranked import RankedUsers, averages, judged
from causalrec.metrics.topk import top_k

Score = Callable[[Ints], Floats]
Split = Literal["valid", "test"]


def rank_metrics(
    score: Score, data: Interactions, split: Split, ks: Sequence[int] = (10, 20), batch: int = 1024
) -> dict[str, float]:
    """Averages over users of :func:`rank_per_user`, and catalogue metrics of the lists.

    Keys: ``recall@k``, ``ndcg@k``, ``mrr@k``, ``hit@k``, ``coverage@k``, ``gini@k``, ``popularity_lift@k``.
    Does not depend on ``batch``, on the order of pairs, nor (scores without ties) on the numbering of ids.

    Raises:
        DatasetError: the split is empty.
        TrainingError: a score is NaN or has the wrong shape.
    """
    return averages(rank_per_user(score, data, split, ks, batch), data, ks)


def rank_per_user(
    score: Score, data: Interactions, split: Split, ks: Sequence[int] = (10, 20), batch: int = 1024
) -> RankedUsers:
    """Ranks the catalogue for every user of ``split``; see the module for the protocol.

    Args:
        score: user ids (B,) -> scores (B, N), higher is better; -inf means "no prediction".
        ks: cut-offs; the lists have max(ks) columns (fewer if the catalogue is smaller).
        batch: users scored at once; memory is batch x N floats.
    """
    pairs = heldout_pairs(data, split)
    users = np.unique(pairs[0]).astype(np.int32)
    depth = min(max(ks), data.n_items)
    lists = np.empty((users.size, depth), dtype=np.int32)
    best = np.empty((users.size, depth), dtype=np.float32)
    for rows, scores in masked_scores(score, data, users, batch):
        lists[rows] = top_k(scores, depth, users[rows])
        best[rows] = np.take_along_axis(scores, lists[rows], axis=1)
    return judged(pairs, data.n_items, users, lists, best, ks)


def heldout_pairs(data: Interactions, split: Split) -> Ints:
    """int32 (2, n), not empty.

    Raises:
        DatasetError: the split is empty.
    """
    pairs = data.valid if split == "valid" else data.test
    if pairs.shape[1] == 0:
        raise DatasetError(f"the {split} split has no pairs", do="use a dataset that has this split")
    return pairs


def masked_scores(
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
