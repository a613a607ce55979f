"""Audiences: the users to tell about an item, limited so that nobody hears about too many."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
BLOCK_CELLS = 4_000_000  # scores held at a time


def audiences(
    users: Floats,
    items: Floats,
    taken: tuple[Ints, Ints],
    size: int,
    per_user: int,
    sold: tuple[Ints, Bools] | None = None,
) -> pd.DataFrame:
    """Each user is assigned to the ``per_user`` items that suit them best; each item keeps its best users.

    An item whose users prefer other items has a smaller audience; nobody belongs to more than ``per_user``.

    Args:
        users: states (M, d). items: states (A, d) of the items in question.
        taken: rows of users and positions in ``items`` of pairs that a user already has; never in an
            audience.
        sold: (M,) number of each user's market, and (markets, A) whether it sells each item; None where
            markets do not count.

    Returns:
        item (position in ``items``), rank (from 1), user (row) and score, ordered by item and rank.
    """
    found = [_best(users, items, start, taken, per_user, sold) for start in _starts(users, items)]
    rows = pd.concat(found, ignore_index=True) if found else _frame([], [], [])
    rows = rows.sort_values(["item", "score", "user"], ascending=[True, False, True], ignore_index=True)
    rows["rank"] = rows.groupby("item").cumcount() + 1
    return rows[rows["rank"] <= size].reset_index(drop=True)


def _starts(users: Floats, items: Floats) -> Sequence[tuple[int, int]]:
    step = max(1, BLOCK_CELLS // max(1, len(items)))
    return [(at, min(at + step, len(users))) for at in range(0, len(users), step)] if len(items) else []


def _best(
    users: Floats,
    items: Floats,
    block: tuple[int, int],
    taken: tuple[Ints, Ints],
    per_user: int,
    sold: tuple[Ints, Bools] | None,
) -> pd.DataFrame:
    start, end = block
    scores = users[start:end] @ items.T
    owners, places = taken
    mine = (owners >= start) & (owners < end)
    scores[owners[mine] - start, places[mine]] = -np.inf
    if sold is not None:
        market, sells = sold
        scores[~sells[market[start:end]]] = -np.inf
    order = np.argsort(-scores, axis=1, kind="stable")[:, :per_user]
    rows = np.repeat(np.arange(start, end), order.shape[1])
    values = np.take_along_axis(scores, order, axis=1).ravel()
    keep = np.isfinite(values)
    return _frame(order.ravel()[keep], rows[keep], values[keep])


def _frame(item: npt.ArrayLike, user: npt.ArrayLike, score: npt.ArrayLike) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "item": np.asarray(item, dtype=np.int64),
            "user": np.asarray(user, dtype=np.int64),
            "score": np.asarray(score, dtype=np.float64),
        }
    )
