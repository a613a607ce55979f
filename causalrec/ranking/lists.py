"""Whole lists: what taste chose, between the places that were drawn."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats
from causalrec.ranking.rerank import NOTHING
from causalrec.ranking.selection import Selector
from causalrec.ranking.slots import SlotItems
from causalrec.ranking.topk import Indices, TopK, places

Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Lists:
    """The lists of a block, ordered by user and rank; arrays (m,), and three labels per user (B,).

    ``taken`` are the keys excluded from places by taste: what users have, and what was drawn. ``merged``
    lists hold the rows of two rankings.
    """

    top: TopK
    policies: Texts
    propensity: Floats
    seen_again: Bools
    short: Bools
    capped: Bools
    taken: Indices
    merged: bool = False


@dataclass(frozen=True)
class Begun:
    """Lists before taste fills them.

    Attributes:
        taken: keys of what taste may not choose.
        drawn: the items of places that are not filled by taste.
        filled: (B,) how many of these places have an item.
        again: (B,) users who are shown again what they have.
    """

    taken: Indices
    drawn: list[SlotItems]
    filled: Indices
    again: Bools


def chosen_rows(users: Indices, items: Indices, scores: Floats, picks: Indices, done: Bools) -> TopK:
    """The picked places of the pools of those ``users`` whose list is ``done``."""
    rows, steps = np.nonzero((picks != NOTHING) & done[:, None])
    slots = picks[rows, steps]
    return TopK(users[rows], items[rows, slots], steps + 1, scores[rows, slots])


def in_order(parts: list[TopK]) -> TopK:
    """All parts, by user and rank."""
    rows, columns, ranks = (
        np.concatenate([np.empty(0, np.int64), *(getattr(part, name) for part in parts)])
        for name in ("rows", "columns", "ranks")
    )
    scores = np.concatenate([np.empty(0, np.float32), *(part.scores for part in parts)])
    order = np.lexsort((ranks, rows))
    return TopK(rows[order], columns[order], ranks[order], scores[order])


def first_rows(top: TopK, most: Indices) -> TopK:
    """At most ``most`` (B,) rows of each user."""
    keep = top.ranks <= most[top.rows]
    return TopK(top.rows[keep], top.columns[keep], top.ranks[keep], top.scores[keep])


def assembled(
    selector: Selector, mine: TopK, drawn: list[SlotItems], n_users: int, names: Texts
) -> tuple[TopK, Texts, Floats]:
    """Personal rows move back by one for every filled place before them; gaps at the end are closed."""
    place = mine.ranks.astype(np.float64)
    rows, columns, at = [mine.rows], [mine.columns], [place]
    policies = [names]
    odds = [np.ones(mine.rows.size, dtype=np.float32)]
    scores = [mine.scores]
    for one in sorted(drawn, key=lambda one: one.slot.rank):
        users = np.flatnonzero(one.items >= 0)
        has = one.items[mine.rows] >= 0
        place += has & (place >= one.slot.rank)
        rows.append(users)
        columns.append(one.items[users])
        at.append(np.full(users.size, float(one.slot.rank)))
        policies.append(np.full(users.size, one.slot.policy.value, dtype=object))
        odds.append(one.propensity[users])
        scores.append(selector.scores_of(users, one.items[users]))
    row = np.concatenate(rows)
    order = np.lexsort((np.concatenate(at), row))
    row = row[order]
    top = TopK(row, np.concatenate(columns)[order], places(row, n_users), np.concatenate(scores)[order])
    return top, np.concatenate(policies)[order].astype(str), np.concatenate(odds)[order]
