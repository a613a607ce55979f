"""Exact top-k of a product of states without the matrix of scores.

The product is computed tile by tile, and only the largest score of every few items of a tile is kept.
The k-th largest of coarse maxima is reached by at least k items, so it bounds the k-th best score from below;
only items of groups that reach it are scored again (float32, then float64). Memory is users x items / FINE.
"""

import numpy as np

from causalrec.dataset.arrays import Floats
from causalrec.ranking.masks import contains
from causalrec.ranking.ties import Ties
from causalrec.ranking.topk import Indices, TopK, dot_pairs, float_slack, ranked

TILE = 1_024  # items per product, so that tile x users fits into the second-level cache
FINE = 8  # items per fine group, of which only the largest score is kept
COARSE = 32  # fine groups per coarse group, of which the threshold is taken
PAIRS = 4_096  # groups scored again at a time


def worthwhile(n_items: int, k: int) -> bool:
    """Whether the catalogue has enough coarse groups for a tight threshold."""
    return n_items >= 4 * k * FINE * COARSE


def fused_top_k(users: Floats, items: Floats, k: int, masked: Indices, ties: Ties) -> TopK:
    """The ``k`` best items of every user by <user, item>, without the masked pairs.

    Args:
        users: float32 (B, d). items: float32 (N, d), at least ``k`` rows.
        masked: int64 (m,) pairs ``user * N + item``, ascending, each once.
    """
    n_users, n_items = users.shape[0], items.shape[0]
    fine = _fine_maxima(users, items, masked)
    bound = _bound(fine, k) - float_slack(users, items)
    flat = np.flatnonzero(fine >= bound[None, :])
    group, user = flat // n_users, flat % n_users
    rows, columns = _candidates(users, items, group, user, bound)
    pairs = rows * n_items + columns
    free = ~contains(masked, pairs)
    rows, columns = rows[free], columns[free]
    return ranked(rows, columns, dot_pairs(users, items, rows, columns), n_users, k, ties)


def _fine_maxima(users: Floats, items: Floats, masked: Indices) -> Floats:
    """(groups, B): the largest unmasked score of each fine group. Group ``g`` of a tile holds every
    (TILE / FINE)-th of its items, so that neighbours, which are often alike, lie in different groups."""
    n_users, n_items = users.shape[0], items.shape[0]
    tiles, per = -(-n_items // TILE), TILE // FINE
    owners, columns = np.divmod(masked, n_items)
    order = np.argsort(columns, kind="stable")
    owners, columns = owners[order], columns[order]
    cuts = np.searchsorted(columns, np.arange(tiles + 1) * TILE)
    scores = np.empty((TILE, n_users), dtype=np.float32)
    fine = np.empty((tiles * per, n_users), dtype=np.float32)
    across = np.ascontiguousarray(users.T)
    for tile in range(tiles):
        start = tile * TILE
        size = min(TILE, n_items - start)
        np.matmul(items[start : start + size], across, out=scores[:size])
        scores[size:] = -np.inf
        own = slice(cuts[tile], cuts[tile + 1])
        scores[columns[own] - start, owners[own]] = -np.inf
        np.maximum.reduce(scores.reshape(FINE, per, n_users), axis=0, out=fine[tile * per : (tile + 1) * per])
    return fine


def _bound(fine: Floats, k: int) -> Floats:
    """(B,) a value that at least ``k`` unmasked items of the user reach; -inf where too few are left."""
    whole = fine.shape[0] // COARSE  # a tile has a multiple of COARSE groups
    coarse = fine.reshape(COARSE, whole, fine.shape[1]).max(axis=0).T
    if k > whole:
        return np.full(fine.shape[1], -np.inf, dtype=np.float32)
    kth: Floats = np.partition(coarse, whole - k, axis=1)[:, whole - k]
    return kth


def _candidates(
    users: Floats, items: Floats, group: Indices, user: Indices, bound: Floats
) -> tuple[Indices, Indices]:
    """The single items of the chosen groups that reach the bound."""
    per = TILE // FINE
    first = group // per * TILE + group % per
    rows, columns = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for start in range(0, group.size, PAIRS):
        part = slice(start, start + PAIRS)
        ids = first[part, None] + np.arange(FINE) * per
        states = items[np.minimum(ids, items.shape[0] - 1)]
        scores = np.einsum("pcd,pd->pc", states, users[user[part]])
        pair, place = np.nonzero((scores >= bound[user[part], None]) & (ids < items.shape[0]))
        rows.append(user[part][pair])
        columns.append(ids[pair, place])
    return np.concatenate(rows), np.concatenate(columns)
