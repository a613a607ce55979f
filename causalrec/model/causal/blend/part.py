"""One part of a blend as three tables, scaled so that each user's scores have a standard deviation of one."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from causalrec.dataset.arrays import Floats
from causalrec.model.blocks import unit_rows

Doubles = npt.NDArray[np.float64]

NOISE = 1e-6  # share of the largest variance below which a direction is rounding error
LEAST = 1e-20  # variance of items that are all the same


@dataclass(frozen=True)
class BlendPart:
    """score(u, i) = <users[u], items[i]> / |users[u]|, up to a constant of the user.

    Attributes:
        users: float32 (U, c), unit rows, or zero.
        items: float32 (N, c), whose covariance is the identity if no column was left out.
        fold: float32 (N, c); a new user's state is the direction of its sum over the history.
    """

    users: Floats
    items: Floats
    fold: Floats


def standardised(
    items: Floats, fold: Floats, histories: sp.csr_matrix, columns: int, users: Floats | None = None
) -> BlendPart:
    """The part with the product of ``users`` and ``items``, in the columns that explain most of its scores.

    With the items' covariance C = V L V', states u V L^(1/2) and items V L^(-1/2) have the same product, and
    the squared length of a state is the variance of its scores over the catalogue. Of the rotated columns,
    those in which unit states vary most are kept.

    Args:
        items, fold: (N, r). histories: (U, N). users: (U, r); None: the sums of ``fold``.
        columns: maximum number of columns to keep.
    """
    spread, axes = np.linalg.eigh(_covariance(items))
    used = spread > max(NOISE * float(spread.max(initial=0.0)), LEAST)
    root = np.sqrt(spread[used])
    to_states, to_items = axes[:, used] * root, axes[:, used] / root
    moment = _moment(histories, fold @ to_states, None if users is None else users @ to_states)
    main = np.linalg.eigh(moment)[1][:, ::-1][:, :columns]
    to_states, to_items = to_states @ main, to_items @ main
    turned = (fold @ to_states).astype(np.float32)
    states = np.asarray(histories @ turned) if users is None else users @ to_states
    return BlendPart(unit_rows(states), (items @ to_items).astype(np.float32), turned)


def spread_of_scores(users: Floats, items: Floats) -> float:
    """Root of the mean variance of a user's scores over the catalogue."""
    moment = (users.T @ users).astype(np.float64) / max(users.shape[0], 1)
    return float(np.sqrt(max(np.sum(moment * _covariance(items)), 0.0)))


def _covariance(items: Floats) -> Doubles:
    centred = items.astype(np.float64) - items.mean(axis=0, dtype=np.float64)
    found: Doubles = centred.T @ centred / max(items.shape[0], 1)
    return found


def _moment(histories: sp.csr_matrix, fold: Floats, users: Floats | None, block: int = 4_096) -> Doubles:
    """The second moment (r, r) of states of length one, some users at a time."""
    total = np.zeros((fold.shape[1], fold.shape[1]))
    for first in range(0, histories.shape[0], block):
        some = slice(first, first + block)
        states = unit_rows(np.asarray(histories[some] @ fold) if users is None else users[some])
        total += states.T.astype(np.float64) @ states
    return total
