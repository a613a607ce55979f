"""Upkeep of all tables: retention, compaction, vacuum; what a live model is pinned to is never touched."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from causalrec.errors import ConflictError
from causalrec.lake.lake import Lake
from causalrec.lake.outcome import Outcome, Pin
from causalrec.lake.table import LakeTable
from causalrec.lake.upkeep.describe import describe
from causalrec.lake.upkeep.retention import expire
from causalrec.lake.upkeep.rewrite import compact
from causalrec.lake.upkeep.vacuum import vacuum


def upkeep(
    lake: Lake, names: Sequence[str], pins: Iterable[Pin], today: dt.date, done: Callable[[str], None]
) -> Outcome:
    """Run the upkeep of every existing table.

    Args:
        lake: the lake.
        names: its tables.
        pins: versions that must stay readable.
        today: the run date, from which retention counts.
        done: called with each table's name.

    Raises:
        PinError: a pinned version is already unreadable; its table is left alone.
    """
    pinned: dict[str, set[int]] = defaultdict(set)
    for pin in pins:
        pinned[pin.table].add(pin.version)
    counters: dict[str, float] = defaultdict(float)
    notes = []
    for name in names:
        table = lake.table(name)
        if table.exists():
            busy = _one(table, pinned[name], today, counters)
            notes += [busy] if busy else []
        done(name)
    counters["pinned_versions"] = sum(len(versions) for versions in pinned.values())
    return Outcome(counters=dict(counters), note="; ".join(notes))


def _one(table: LakeTable, pinned: set[int], today: dt.date, counters: dict[str, float]) -> str:
    """Upkeep of one table; returns what was skipped because another writer was active."""
    note = ""
    try:
        describe(table)
        counters["partitions_expired"] += expire(table, today)
        merged = compact(table)
        counters["files_merged"] += merged.before
        counters["files_made"] += merged.after
    except ConflictError as error:  # the next upkeep will retry
        note = f"{table.name} was being written: {error.what}"
    removed = vacuum(table, pinned)
    counters["files_deleted"] += removed.files
    counters["bytes_deleted"] += removed.bytes
    counters["log_entries_deleted"] += removed.log_entries
    counters["tables"] += 1
    return note
