"""Exact ranking of a model of two tables on whatever device holds them, by the protocol of ``ranking``."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from causalrec.dataset.arrays import Interactions
from causalrec.errors import TrainingError
from causalrec.evaluation.ranked import RankedUsers, judged
from causalrec.evaluation.ranking import Split, heldout_pairs


def rank_tables(
    users: Tensor, items: Tensor, data: Interactions, split: Split, ks: Sequence[int], batch: int = 1024
) -> RankedUsers:
    """:func:`causalrec.evaluation.ranking.rank_per_user` for score(u, i) = <users[u], items[i]>.

    Scores are computed, masked and cut to the best on the device of the tables; only the lists leave it.

    Args:
        users: (U, d). items: (N, d).
        batch: users scored at once; memory is about 3 x batch x N floats.

    Raises:
        DatasetError: the split is empty.
        TrainingError: a score is NaN.
    """
    pairs = heldout_pairs(data, split)
    ids = np.unique(pairs[0]).astype(np.int32)
    matrix = data.train_matrix()
    starts = torch.from_numpy(matrix.indptr.astype(np.int64)).to(users.device)
    seen = torch.from_numpy(matrix.indices.astype(np.int64)).to(users.device)
    depth = min(max(ks), data.n_items)
    lists = np.empty((ids.size, depth), dtype=np.int32)
    best = np.empty((ids.size, depth), dtype=np.float32)
    for start in range(0, ids.size, batch):
        block = torch.from_numpy(ids[start : start + batch]).long().to(users.device)
        scores = (users[block] @ items.T).float()
        _mask(scores, block, starts, seen)
        values, columns = top_columns(scores, depth)
        lists[start : start + batch] = columns.int().cpu().numpy()
        best[start : start + batch] = values.cpu().numpy()
    if np.isnan(best).any():
        raise TrainingError("scores contain NaN", do="check the features and the learning rate")
    return judged(pairs, data.n_items, ids, lists, best, ks)


def top_columns(scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Values and columns (B, k) of the largest scores of each row, best first, equal ones by lower column.

    NaN counts as the largest. ``k`` is at most the number of columns.
    """
    values, columns = torch.topk(scores, min(k + 1, scores.shape[1]), dim=1)
    if columns.shape[1] > k:
        surplus = (values[:, k - 1] == values[:, k]) & ~torch.isneginf(values[:, k])
        columns = columns[:, :k].contiguous()
        rows = surplus.nonzero()[:, 0]
        if rows.numel():
            columns[rows] = _first_ties(scores[rows], values[rows, k - 1, None], k)
    columns = columns.sort(dim=1).values
    order = scores.gather(1, columns).sort(dim=1, descending=True, stable=True)
    return order.values, columns.gather(1, order.indices)


def _mask(scores: Tensor, block: Tensor, starts: Tensor, seen: Tensor) -> None:
    """Training items of the ``block`` of users get -inf."""
    first = starts[block]
    counts = starts[block + 1] - first
    rows = torch.repeat_interleave(torch.arange(block.numel(), device=block.device), counts)
    inside = torch.arange(rows.numel(), device=block.device) - (counts.cumsum(0) - counts)[rows]
    scores[rows, seen[first[rows] + inside]] = float("-inf")


def _first_ties(scores: Tensor, threshold: Tensor, k: int) -> Tensor:
    """Columns above the threshold, then the lowest of those at it, ``k`` per row."""
    above, tied = scores > threshold, scores == threshold
    room = k - above.sum(dim=1, keepdim=True)
    kept = above | (tied & (tied.cumsum(dim=1) <= room))
    return kept.nonzero()[:, 1].reshape(-1, k)
