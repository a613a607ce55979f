"""Looks as tensors: rows per user, item and stratum, and the pairs of user and item that they belong to."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from causalrec.dataset.arrays import Interactions, Looks, pair_keys


@dataclass(frozen=True)
class SidePairs:
    """The pairs in the order of one side (users or items), as a sparse matrix in CSR form.

    Attributes:
        start: int64 (n + 1,). other: int64 (m,) the other side's row. order: int64 (m,) which pair it is.
    """

    start: Tensor
    other: Tensor
    order: Tensor

    @staticmethod
    def of(own: Tensor, other: Tensor, n: int) -> "SidePairs":
        """Pairs (m,) grouped by ``own``."""
        order = torch.argsort(own, stable=True)
        start = torch.zeros(n + 1, dtype=torch.int64, device=own.device)
        start[1:] = torch.bincount(own, minlength=n).cumsum(0)
        return SidePairs(start, other[order], order)

    def __len__(self) -> int:
        return len(self.start) - 1

    def met(self) -> Tensor:
        """int64 (k,): the rows that have a pair at all."""
        return torch.nonzero(self.start.diff()).ravel()


@dataclass(frozen=True)
class LookRows:
    """What the model is fitted to.

    Attributes:
        users, items: int64 (m,), the distinct pairs. by_user, by_item: the same, grouped.
        pair: int64 (r,), which pair a row belongs to. stratum: int64 (r,).
        count: float64 (r,), looks, weighted by age. reached: float64 (J, r), of those, by depth.
        position: float64 (S,), mean position per stratum; NaN if none was logged.
    """

    users: Tensor
    items: Tensor
    by_user: SidePairs
    by_item: SidePairs
    pair: Tensor
    stratum: Tensor
    count: Tensor
    reached: Tensor
    position: Tensor

    def per_pair(self, values: Tensor) -> Tensor:
        """Sums (m,) of row values (r,)."""
        return torch.zeros(len(self.users), dtype=values.dtype, device=values.device).index_add_(
            0, self.pair, values
        )

    def per_stratum(self, values: Tensor) -> Tensor:
        """Sums (S,) of row values (r,)."""
        return torch.zeros(len(self.position), dtype=values.dtype, device=values.device).index_add_(
            0, self.stratum, values
        )


def judged_looks(data: Interactions) -> Looks | None:
    """The looks that a model may learn from if it is judged on held-out pairs and random exposure.

    Rows of held-out pairs are left out, whatever their outcome; so are those shown uniformly at random.
    """
    looks = data.looks
    if looks is None:
        return None
    pairs = pair_keys(np.stack([looks.users, looks.items]))
    held = np.isin(pairs, np.concatenate([pair_keys(data.valid), pair_keys(data.test)]))
    return looks.take(~held & ~looks.uniform[looks.strata])


def look_rows(looks: Looks, n_users: int, n_items: int, half_life: float, device: torch.device) -> LookRows:
    """Tensors of ``looks``.

    Args:
        half_life: days after which a look counts half; 0: all count equally.
    """
    keys, pair = np.unique(pair_keys(np.stack([looks.users, looks.items])), return_inverse=True)
    users, items = (_ids(part, device) for part in (keys >> 32, keys & 0xFFFFFFFF))
    fresh = _freshness(looks, half_life)
    return LookRows(
        users,
        items,
        SidePairs.of(users, items, n_users),
        SidePairs.of(items, users, n_items),
        _ids(pair.ravel(), device),
        _ids(looks.strata, device),
        torch.as_tensor(looks.count * fresh, dtype=torch.float64, device=device),
        torch.as_tensor(looks.reached * fresh, dtype=torch.float64, device=device),
        torch.as_tensor(looks.position.astype(np.float64), device=device),
    )


def _freshness(looks: Looks, half_life: float) -> npt.NDArray[np.float64]:
    if not half_life:
        return np.ones(looks.count.size)
    return np.asarray(0.5 ** (np.nan_to_num(looks.age).astype(np.float64) / half_life))


def _ids(values: npt.NDArray[np.generic], device: torch.device) -> Tensor:
    return torch.as_tensor(np.ascontiguousarray(values).astype(np.int64), device=device)
