"""The table ``promotions``: one row per decision about the alias ``champion``."""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any, Literal

import pyarrow as pa

from causalrec.lake import Lake
from causalrec.lake.outcome import Written

Word = Literal["promoted", "kept", "rejected", "left", "rolled_back"]
MOVES = ("promoted", "rolled_back")


def record_decision(
    lake: Lake,
    word: Word,
    *,
    before: str | None,
    version: str,
    who: str,
    why: str,
    ds: dt.date,
    evaluation: Mapping[str, Any],
) -> Written:
    """Appends a row; ``before`` is the champion's version until then, ``version`` the one that was judged."""
    table = lake.table("promotions")
    row = {
        "at": dt.datetime.now(dt.UTC),
        "who": who,
        "alias": "champion",
        "from_version": before,
        "to_version": version,
        "decision": word,
        "why": why,
        "evaluation": json.dumps(evaluation, sort_keys=True),
        "ds": ds,
    }
    return table.append(pa.Table.from_pylist([row], schema=table.contract.arrow_schema))


def decisions(lake: Lake) -> list[dict[str, Any]]:
    """All rows, oldest first."""
    table = lake.table("promotions")
    rows: list[dict[str, Any]] = table.read().to_pylist() if table.exists() else []
    return sorted(rows, key=lambda row: row["at"])


def champion_before(lake: Lake, version: str) -> str | None:
    """The version that ``version`` took the alias from when it last got it; None where nobody knows."""
    taken = [row for row in decisions(lake) if row["decision"] in MOVES and row["to_version"] == version]
    return taken[-1]["from_version"] if taken else None
