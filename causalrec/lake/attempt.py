"""Write attempts: every data file carries the id of its attempt, and notes show which attempts never ended.

A killed writer leaves files that no version names. The log alone cannot distinguish them from files of an
older version or of a writer that is still running; so an attempt leaves a note under ``_attempts/`` while it
runs, with its process, its partitions and the version that it builds on. The next writer of such a partition
removes what a dead one left.

Clocks play no part. Whether a process on this machine is gone is known from its pid and start; only then is
the log read, starting at the version on which the attempt was based, so that no commit is missed. Nothing is
known about a process on another machine: upkeep marks its note, and the next upkeep first forbids it to
commit (by a version that says so, see :mod:`causalrec.lake.commit`) and then checks whether it already had.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote
from uuid import uuid4

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from causalrec.errors import LakeError
from causalrec.lake.partition import Partition, folder
from causalrec.lake.process import Process, this_process
from causalrec.store import Location

NOTES = "_attempts"
NOTE, PASSED = ".json", ".passed"
COMMIT_KEY = "causalrec.attempt"
NO_TABLE = -1

Fate = Literal["committed", "open", "untold"]


@dataclass(frozen=True)
class Attempt:
    """One attempt to write some partitions of a table; without folders it may write to any.

    Attributes:
        since: version of the table that it builds on; -1 for none, or if an older release did not note it.
    """

    id: str
    folders: tuple[str, ...]
    since: int
    process: Process

    @property
    def note(self) -> str:
        """Path of the note, relative to the table."""
        return f"{NOTES}/{self.id}{NOTE}"

    @property
    def passed(self) -> str:
        """Path of the mark left by an upkeep that cannot tell whether the process is alive."""
        return f"{NOTES}/{self.id}{PASSED}"


@contextmanager
def attempt(location: Location, partitions: Sequence[Partition], since: int) -> Iterator[Attempt]:
    """Note the attempt, let the caller write and commit on top of version ``since``, then drop the note.

    On an error the files of the attempt are deleted before the error is passed on, unless its commit went
    through: a store may lose the response to a commit that it accepted.
    """
    this = Attempt(
        id=uuid4().hex[:16],
        folders=tuple(sorted({folder(partition) for partition in partitions})),
        since=since,
        process=this_process(),
    )
    _note(location, this)
    try:
        yield this
    except BaseException:
        with suppress(DeltaError, OSError):  # cannot tell now: the note stays for the next writer
            clear(location, this)
        raise
    drop(location, this)


def _note(location: Location, this: Attempt) -> None:
    process = this.process
    tree = {"id": this.id, "folders": this.folders, "since": this.since}
    tree |= {"host": process.host, "boot": process.boot, "process": process.life}
    try:
        location.make_folder(NOTES)
        with location.filesystem.open_output_stream(location.path(this.note)) as stream:
            stream.write(json.dumps(tree).encode())
    except OSError as error:
        with suppress(OSError):
            location.delete([this.note])
        raise LakeError(
            f"cannot write to {location.uri}: {error}", do="free space or check rights; nothing was changed"
        ) from error


def drop(location: Location, one: Attempt) -> None:
    """Forget an attempt that ended."""
    location.delete([one.note, one.passed])


def sweep(location: Location, one: Attempt, keep: frozenset[str]) -> list[str]:
    """Delete the attempt's files except ``keep``, then its note; returns the deleted paths."""
    mark = f"part-{one.id}-"
    folders = one.folders or location.folders()
    found = [f"{where}/{name}" if where else name for where in folders for name in location.listing(where)]
    strays = [path for path in found if mark in path and path not in keep]
    location.delete(strays)
    drop(location, one)
    return strays


def sweep_dead(location: Location, partitions: Sequence[Partition] | None) -> list[str]:
    """Remove what dead processes of this machine left in these partitions (None: anywhere).

    Files of an attempt that did commit (it died before dropping its note) stay. Returns the deleted paths.
    """
    wanted = {folder(partition) for partition in partitions or ()}
    deleted = []
    for one in notes(location):
        mine = partitions is None or not one.folders or not wanted.isdisjoint(one.folders)
        if mine and one.process.state == "gone":
            deleted += clear(location, one)
    return deleted


def clear(location: Location, one: Attempt) -> list[str]:
    """Remove an attempt that can no longer commit: its note, and its files unless a version named them.

    If the log does not reach back far enough, the files stay; a vacuum knows which ones are needed.
    """
    try:
        delta = DeltaTable(location.uri, storage_options=location.delta_options)
    except TableNotFoundError:
        return sweep(location, one, keep=frozenset())
    if _fate(delta, one) == "open":
        named = pa.table(delta.get_add_actions())["path"].to_pylist()
        return sweep(location, one, keep=frozenset(map(unquote, named)))
    drop(location, one)
    return []


def notes(location: Location) -> list[Attempt]:
    """Attempts that are not known to have ended."""
    names = [name for name in location.listing(NOTES) if name.endswith(NOTE)]
    found = [_load(location, f"{NOTES}/{name}") for name in names]
    return [one for one in found if one is not None]


def _load(location: Location, path: str) -> Attempt | None:
    """A note; None if it has disappeared meanwhile or is half-written."""
    try:
        with location.filesystem.open_input_stream(location.path(path)) as stream:
            tree = json.loads(stream.read())
        process = Process(tree["host"], tree.get("boot", ""), tree["process"])
        return Attempt(tree["id"], tuple(tree["folders"]), int(tree.get("since", NO_TABLE)), process)
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def _fate(delta: DeltaTable, one: Attempt) -> Fate:
    """Whether a version after the one that the attempt builds on carries its id."""
    newer = delta.version() - one.since
    if newer == 0:
        return "open"
    entries = delta.history(newer if newer > 0 else None)  # below: the table has been recreated since
    if any(entry.get(COMMIT_KEY) == one.id for entry in entries):
        return "committed"
    first = one.since + 1 if newer > 0 else 0
    oldest = min((int(entry["version"]) for entry in entries), default=delta.version())
    return "open" if oldest <= first else "untold"
