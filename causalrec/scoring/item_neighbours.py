"""The nearest items to each item in the deconfounded space, computed exactly, block by block."""

from collections.abc import Iterator

import numpy as np

from causalrec.dataset.arrays import Floats
from causalrec.dataset.ties import Keys
from causalrec.model.blocks import unit_rows
from causalrec.ranking.ties import Ties
from causalrec.ranking.topk import Indices, TopK, dot_pairs, top_k

FLOAT, MIB = 4, 2**20
COPIES = 3  # copies of a block of scores: the product, its partition, the selection


def item_neighbours(states: Floats, keys: Keys, k: int, block_mib: int) -> Iterator[TopK]:
    """The ``k`` items of highest cosine per item, in blocks of ascending items.

    An item whose state is zero (nothing is known about it) has no neighbours and is no item's neighbour.

    Args:
        states: float32 (n, d) adjusted item states.
        keys: (n,) of the items, which order neighbours of equal cosine.
        block_mib: memory for scores, in MiB.

    Yields:
        Pairs with ``rows`` in the numbering of ``states``.
    """
    units = unit_rows(states)
    known = np.asarray(units.any(axis=1))
    step = max(1, block_mib * MIB // (COPIES * FLOAT * max(units.shape[0], 1)))
    for start in range(0, units.shape[0], step):
        block = units[start : start + step]
        rows = np.arange(block.shape[0])
        scores = block @ units.T
        scores[:, ~known] = -np.inf
        scores[~known[start : start + step]] = -np.inf
        scores[rows, start + rows] = -np.inf
        top = _exact(scores, k, block, units, Ties(keys[start : start + step], keys))
        yield TopK(top.rows + start, top.columns, top.ranks, top.scores)


def _exact(scores: Floats, k: int, block: Floats, units: Floats, ties: Ties) -> TopK:
    """Exact neighbours: the product preselects, with a margin for the rounding error of unit rows."""
    slack = np.full(block.shape[0], 4 * units.shape[1] * np.finfo(np.float32).eps, dtype=np.float32)

    def rescore(rows: Indices, columns: Indices) -> Floats:
        return dot_pairs(block, units, rows, columns)

    return top_k(scores, k, ties, slack=slack, rescore=rescore)
