"""A few users: history, both lists side by side, and the reason of each change."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from causalrec.dataset.arrays import Ints
from causalrec.lake import Lake
from causalrec.report.review.facts import Reviewed
from causalrec.report.review.items import FELT
from causalrec.report.review.likeness import RepeatRun
from causalrec.report.review.lists import SampledLists

ALIKE = 0.2  # smallest cosine at which a history item explains another


@dataclass(frozen=True)
class Place:
    """One item of a list: its rank here and in the other list (None: absent), and the reason for a change."""

    item: int
    rank: int
    other: int | None
    why: str


@dataclass(frozen=True)
class Reader:
    """A user with their latest choices and both lists."""

    user_id: str
    chosen: int
    history: tuple[int, ...]
    mine: tuple[Place, ...]
    theirs: tuple[Place, ...]
    kept: int


def chosen_users(reviewed: Reviewed, lists: SampledLists, users: int) -> list[int]:
    """Rows of ``lists``: half by a hash of the id, half with the most different lists.

    Not a flattering selection.
    """
    overlap = np.array([np.isin(a, b).sum() for a, b in zip(lists.mine, lists.theirs, strict=True)])
    hashes = pd.util.hash_array(reviewed.dataset.user_ids[lists.users].astype(object))
    first = np.argsort(hashes)[: users // 2]
    most_changed = np.argsort(overlap, kind="stable")
    others = most_changed[~np.isin(most_changed, first)][: users - users // 2]
    return [int(row) for row in (*first, *others)]


def latest_first(reviewed: Reviewed, lake: Lake, users: list[str]) -> dict[str, Ints]:
    """Item rows that each of ``users`` chose, latest first."""
    past = lake.table("interactions").read(
        {"ds": [reviewed.ds.isoformat()]}, ["user_id", "item_id", "last_time"]
    )
    past = past.filter(pc.is_in(past["user_id"], value_set=pa.array(users, pa.string())))
    frame = past.to_pandas().sort_values(["last_time", "item_id"], ascending=[False, True])
    places = pd.Index(reviewed.dataset.item_ids)
    rows = {str(user): places.get_indexer(part["item_id"]) for user, part in frame.groupby("user_id")}
    return {user: rows[user][rows[user] >= 0].astype(np.int32) for user in rows}


def reader(
    reviewed: Reviewed, lists: SampledLists, row: int, latest: Mapping[str, Ints], history: int, shown: int
) -> Reader:
    """The user in ``row`` of ``lists`` with at most ``history`` and ``shown`` items."""
    user = int(lists.users[row])
    past = latest.get(str(reviewed.dataset.user_ids[user]), np.empty(0, np.int32))
    mine, theirs = (_clean(side[row]) for side in (lists.mine, lists.theirs))
    scores = reviewed.challenger.score(np.array([user], dtype=np.int32))[0].copy()
    scores[past] = -np.inf
    ranks = np.empty(scores.size, dtype=np.int64)
    ranks[np.argsort(-scores, kind="stable")] = np.arange(1, scores.size + 1)
    likeness = RepeatRun.of(reviewed.tables, past)
    return Reader(
        user_id=str(reviewed.dataset.user_ids[user]),
        chosen=past.size,
        history=tuple(int(item) for item in past[:history]),
        mine=tuple(
            Place(item, rank, _rank(item, theirs), _why(reviewed, lists, item, _rank(item, theirs), likeness))
            for rank, item in enumerate(mine[:shown], 1)
        ),
        theirs=tuple(
            Place(item, rank, _rank(item, mine), _gone(reviewed, lists, item, mine, ranks))
            for rank, item in enumerate(theirs[:shown], 1)
        ),
        kept=len(set(mine) & set(theirs)),
    )


def _clean(items: Ints) -> list[int]:
    return [int(item) for item in items if item >= 0]


def _rank(item: int, items: list[int]) -> int | None:
    return items.index(item) + 1 if item in items else None


def _why(reviewed: Reviewed, lists: SampledLists, item: int, before: int | None, likeness: RepeatRun) -> str:
    near, cosine = likeness.nearest(item)
    titles = reviewed.dataset.items["title"].fillna(reviewed.dataset.items["item_id"])
    like = f"like {titles.iloc[near]}" if near >= 0 and cosine >= ALIKE else "fits the history as a whole"
    moved = _moved(lists, item)
    return like if before is not None or not moved else f"{like}; {moved}"


def _gone(
    reviewed: Reviewed, lists: SampledLists, item: int, mine: list[int], ranks: npt.NDArray[np.int64]
) -> str:
    """Why an item of the opponent's list is missing or elsewhere in the challenger's."""
    if item in mine:
        return "kept"
    moved = _moved(lists, item)
    now = f"now in place {int(ranks[item]):,}"
    return f"{now}; {moved}" if moved else now


def _moved(lists: SampledLists, item: int) -> str:
    shift = float(lists.shift[item])
    if abs(shift) < FELT:
        return ""
    return f"{'raised' if shift > 0 else 'lowered'} by the causal adjustment ({shift:+.2f} sd)"
