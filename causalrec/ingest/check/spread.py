"""Columns that are spread over files, as orders and their lines often are: nothing joins files."""

from collections.abc import Sequence
from dataclasses import dataclass

from causalrec.contracts import Contract
from causalrec.ingest.check.mapping import Tree
from causalrec.ingest.check.nested import flattened
from causalrec.ingest.check.sample import FileCheck
from causalrec.ingest.check.suggest import UNSURE

ROWS = ("event_time", "user_id", "item_id")
"""What each row of events needs of its own."""


@dataclass(frozen=True)
class Way:
    """Files that are written alike, and the settings that they need."""

    tree: Tree
    files: Sequence[FileCheck]


def spread(way: Way, others: Sequence[Way], landing: Contract) -> str:
    """A remark where others have what these files lack, and share a column with them; ''."""
    missing = _lacking(way, landing)
    own = {name for one in way.files[:1] for name in flattened(one)[0].columns}
    for other in others:
        shared = [name for one in other.files[:1] for name in flattened(one)[0].columns if name in own]
        if missing and shared and not set(missing) & set(_lacking(other, landing)):
            return (
                f"{way.files[0].name} seems to have no {' and no '.join(missing)}, and has {shared[0]} in "
                f"common with {other.files[0].name}: nothing joins files, so deliver rows that hold both"
            )
    return ""


def _lacking(way: Way, landing: Contract) -> list[str]:
    """Columns of ours without which rows of these files say nothing, and which no column certainly is."""
    if "title" not in landing.column_names:
        return [name for name in ROWS if name in way.tree.get(UNSURE, {})]
    here = {name.strip().casefold() for one in way.files[:1] for name in one.columns}
    return [] if "title" in way.tree.get("columns", {}) or "title" in here else ["title"]
