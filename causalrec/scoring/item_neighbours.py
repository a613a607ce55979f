"""The nearest items to each item in the deconfounded space, computed exactly, block by block."""

from collections.abc import Iterator

import numpy as np

from causalrec.dataset.arrays import Floats
from causalrec.dataset.ties import Keys
from causalrec.model.blocks import unit_rows
from causalrec.ranking.item_rules import Bools
from causalrec.ranking.ties import Ties
from causalrec.ranking.topk import Indices, TopK, dot_pairs, ranked, top_k

FLOAT, MIB = 4, 2**20
COPIES = 3  # copies of a block of scores: the product, its partition, the selection
MARKET_COPIES = 4  # where markets count, what one of them sells besides


def item_neighbours(
    states: Floats, keys: Keys, k: int, block_mib: int, sold: Bools | None = None
) -> Iterator[TopK]:
    """The ``k`` items of highest cosine per item, in blocks of ascending items.

    With ``sold``, those of every market that sells the item, among what it sells; in one list.

    An item whose state is zero (nothing is known about it) has no neighbours and is no item's neighbour.

    Args:
        states: float32 (n, d) adjusted item states.
        keys: (n,) of the items, which order neighbours of equal cosine.
        block_mib: memory for scores, in MiB.
        sold: (M, n) whether each market sells each item; None where markets do not count.

    Yields:
        Pairs with ``rows`` in the numbering of ``states``.
    """
    units = unit_rows(states)
    known = np.asarray(units.any(axis=1))
    kinds = None if sold is None else np.unique(sold, axis=0)  # markets that sell the same have one list
    copies = COPIES if kinds is None else MARKET_COPIES
    step = max(1, block_mib * MIB // (copies * FLOAT * max(units.shape[0], 1)))
    for start in range(0, units.shape[0], step):
        block = units[start : start + step]
        rows = np.arange(block.shape[0])
        scores = block @ units.T
        scores[:, ~known] = -np.inf
        scores[~known[start : start + step]] = -np.inf
        scores[rows, start + rows] = -np.inf
        ties = Ties(keys[start : start + step], keys)
        if kinds is None:
            top = _exact(scores, k, block, units, ties)
        else:
            top = _of_markets(scores, k, block, units, ties, kinds[:, start : start + step], kinds)
        yield TopK(top.rows + start, top.columns, top.ranks, top.scores)


def _of_markets(
    scores: Floats, k: int, block: Floats, units: Floats, ties: Ties, here: Bools, sold: Bools
) -> TopK:
    """The union of the neighbours in each market, in one order; ``here`` (M, B) of the rows of the block."""
    found = []
    for own, others in zip(here, sold, strict=True):
        mine = np.flatnonzero(own)
        part = scores[mine]
        part[:, ~others] = -np.inf
        top = _exact(part, k, block[mine], units, Ties(ties.users[mine], ties.items))
        found.append((mine[top.rows], top.columns, top.scores))
    rows, columns, values = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
    _, once = np.unique(rows * units.shape[0] + columns, return_index=True)
    return ranked(rows[once], columns[once], values[once], block.shape[0], once.size, ties)


def _exact(scores: Floats, k: int, block: Floats, units: Floats, ties: Ties) -> TopK:
    """Exact neighbours: the product preselects, with a margin for the rounding error of unit rows."""
    slack = np.full(block.shape[0], 4 * units.shape[1] * np.finfo(np.float32).eps, dtype=np.float32)

    def rescore(rows: Indices, columns: Indices) -> Floats:
        return dot_pairs(block, units, rows, columns)

    return top_k(scores, k, ties, slack=slack, rescore=rescore)
