"""Items that gained and lost the most lists, and cold items, each with a one-sentence reason."""

from dataclasses import dataclass

import numpy as np

from causalrec.report.review.facts import Reviewed
from causalrec.report.review.likeness import RepeatRun
from causalrec.report.review.lists import SampledLists

FELT = 0.05  # smallest shift worth a sentence, in standard deviations


@dataclass(frozen=True)
class MovedItem:
    """An item and the number of sampled lists that hold it: the opponent's, then the challenger's."""

    item: int
    before: int
    after: int
    why: str


@dataclass(frozen=True)
class ColdItem:
    """An item without training pairs, its number of lists, and the nearest known item (-1: none)."""

    item: int
    lists: int
    like: int


@dataclass(frozen=True)
class ColdItems:
    """All cold items of the catalogue.

    Attributes:
        total: in the catalogue. listed: in at least one list. places: share of all list places.
        shown: the most listed ones.
    """

    total: int
    listed: int
    places: float
    shown: tuple[ColdItem, ...]


def moved_items(
    reviewed: Reviewed, lists: SampledLists, most: int
) -> tuple[tuple[MovedItem, ...], tuple[MovedItem, ...]]:
    """The ``most`` items that gained, and that lost, the most lists."""
    n_items = reviewed.dataset.data.n_items
    after, before = lists.counts(lists.mine, n_items), lists.counts(lists.theirs, n_items)
    change = after - before
    order = np.argsort(-change, kind="stable")
    gained = [int(item) for item in order[:most] if change[item] > 0]
    lost = [int(item) for item in order[::-1][:most] if change[item] < 0]

    def line(item: int) -> MovedItem:
        old, new = int(before[item]), int(after[item])
        return MovedItem(item, old, new, _why(reviewed, lists, item, new > old))

    return tuple(map(line, gained)), tuple(map(line, lost))


def _why(reviewed: Reviewed, lists: SampledLists, item: int, gained: bool) -> str:
    shift, popularity = float(lists.shift[item]), int(reviewed.dataset.items["popularity"].iloc[item])
    parts = []
    if gained and not _known(reviewed, lists, item):
        parts.append(f"unknown to {reviewed.opponent.label}")
    if lists.raw is not None and abs(shift) >= FELT and (shift > 0) == gained:
        parts.append(f"the causal adjustment {'raises' if shift > 0 else 'lowers'} it by {abs(shift):.2f} sd")
    elif lists.raw is not None:
        parts.append(f"newly learnt tastes, not the causal adjustment ({shift:+.2f} sd)")
    parts.append(f"chosen {popularity:,} times" if popularity else "not chosen by anyone yet")
    return "; ".join(parts)


def _known(reviewed: Reviewed, lists: SampledLists, item: int) -> bool:
    return bool(np.isfinite(reviewed.opponent.score(lists.users[:1])[0, item]))


def cold_items(reviewed: Reviewed, lists: SampledLists, most: int) -> ColdItems:
    """Items without any training pair: how often they are listed, and which known item they resemble."""
    data = reviewed.dataset.data
    cold = np.bincount(data.train[1], minlength=data.n_items) == 0
    counts = lists.counts(lists.mine, data.n_items)
    rows = np.flatnonzero(cold)
    order = rows[np.argsort(-counts[rows], kind="stable")][:most]
    warm = RepeatRun.of(reviewed.tables, np.flatnonzero(~cold))
    shown = tuple(ColdItem(int(item), int(counts[item]), warm.nearest(int(item))[0]) for item in order)
    places = float(counts[rows].sum() / max(counts.sum(), 1))
    return ColdItems(rows.size, int((counts[rows] > 0).sum()), places, shown)
