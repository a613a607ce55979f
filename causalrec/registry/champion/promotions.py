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
        version, run_id: what was judged; the run tells it from one of that number in another store.
        ds: run date of its data.
        evaluation: what the decision rests on.
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
        """Whether the alias goes to ``version``."""
        return self.word in MOVES

    @property
    def by_hand(self) -> bool:
        """Whether a person decided, not the gate."""
        return self.evaluation.get("by") == "hand"

    @property
    def key(self) -> str:
        """Names the row among all."""
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
    """The table as it is now; an empty one is made where there is none, so that it can be compared with."""
    version = lake.table("promotions").created().version
    return History(version, _rows(lake, version))


def decisions(lake: Lake) -> tuple[Decision, ...]:
    """All decisions, oldest first; makes no table."""
    return _rows(lake, None)


def append_decision(lake: Lake, decision: Decision, since: History) -> Written:
    """Adds the row, if nobody decided anything since.

    Raises:
        ConflictError: somebody did.
    """
    now = dt.datetime.now(dt.UTC)
    at = now if since.newest is None else max(now, since.newest.at + TICK)  # clocks of two hosts may differ
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
    """The decision that made the present champion; None where there was never one, or a person gave it up."""
    last = [row for row in decisions(lake) if row.moves or row.word == "lost"]
    return last[-1] if last and last[-1].moves else None


def champion_before(lake: Lake, version: str) -> str | None:
    """The version that ``version`` took the alias from when it last got it; None where nobody knows."""
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
