"""The ranks of listed items in the list that a raw model of the same data would give the same user."""

import numpy as np

from causalrec.ranking.listing import Lister
from causalrec.ranking.lists import Lists
from causalrec.ranking.selection import Selector
from causalrec.ranking.slots import Policy
from causalrec.ranking.topk import Indices, TopK


def places_by_score(
    lister: Lister, lists: Lists, ours: Selector, raw: Selector, compared: Indices, k: int
) -> tuple[Indices, Indices]:
    """The rank of each row by our score and by the raw model's, both int (m,), from 1.

    Both are ranks by score alone, among all items that the user may get, so that neither caps nor diversity
    count as adjustment. Both are 0 for drawn rows and for users who are not in ``compared`` (ascending). An
    item beyond the searched part of the raw list counts as ranked right after it.

    Args:
        ours: the model's order, without what the shop adds to it.
    """
    settings = lister.settings
    reach = k * settings.pool if lister.reranked else k
    ours_reach = k * settings.pool if lists.merged else reach  # caps of the other arm may push it down
    depth = reach + settings.adjusted_places
    by_taste = lists.policies == Policy.TASTE.value
    place = (
        _place_in(lists.top, _best(ours, lister, lists, compared, ours_reach), ours.catalogue.size)
        if lister.reranked or lister.rules.boosts is not None or lists.merged
        else _running(lists.top, by_taste)
    )
    there = _place_in(lists.top, _best(raw, lister, lists, compared, depth), ours.catalogue.size)
    there = np.where(there > 0, there, depth + 1)
    known = by_taste & (place > 0) & np.isin(lists.top.rows, compared)
    return np.where(known, place, 0), np.where(known, there, 0)


def _best(selector: Selector, lister: Lister, lists: Lists, users: Indices, k: int) -> TopK:
    top = selector.best(users, lists.taken, k, lister.listed)
    return TopK(users[top.rows], top.columns, top.ranks, top.scores)


def _running(top: TopK, counted: "np.typing.NDArray[np.bool_]") -> Indices:
    """Position of every counted row among its user's counted rows; rows are ordered by user and rank."""
    total = np.cumsum(counted)
    first = np.searchsorted(top.rows, top.rows)
    before: Indices = np.where(first > 0, total[first - 1], 0)
    return total - before


def _place_in(wanted: TopK, found: TopK, n_items: int) -> Indices:
    """Rank of each pair of ``wanted`` in ``found``; 0 if it is missing."""
    if found.rows.size == 0:
        return np.zeros(wanted.rows.size, dtype=np.int64)
    keys = found.rows * n_items + found.columns
    order = np.argsort(keys)
    pairs = wanted.rows * n_items + wanted.columns
    place = np.minimum(np.searchsorted(keys[order], pairs), keys.size - 1)
    return np.where(keys[order][place] == pairs, found.ranks[order][place], 0)
