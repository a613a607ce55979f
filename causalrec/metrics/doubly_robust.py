"""Doubly robust estimates: an outcome model corrected by what was observed, weighted by propensities.

After Dudik, Langford and Li, "Doubly robust policy evaluation and learning" (ICML 2011), and for ratings that
are missing not at random Wang et al., "Doubly robust joint learning" (ICML 2019): unbiased if either the
propensities or the outcome model is right. Clipping propensities (``clip``) trades that for less variance.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats, Ints
from causalrec.metrics.debiased import CLIP

Doubles = npt.NDArray[np.float64]
OutcomeModel = Callable[[Ints, Ints], Doubles]
"""Users (n,) and items (n,) -> expected outcomes (n,)."""


def doubly_robust(
    outcomes: Doubles,
    predicted: Doubles,
    propensities: Doubles,
    predicted_mean: float,
    cells: int,
    clip: float = CLIP,
) -> float:
    """Mean outcome over all ``cells`` (user-item pairs), of which some were observed.

        mean of q over all cells + (1 / cells) sum over observed of (y - q) / p

    Args:
        outcomes: float64 (n,), y of the observed cells.
        predicted: float64 (n,), q of the observed cells.
        propensities: float64 (n,), p: the chance with which each of them was observed.
        predicted_mean: mean of q over all cells.
    """
    weights = 1.0 / np.maximum(propensities, clip)
    return predicted_mean + float(weights @ (outcomes - predicted)) / cells


def list_value(
    lists: Ints,
    users: Ints,
    log: Floats,
    propensities: Doubles,
    model: OutcomeModel,
    n_items: int,
    clip: float = CLIP,
) -> Doubles:
    """Doubly robust estimate, per user, of the mean outcome of the items that are listed for them.

    Args:
        lists: int32 (M, k), -1 for an empty place. users: int32 (M,), distinct.
        log: float32 (3, n) user, item, outcome of observed pairs, each pair once.
        propensities: float64 (n,), the chance with which each logged pair was observed.

    Returns:
        float64 (M,); nan for an empty list.
    """
    filled = lists >= 0
    rows = np.nonzero(filled)[0]
    owners, items = users[rows].astype(np.int32), lists[filled].astype(np.int32)
    value = model(owners, items).astype(np.float64)
    logged = log[0].astype(np.int64) * n_items + log[1].astype(np.int64)
    order = np.argsort(logged)
    keys = owners.astype(np.int64) * n_items + items
    place = order[np.minimum(np.searchsorted(logged[order], keys), order.size - 1)] if order.size else None
    if place is not None:
        seen = logged[place] == keys
        weight = 1.0 / np.maximum(propensities[place[seen]], clip)
        value[seen] += weight * (log[2][place[seen]] - value[seen])
    sums = np.bincount(rows, value, minlength=users.size)
    counts = filled.sum(axis=1)
    return np.asarray(np.divide(sums, counts, out=np.full(users.size, np.nan), where=counts > 0))
