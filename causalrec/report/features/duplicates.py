"""Items that look or read the same: by the hash of their content, and by nearly equal vectors."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalrec.report.features.modality import Modality
from causalrec.report.features.neighbours import Neighbours


@dataclass(frozen=True)
class Group:
    """Items that are duplicates of each other; ``cosine`` is that of the closest pair (1 for equal bytes)."""

    items: tuple[str, ...]
    size: int
    cosine: float


@dataclass(frozen=True)
class DuplicateGroups:
    """The count of all groups, and the first ones to show.

    Attributes:
        groups: how many groups there are. items: how many items (or contents) they hold together.
        shown: the largest groups of equal content, or the closest ones of nearly equal vectors.
    """

    groups: int
    items: int
    shown: tuple[Group, ...]


def equal_content(items: pd.DataFrame, column: str, groups: int, group_items: int) -> DuplicateGroups:
    """Items with the same content key in ``column``."""
    known = items.dropna(subset=[column])
    sizes = known[column].value_counts()
    shared = sizes[sizes > 1]
    order = shared.reset_index().sort_values(["count", column], ascending=[False, True])[column]
    chosen = known[known[column].isin(order[:groups])].groupby(column)["item_id"].apply(list)
    shown = tuple(
        Group(tuple(chosen[key][:group_items]), int(shared[key]), 1.0) for key in order[:groups].tolist()
    )
    return DuplicateGroups(len(shared), int(shared.sum()), shown)


def near_equal(
    modality: Modality, found: Neighbours, threshold: float, groups: int, group_items: int
) -> DuplicateGroups:
    """Distinct contents whose vectors are nearly equal: connected where a cosine reaches ``threshold``.

    Only the nearest neighbours of each content are looked at, so that thousands of copies of a picture cost
    no more than a few.
    """
    # takes a quarter of a second; a page that is up to date does not need it
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    close = found.cosines >= threshold  # NaN is not close
    left, place = np.nonzero(close)
    right, cosine = found.rows[left, place], found.cosines[left, place]
    size = len(modality.keys)
    graph = coo_array((np.ones(len(left)), (left, right)), shape=(size, size))
    _, component = connected_components(graph, directed=False)
    members = np.bincount(component, minlength=1)
    best = np.full(len(members), -np.inf)
    np.maximum.at(best, component[left], cosine)
    several = np.flatnonzero(members > 1)
    order = several[np.lexsort((several, -best[several]))][:groups]
    shown = []
    for number in order:  # only for the groups that are shown
        rows = np.flatnonzero(component == number)[:group_items]
        items = tuple(modality.items[row] for row in rows)
        shown.append(Group(items, int(members[number]), float(best[number])))
    return DuplicateGroups(len(several), int(members[several].sum()), tuple(shown))
