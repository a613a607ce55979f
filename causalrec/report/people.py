"""A few sample users: history, list, reasons, and what the adjustment changed."""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from causalrec.config import Settings
from causalrec.errors import ScoringError
from causalrec.lake import Lake

HISTORY = 8  # history items shown on the nightly page
RECOMMENDATIONS = 8  # list rows shown on the nightly page
CODES = 12  # confounder codes shown

CODE_ITEMS = 6  # pictures per confounder code
PLAIN = "plain"
BATCH_ROWS = 65_536


@dataclass(frozen=True)
class ListedItem:
    """One recommended item.

    ``told`` is the reason in the shop's own words, in its first language; empty where it shows none.
    ``score_rank`` is its rank by our score and ``raw_rank`` its rank by the raw model, both among all items
    that the user may get and before caps and diversity; None if nothing was compared.
    """

    rank: int
    item_id: str
    score: float
    reason: str
    confounder: str | None
    score_rank: int | None
    raw_rank: int | None
    told: str = ""

    @property
    def moved(self) -> int:
        """Places gained by the adjustment; negative for places lost."""
        return 0 if self.raw_rank is None or self.score_rank is None else self.raw_rank - self.score_rank


@dataclass(frozen=True)
class Person:
    """One user; ``market`` is where they are, empty where markets do not count."""

    user_id: str
    label: str
    history: tuple[str, ...]
    chosen: int
    shown: tuple[ListedItem, ...]
    version: str
    market: str = ""

    @property
    def compared(self) -> bool:
        """Whether any row has a rank in the raw model's list to compare with."""
        return any(row.raw_rank is not None for row in self.shown)


@dataclass(frozen=True)
class Code:
    """One learnt confounder code among tonight's rows; ``shift`` is the mean change of rank."""

    name: str
    rows: int
    shift: float
    items: tuple[str, ...]


def people(settings: Settings, lake: Lake, ds: dt.date) -> list[Person]:
    """A fixed choice of users: one of every fallback label, then plain ones with a history."""
    rows = _recommendations(lake, ds, ["user_id", "fallback"])
    if rows.num_rows == 0 or settings.report.users == 0:
        return []
    chosen = _choose(rows, settings.report.users)
    wanted = pa.array(chosen)
    lists = _recommendations(lake, ds, None)
    lists = lists.filter(pc.is_in(lists["user_id"], value_set=wanted))
    histories, shown = chosen_items(lake, ds, chosen), _grouped(lists.to_pylist())
    return [_person(user, histories[user], shown[user], HISTORY, RECOMMENDATIONS) for user in chosen]


def chosen_items(lake: Lake, ds: dt.date, users: Sequence[str]) -> dict[str, list[str]]:
    """User -> every item that they chose, latest first."""
    rows = lake.table("interactions").read({"ds": [ds.isoformat()]}, ["user_id", "item_id", "last_time"])
    rows = rows.filter(pc.is_in(rows["user_id"], value_set=pa.array(users, pa.string())))
    found = _grouped(rows.to_pylist())
    return {user: _latest_first(found.get(user, [])) for user in users}


def one_person(lake: Lake, ds: dt.date, user_id: str) -> Person:
    """One user as :func:`people` shows them, with their whole history and list.

    Raises:
        ScoringError: nothing was published for the user on ``ds``.
    """
    rows = _of_user(lake, "recommendations", ds, user_id, None)
    if not rows:
        raise ScoringError(
            f"no list of user {user_id} was published for {ds}", do="check the id; run the night of this date"
        )
    past = _of_user(lake, "interactions", ds, user_id, ["user_id", "item_id", "last_time"])
    return _person(user_id, _latest_first(past), rows, len(past), len(rows))


def _of_user(
    lake: Lake, name: str, ds: dt.date, user_id: str, columns: list[str] | None
) -> list[dict[str, Any]]:
    """The rows of one user; the date's other rows are never all in memory."""
    snapshot = lake.table(name).snapshot()
    if snapshot is None:
        return []
    found: list[dict[str, Any]] = []
    for batch in snapshot.batches(snapshot.select({"ds": [ds.isoformat()]}), columns, BATCH_ROWS):
        found += batch.filter(pc.equal(batch.column("user_id"), user_id)).to_pylist()
    return found


def codes(lake: Lake, ds: dt.date, most: int = CODES) -> list[Code]:
    """The ``most`` frequent codes of tonight's rows."""
    rows = _recommendations(lake, ds, ["user_id", "item_id", "score_rank", "raw_rank", "confounder_code"])
    rows = rows.filter(pc.and_(rows["confounder_code"].is_valid(), rows["raw_rank"].is_valid()))
    if rows.num_rows == 0:
        return []
    frame = rows.to_pandas()
    frame["shift"] = frame["raw_rank"] - frame["score_rank"]
    found = []
    for name, part in frame.groupby("confounder_code"):
        items = part["item_id"].value_counts()
        top = sorted(items.index, key=lambda item: (-items[item], item))[:CODE_ITEMS]
        found.append(Code(str(name), len(part), float(part["shift"].mean()), tuple(top)))
    return sorted(found, key=lambda code: (-code.rows, code.name))[:most]


def _recommendations(lake: Lake, ds: dt.date, columns: list[str] | None) -> pa.Table:
    return lake.table("recommendations").read({"ds": [ds.isoformat()]}, columns)


def _choose(rows: pa.Table, count: int) -> list[str]:
    """Chosen by a hash of the id, so that the choice is fixed and independent of the order of users."""
    labels = pc.fill_null(rows["fallback"], PLAIN)
    pairs = rows.set_column(1, "fallback", labels).group_by(["user_id", "fallback"]).aggregate([]).to_pylist()
    order = sorted(pairs, key=lambda row: hashlib.sha256(row["user_id"].encode()).digest())
    first = {row["fallback"]: row["user_id"] for row in reversed(order) if row["fallback"] != PLAIN}
    special = [first[label] for label in sorted(first)][: max(count // 3, 1)]
    plain = [row["user_id"] for row in order if row["fallback"] == PLAIN]
    return (plain[: count - len(special)] + special)[:count]


def _grouped(rows: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["user_id"], []).append(row)
    return groups


def _latest_first(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The items of interactions."""
    order = sorted(rows, key=lambda row: (-row["last_time"].timestamp(), row["item_id"]))
    return [row["item_id"] for row in order]


def _person(user: str, past: list[str], rows: list[dict[str, Any]], history: int, most: int) -> Person:
    rows = sorted(rows, key=lambda row: row["rank"])
    shown = tuple(_shown(row) for row in rows)
    label = rows[0]["fallback"] or PLAIN
    version, market = str(rows[0]["model_version"]), rows[0].get("market") or ""
    return Person(user, label, tuple(past[:history]), len(past), shown[:most], version, market)


def told(shop_reason: str | None) -> str:
    """The first text of the column ``shop_reason``; empty where it is null."""
    return str(next(iter(json.loads(shop_reason).values()))) if shop_reason else ""


def _shown(row: dict[str, Any]) -> ListedItem:
    return ListedItem(
        rank=row["rank"],
        item_id=row["item_id"],
        score=row["score"],
        reason=row["reason_text"],
        confounder=row["confounder_code"],
        score_rank=row["score_rank"],
        raw_rank=row["raw_rank"],
        told=told(row["shop_reason"]),
    )
