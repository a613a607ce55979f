"""The table ``promotions``: one row per decision about the alias ``champion``, in the order of commits."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa

from causalrec.lake import Lake
from causalrec.lake.outcome import Written

Word = Literal["promoted", "kept", "rejected", "left", "tried", "rolled_back", "lost"]
MOVES = ("promoted", "rolled_back")
TICK = dt.timedelta(microseconds=1)
NOT_YET = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(frozen=True)
class Decision:
    """A row of the table.

    Attributes:
        word: what was decided.
        before: the champion's version until then.
        version, run_id: the version judged; the run distinguishes it from the same number in another store.
        ds: run date of its data.
        evaluation: the evaluation behind the decision.
        at: when, UTC; later than every row before it.
    """

    word: Word
    before: str | None
    version: str
    run_id: str
    who: str
    why: str
    ds: dt.date
    evaluation: Mapping[str, Any] = field(default_factory=dict)
    at: dt.datetime = NOT_YET

    @property
    def moves(self) -> bool:
        """Whether the alias moves to ``version``."""
        return self.word in MOVES

    @property
    def by_hand(self) -> bool:
        """Whether a person decided rather than the gate."""
        return self.evaluation.get("by") == "hand"

    @property
    def key(self) -> str:
        """Key that identifies the row."""
        return self.at.isoformat()


@dataclass(frozen=True)
class History:
    """All decisions, oldest first, as of one version of the table."""

    version: int
    rows: tuple[Decision, ...]

    @property
    def newest(self) -> Decision | None:
        """The last decision."""
        return self.rows[-1] if self.rows else None


def read_history(lake: Lake) -> History:
    """The current table; an empty one is created if there is none, to have a version to compare with."""
    version = lake.table("promotions").created().version
    return History(version, _rows(lake, version))


def decisions(lake: Lake) -> tuple[Decision, ...]:
    """All decisions, oldest first; creates no table."""
    return _rows(lake, None)


def append_decision(lake: Lake, decision: Decision, since: History) -> Written:
    """Adds the row, unless another decision was made since.

    Raises:
        ConflictError: another decision was made.
    """
    now = dt.datetime.now(dt.UTC)
    # clocks of different hosts may differ
    at = now if since.newest is None else max(now, since.newest.at + TICK)
    row = {
        "at": at,
        "who": decision.who,
        "alias": "champion",
        "from_version": decision.before,
        "to_version": decision.version,
        "decision": decision.word,
        "why": decision.why,
        "evaluation": json.dumps({**decision.evaluation, "run_id": decision.run_id}, sort_keys=True),
        "ds": decision.ds,
    }
    table = lake.table("promotions")
    return table.append(pa.Table.from_pylist([row], schema=table.schema), since=since.version)


def decided_champion(lake: Lake) -> Decision | None:
    """The decision that made the present champion; None if there never was one, or a person gave it up."""
    last = [row for row in decisions(lake) if row.moves or row.word == "lost"]
    return last[-1] if last and last[-1].moves else None


def champion_before(lake: Lake, version: str) -> str | None:
    """The version that ``version`` took the alias from when it last got it; None if unknown."""
    taken = [row for row in decisions(lake) if row.moves and row.version == version]
    return taken[-1].before if taken else None


def _rows(lake: Lake, version: int | None) -> tuple[Decision, ...]:
    table = lake.table("promotions")
    found = [_decision(row) for row in table.read(version=version).to_pylist()]
    return tuple(sorted(found, key=lambda row: row.at))


def _decision(row: Mapping[str, Any]) -> Decision:
    facts: dict[str, Any] = json.loads(row["evaluation"])
    return Decision(
        row["decision"], row["from_version"], row["to_version"], facts.get("run_id", ""), row["who"],
        row["why"], row["ds"], facts, row["at"],
    )  # fmt: skip
