"""What recommendation lists do to the catalogue: coverage, concentration, popularity lift."""

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Interactions, Ints

Doubles = npt.NDArray[np.float64]


def catalogue_metrics(users: Ints, lists: Ints, data: Interactions, k: int) -> dict[str, float]:
    """``coverage@k``, ``gini@k`` and ``popularity_lift@k`` of ``lists`` (M, <= k; -1 = empty place).

    Coverage is the share of the catalogue shown to anyone; Gini the inequality of exposure over the whole
    catalogue (0: all items equally often); lift the mean log(1 + popularity) of lists over that of the same
    users' training histories, minus 1 (0: neither more nor less popular than what they chose).
    """
    shown = np.bincount(lists[lists >= 0], minlength=data.n_items)
    return {
        f"coverage@{k}": float((shown > 0).mean()),
        f"gini@{k}": gini(shown.astype(np.float64)),
        f"popularity_lift@{k}": popularity_lift(users, lists, data),
    }


def gini(exposure: Doubles) -> float:
    """Gini coefficient of non-negative ``exposure`` (N,); 0 if nothing was exposed."""
    total = exposure.sum()
    if total == 0:
        return 0.0
    ranks = np.arange(1, exposure.size + 1)
    return float((2 * ranks - exposure.size - 1) @ np.sort(exposure) / (exposure.size * total))


def popularity_lift(users: Ints, lists: Ints, data: Interactions) -> float:
    """Mean log popularity of lists over that of histories, minus 1; users without either are left out."""
    log_popularity = np.log1p(np.bincount(data.train[1], minlength=data.n_items))
    places = (lists >= 0).sum(axis=1)
    of_lists = np.where(lists >= 0, log_popularity[lists], 0.0).sum(axis=1)
    degree = np.bincount(data.train[0], minlength=data.n_users)[users]
    weights = log_popularity[data.train[1]]
    of_histories = np.bincount(data.train[0], weights=weights, minlength=data.n_users)[users]
    both = (places > 0) & (degree > 0)
    if not both.any():
        return 0.0
    return float((of_lists[both] / places[both]).mean() / (of_histories[both] / degree[both]).mean() - 1.0)
