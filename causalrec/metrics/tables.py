"""Exact ranking for a model with two tables, on their device, by the protocol of ``ranking``."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from causalrec.dataset.arrays import Interactions
from causalrec.errors import TrainingError
from causalrec.metrics.ranked import RankedUsers, judged
from causalrec.metrics.ranking import Split, heldout_pairs
from causalrec.metrics.topk import tied_rows, top_k

BLOCK = 32  # columns per block whose maximum is computed first
LEAST_BLOCKS = 2  # of them per place in the list


def rank_tables(
    users: Tensor, items: Tensor, data: Interactions, split: Split, ks: Sequence[int], batch: int = 1024
) -> RankedUsers:
    """:func:`causalrec.metrics.ranking.rank_per_user` for score(u, i) = <users[u], items[i]>.

    Scores are computed, masked and reduced to the best on the device of the tables; only the lists leave it.

    Args:
        users: (U, d). items: (N, d).
        batch: users scored at once; memory is about batch x N floats.

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
    width = data.n_items + -data.n_items % BLOCK
    space = torch.full((min(batch, ids.size), width), -torch.inf, device=users.device)
    users, across = users.float(), items.float().T
    for start in range(0, ids.size, batch):
        block = torch.from_numpy(ids[start : start + batch]).long().to(users.device)
        scores = space[: block.numel()]
        torch.mm(users[block], across, out=scores[:, : data.n_items])
        _mask(scores, block, starts, seen)
        # one more reveals a tie at the end
        values, columns = top_columns(scores, min(depth + 1, data.n_items))
        found, last = values.cpu().numpy(), slice(start, start + batch)
        lists[last], best[last] = columns[:, :depth].int().cpu().numpy(), found[:, :depth]
        tied = np.flatnonzero(tied_rows(found))
        if tied.size:
            rows = scores[torch.from_numpy(tied).to(scores.device), : data.n_items].cpu().numpy()
            lists[start + tied] = top_k(rows, depth, ids[start + tied])
    if np.isnan(best).any():
        raise TrainingError("scores contain NaN", do="check the features and the learning rate")
    return judged(pairs, data.n_items, ids, lists, best, ks)


def top_columns(scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Values and columns (B, k) of the largest scores of each row, best first, equal ones by lower column.

    The k-th largest of the maxima of column blocks is a bound that at least k scores reach and few others do;
    only those are sorted. NaN counts as the largest. ``k`` is at most the number of columns.
    """
    rows, width = scores.shape
    if width < LEAST_BLOCKS * BLOCK * k:  # a small catalogue is sorted directly
        order = scores.sort(dim=1, descending=True, stable=True)
        return order.values[:, :k], order.indices[:, :k]
    if width % BLOCK:
        scores = torch.nn.functional.pad(scores, (0, -width % BLOCK), value=-torch.inf)
    blocks = scores.reshape(rows, -1, BLOCK)
    highest = blocks.amax(dim=2)
    bound = highest.topk(k, dim=1, sorted=False).values.amin(dim=1, keepdim=True)
    row, block = (~(highest < bound)).nonzero(as_tuple=True)
    near = blocks[row, block]
    chosen, offset = (~(near < bound[row])).nonzero(as_tuple=True)
    row, column = row[chosen], block[chosen] * BLOCK + offset
    counts = torch.bincount(row, minlength=rows)
    place = torch.arange(row.numel(), device=row.device) - (counts.cumsum(0) - counts)[row]
    reached = scores.new_full((rows, int(counts.max())), -torch.inf)
    reached[row, place] = near[chosen, offset]
    columns = torch.zeros_like(reached, dtype=torch.long)
    columns[row, place] = column
    order = reached.sort(dim=1, descending=True, stable=True)
    return order.values[:, :k], columns.gather(1, order.indices[:, :k])


def _mask(scores: Tensor, block: Tensor, starts: Tensor, seen: Tensor) -> None:
    """Training items of the ``block`` of users get -inf."""
    first = starts[block]
    counts = starts[block + 1] - first
    rows = torch.repeat_interleave(torch.arange(block.numel(), device=block.device), counts)
    inside = torch.arange(rows.numel(), device=block.device) - (counts.cumsum(0) - counts)[rows]
    scores[rows, seen[first[rows] + inside]] = float("-inf")
