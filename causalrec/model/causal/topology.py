"""Module 3, causal topology reconstruction: which observed edges are preference, which are exposure or
accident.

Assumption: an edge that expresses preference agrees with the rest of the user's behaviour; an edge made only
by exposure or a stray click is, given the item's popularity, less similar to the user than the user's other
edges.

Evidence of an observed edge, from detached states of the last refresh:

    q_ui = sigmoid((cos(e_u, h_i) - mean of the user's cosines) / tau + b0 + demand_z
                   - b1 log(1 + popularity_i))

with the demand of the item's code if exposure is a separate term (zero otherwise). States of free length
already encode how much a user likes anything, so their mean need not be subtracted (``centred``).

The best ceil(rho * degree) edges of each user keep weight one and never fewer than ``floor``; the others
get weight q (or are removed, if ``hard``). A user may gain a few edges to near neighbours of kept items
that score above the user's own kept edges. Validation and test pairs are never used.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from causalrec.config.model import TopologySettings
from causalrec.dataset.arrays import Floats, Ints

ADD_QUANTILE = 0.5  # quantile of a user's own evidence that an added edge must reach

USER_BLOCK = 4_096


@dataclass(frozen=True)
class EdgeChoices:
    """Per observed edge (in the order of the given pairs): evidence, kept or not, weight in the graph."""

    evidence: Floats
    kept: npt.NDArray[np.bool_]
    weight: Floats


def edge_evidence(
    pairs: Ints,
    cosines: Floats,
    popularity: Floats,
    n_users: int,
    settings: TopologySettings,
    demand: Floats | float = 0.0,
) -> Floats:
    """q_ui for pairs (2, n) with cosines (n,) and item popularity (N,).

    Args:
        demand: (n,) general demand for the item, in log units; it supports the edge.
    """
    users, items = pairs
    if settings.centred:
        degree = np.maximum(np.bincount(users, minlength=n_users), 1)
        cosines = cosines - (np.bincount(users, weights=cosines, minlength=n_users) / degree)[users]
    logit = cosines / settings.temperature + settings.bias + demand
    logit = logit - settings.popularity * np.log1p(popularity[items])
    evidence: Floats = (1.0 / (1.0 + np.exp(-logit))).astype(np.float32)
    return evidence


def judge_edges(pairs: Ints, evidence: Floats, settings: TopologySettings) -> EdgeChoices:
    """Keeps the strongest edges of every user; ties are broken by the position in ``pairs``."""
    users = pairs[0]
    order = np.lexsort((-evidence, users))
    ordered = users[order]
    start = np.searchsorted(ordered, ordered, side="left")
    degree = np.searchsorted(ordered, ordered, side="right") - start
    allowed = np.maximum(np.ceil(settings.keep * degree - 1e-9), settings.floor)
    kept = np.zeros(users.size, dtype=np.bool_)
    kept[order] = np.arange(users.size) - start < allowed
    rest = 0.0 if settings.hard else evidence
    weight = np.where(kept, 1.0, rest).astype(np.float32)
    return EdgeChoices(evidence, kept, weight)


def propose_edges(
    pairs: Ints,
    verdict: EdgeChoices,
    neighbours: sp.csr_matrix,
    users: Floats,
    items: Floats,
    settings: TopologySettings,
) -> Ints:
    """New items per user, int32 (U, add_per_user), -1 if none.

    A candidate is among the nearest neighbours of a kept item, is not yet an item of the user, and its
    cosine is above the ``add_quantile`` of the user's kept edges.

    Args:
        neighbours: row-normalised item-item CSR (N, N). users, items: unit states (U, d), (N, d).
    """
    count = settings.add_per_user
    added = np.full((users.shape[0], count), -1, dtype=np.int32)
    if count == 0 or neighbours.nnz == 0:
        return added
    shape = (users.shape[0], items.shape[0])
    kept = sp.csr_matrix((verdict.kept.astype(np.float32), (pairs[0], pairs[1])), shape=shape)
    observed = sp.csr_matrix((np.ones(pairs.shape[1], np.float32), (pairs[0], pairs[1])), shape=shape)
    bar = _quantile_per_user(pairs, verdict, users, items, ADD_QUANTILE)
    for first in range(0, shape[0], USER_BLOCK):
        block = slice(first, min(first + USER_BLOCK, shape[0]))
        reach = sp.csr_matrix(kept[block] @ neighbours).tocoo()
        fresh = np.asarray(observed[block][reach.row, reach.col]).ravel() == 0
        rows, columns = reach.row[fresh] + first, reach.col[fresh]
        cosine = np.einsum("nd,nd->n", users[rows], items[columns])
        good = (cosine > bar[rows]) & (reach.data[fresh] > 0)
        rows, columns, cosine = rows[good], columns[good], cosine[good]
        order = np.lexsort((-cosine, rows))
        rows, columns = rows[order], columns[order]
        place = np.arange(rows.size) - np.searchsorted(rows, rows)
        top = place < count
        added[rows[top], place[top]] = columns[top]
    return added


def _quantile_per_user(
    pairs: Ints, verdict: EdgeChoices, users: Floats, items: Floats, quantile: float
) -> Floats:
    """The quantile (lower) of the cosines of each user's kept edges; infinite without any."""
    rows, columns = pairs[0][verdict.kept], pairs[1][verdict.kept]
    cosine = np.einsum("nd,nd->n", users[rows], items[columns])
    order = np.lexsort((cosine, rows))
    ordered = rows[order]
    here = np.unique(ordered)
    start = np.searchsorted(ordered, here, side="left")
    size = np.searchsorted(ordered, here, side="right") - start
    bar = np.full(users.shape[0], np.inf, dtype=np.float32)
    bar[here] = cosine[order][start + np.floor(quantile * (size - 1)).astype(np.int64)]
    return bar


def weighted_graph(
    pairs: Ints, weight: Floats, added: Ints, add_weight: float, shape: tuple[int, int]
) -> sp.csr_matrix:
    """The reconstructed user-item matrix: observed edges by weight, added ones by ``add_weight``."""
    users, place = np.nonzero(added >= 0)
    rows = np.concatenate([pairs[0], users])
    columns = np.concatenate([pairs[1], added[users, place]])
    values = np.concatenate([weight, np.full(users.size, add_weight)]).astype(np.float32)
    graph = sp.csr_matrix((values, (rows, columns)), shape=shape)
    graph.eliminate_zeros()
    return graph
