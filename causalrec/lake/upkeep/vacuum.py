"""Removes what no version needs any more: files removed long ago, orphans, the oldest log entries.

delta-rs lists the files that neither the newest version nor a kept one names; a version pinned by a live
model is kept in full, including its log entries, however old it is.
"""

import datetime as dt
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from deltalake.exceptions import DeltaError

from causalrec.errors import PinError
from causalrec.lake import clock
from causalrec.lake.attempt import COMMIT_KEY, NOTES, PASSED, clear, notes, sweep_dead
from causalrec.lake.commit import COMMIT_TRIES, commit_revocation
from causalrec.lake.files import attempt_of

if TYPE_CHECKING:
    from causalrec.lake.snapshot import Snapshot
    from causalrec.lake.table import LakeTable
    from causalrec.store import Location

LOG = "_delta_log"
_ENTRY = re.compile(r"^(\d{20})\.(?:json|checkpoint(?:\..+)?\.parquet)$")


@dataclass(frozen=True)
class Vacuumed:
    """What was deleted: data files, their bytes, log entries."""

    files: int = 0
    bytes: int = 0
    log_entries: int = 0


def vacuum(table: "LakeTable", pinned: Collection[int]) -> Vacuumed:
    """Delete what is no longer needed; versions in ``pinned`` stay readable.

    Files removed from the table less than ``vacuum_hours`` ago stay too, and so do files of running writers.

    Raises:
        PinError: a pinned version is already gone; nothing was deleted.
    """
    seen = table.snapshot()
    if seen is None:
        return Vacuumed()
    _check_pins(table, pinned)
    swept = [*sweep_dead(table.location, None), *_sweep_lost(table, seen)]
    doomed = _without_writers(seen, _unreferenced(seen, pinned, table.settings.vacuum_hours))
    sizes = {
        table.location.relative(info.path): int(info.size)
        for info in table.location.everything()
        if info.is_file and info.base_name in doomed
    }
    table.location.delete(sorted(sizes))
    since = clock.now() - dt.timedelta(days=table.settings.log_days)
    entries = trim_log(table.location, _oldest_kept(table.location, pinned, since, seen.version))
    return Vacuumed(len(swept) + len(sizes), sum(sizes.values()), entries)


def trim_log(location: "Location", oldest: int) -> int:
    """Delete log entries that no version from ``oldest`` on needs; returns their number.

    A version is rebuilt from the last checkpoint at or before it, so everything before that one can go.
    """
    entries = _entries(location)
    bases = [version for name, version in entries.items() if "checkpoint" in name and version <= oldest]
    if not bases:
        return 0
    old = [f"{LOG}/{name}" for name, version in entries.items() if version < max(bases)]
    location.delete(old)
    return len(old)


def _sweep_lost(table: "LakeTable", seen: "Snapshot") -> list[str]:
    """Remove attempts of other machines that are older than two upkeeps; returns the deleted paths.

    One that is alive after all can no longer commit; whether it had committed before is read after that.
    """
    location = table.location
    marked = {f"{NOTES}/{name}" for name in location.listing(NOTES) if name.endswith(PASSED)}
    noted = notes(location)
    location.delete(sorted(marked - {one.passed for one in noted}))
    lost = [one for one in noted if one.process.state == "unknown"]
    overdue = [one for one in lost if one.passed in marked]
    for one in lost:
        if one.passed not in marked:
            with location.filesystem.open_output_stream(location.path(one.passed)) as mark:
                mark.write(b"")
    if overdue:
        commit_revocation(seen.reopened(), [one.id for one in overdue], COMMIT_TRIES)
    return [path for one in overdue for path in clear(location, one)]


def _without_writers(seen: "Snapshot", doomed: frozenset[str]) -> frozenset[str]:
    """``doomed`` without the files of running writers, or of those that have committed since ``seen``.

    Their age means nothing if clocks differ. The notes are read after the files were listed, and the log
    after the notes: a writer without a note has committed by then, or never will.
    """
    busy = {one.id for one in notes(seen.location)}
    newest = seen.reopened()
    entries = newest.delta.history(newest.version - seen.version) if newest.version > seen.version else []
    busy |= {str(entry.get(COMMIT_KEY, "")) for entry in entries}
    live = {file.path.rpartition("/")[2] for file in newest.files}
    return frozenset(name for name in doomed - live if attempt_of(name) not in busy - {""})


def _check_pins(table: "LakeTable", pinned: Collection[int]) -> None:
    for version in sorted(pinned):
        kept = table.snapshot(version)
        if kept is None:
            raise PinError(f"{table.name}@{version}: there is no such table", do="restore it")
        kept.select(None)


def _unreferenced(seen: "Snapshot", pinned: Collection[int], hours: int) -> frozenset[str]:
    """Names of data files that may be deleted. Names are unique, so folders need not be compared."""
    try:
        found = seen.delta.vacuum(
            retention_hours=hours,
            dry_run=True,  # deleted here, because delta-rs would add two versions to the table each time
            enforce_retention_duration=False,
            full=True,
            keep_versions=sorted(pinned),
        )
    except DeltaError as error:
        seen.location.require_store()
        raise PinError(
            f"{seen.name}: cannot tell which files are needed: {error}", do="restore the table's log"
        ) from error
    return frozenset(unquote(path).rpartition("/")[2] for path in found)


def _oldest_kept(location: "Location", pinned: Collection[int], since: dt.datetime, newest: int) -> int:
    """The oldest version that must stay readable."""
    young = [
        int(match[1])
        for info in location.everything(LOG)
        if (match := _ENTRY.match(info.base_name)) and "json" in info.base_name and info.mtime >= since
    ]
    return min([newest, *young, *pinned])


def _entries(location: "Location") -> dict[str, int]:
    return {name: int(match[1]) for name in location.listing(LOG) if (match := _ENTRY.match(name))}
