"""Recall on hard slices: per popularity decile of the held-out item, and on cold items."""

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Interactions
from causalrec.metrics.ranked import RankedUsers
from causalrec.metrics.ranking import Split

DECILES = 10
COLD_MAX = 5  # an item with at most this many training pairs counts as cold


def slice_metrics(ranked: RankedUsers, data: Interactions, split: Split, k: int) -> dict[str, float]:
    """``recall_d01@k`` (least popular) .. ``recall_d10@k`` and ``recall_cold@k``, ``recall_new@k``.

    Each is the share of held-out pairs of that slice found in the top ``k``. Deciles hold equal shares of
    the catalogue by training popularity (ties in one decile). New items have no training pair at all. A slice
    without held-out pairs is left out.
    """
    pairs = data.valid if split == "valid" else data.test
    popularity = np.bincount(data.train[1], minlength=data.n_items)
    found = _found(ranked, pairs, data.n_items, k)
    slices = {f"recall_d{d + 1:02d}@{k}": _decile(popularity)[pairs[1]] == d for d in range(DECILES)}
    slices[f"recall_cold@{k}"] = popularity[pairs[1]] <= COLD_MAX
    slices[f"recall_new@{k}"] = popularity[pairs[1]] == 0
    return {name: float(found[mask].mean()) for name, mask in slices.items() if mask.any()}


def _decile(popularity: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """0 (rarest) .. 9 per item, by the share of the catalogue that is strictly less popular."""
    below = np.searchsorted(np.sort(popularity), popularity, side="left") / popularity.size
    return np.minimum((below * DECILES).astype(np.int64), DECILES - 1)


def _found(ranked: RankedUsers, pairs: npt.NDArray[np.int32], n_items: int, k: int) -> npt.NDArray[np.bool_]:
    top = ranked.lists[:, :k]
    listed = (ranked.users.astype(np.int64)[:, None] * n_items + top)[top >= 0]
    found: npt.NDArray[np.bool_] = np.isin(pairs[0].astype(np.int64) * n_items + pairs[1], listed)
    return found
