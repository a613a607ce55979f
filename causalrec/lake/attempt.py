"""Write attempts: every data file carries the id of its attempt, and a note tells which attempts never ended.

A killed writer leaves files that no version names. They cannot be told from files of an older version by
the log alone, nor from files of a writer that is still at work; so an attempt leaves a note under
``_attempts/`` while it runs, with its process and its partitions. The next writer of such a partition
clears away what a dead one left.
"""

import datetime as dt
import json
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from causalrec.errors import LakeError
from causalrec.lake.partition import Partition, folder
from causalrec.lake.storage import Location

NOTES = "_attempts"
COMMIT_KEY = "causalrec.attempt"


@dataclass(frozen=True)
class Attempt:
    """One try to write some partitions of a table; no folders: it may write to any."""

    id: str
    folders: tuple[str, ...]
    began: float
    host: str
    process: str

    @property
    def note(self) -> str:
        """Path of the note, relative to the table."""
        return f"{NOTES}/{self.id}.json"


@contextmanager
def attempt(location: Location, partitions: Sequence[Partition]) -> Iterator[Attempt]:
    """Note the attempt, let the caller write and commit, then drop the note.

    On an error the files of the attempt are deleted before it is passed on, unless its commit went through:
    a store may lose the answer to a commit that it took.
    """
    this = Attempt(
        id=uuid4().hex[:16],
        folders=tuple(sorted({folder(partition) for partition in partitions})),
        began=dt.datetime.now(dt.UTC).timestamp(),
        host=socket.gethostname(),
        process=_process(os.getpid()),
    )
    _note(location, this)
    try:
        yield this
    except BaseException:
        with suppress(DeltaError, OSError):  # cannot tell now: the note stays, the next writer will know
            _settle(location, this)
        raise
    location.delete([this.note])


def _settle(location: Location, one: Attempt) -> list[str]:
    """Clear away an attempt that ended: its note, and its files unless they are part of a version."""
    try:
        delta = DeltaTable(location.uri, storage_options=location.delta_options)
    except TableNotFoundError:
        return sweep(location, one, keep=frozenset())
    if not _committed(delta, one):
        return sweep(location, one, keep=frozenset())
    location.delete([one.note])
    return []


def _note(location: Location, this: Attempt) -> None:
    try:
        location.make_folder(NOTES)
        with location.filesystem.open_output_stream(location.path(this.note)) as stream:
            stream.write(json.dumps(this.__dict__).encode())
    except OSError as error:
        with suppress(OSError):
            location.delete([this.note])
        raise LakeError(
            f"cannot write to {location.uri}: {error}", do="free space or check rights; nothing was changed"
        ) from error


def sweep(location: Location, one: Attempt, keep: frozenset[str]) -> list[str]:
    """Delete the attempt's files except ``keep``, then its note; the paths deleted."""
    mark = f"part-{one.id}-"
    folders = one.folders or location.folders()
    found = [f"{where}/{name}" if where else name for where in folders for name in location.listing(where)]
    strays = [path for path in found if mark in path and path not in keep]
    location.delete(strays)
    location.delete([one.note])
    return strays


def sweep_dead(
    location: Location, delta: DeltaTable | None, partitions: Sequence[Partition] | None, lease: float
) -> list[str]:
    """Clear away what dead attempts left in these partitions (None: anywhere); the paths deleted.

    An attempt is dead when its process is gone from this host, or, noted by another host, when it is older
    than ``lease`` seconds. Files of an attempt that did commit (it died before dropping its note) stay.
    """
    wanted = {folder(partition) for partition in partitions or ()}
    deleted = []
    for name in location.listing(NOTES):
        one = _load(location, f"{NOTES}/{name}")
        if one is None or not _dead(one, lease):
            continue
        if partitions is not None and one.folders and wanted.isdisjoint(one.folders):
            continue
        if delta is not None and _committed(delta, one):
            location.delete([one.note])
        else:
            deleted += sweep(location, one, keep=frozenset())
    return deleted


def _load(location: Location, path: str) -> Attempt | None:
    """A note, or None where it is gone meanwhile or half-written."""
    try:
        with location.filesystem.open_input_stream(location.path(path)) as stream:
            tree = json.loads(stream.read())
        return Attempt(**{**tree, "folders": tuple(tree["folders"])})
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def _dead(one: Attempt, lease: float) -> bool:
    if one.host != socket.gethostname():
        return dt.datetime.now(dt.UTC).timestamp() - one.began > lease
    return one.process != _process(int(one.process.split(":")[0]))


def _process(pid: int) -> str:
    """``pid:start``: a process that no later one with the same number can be taken for."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        return f"{pid}:{stat.rpartition(')')[2].split()[19]}"
    except OSError:
        return f"{pid}:{'alive' if _runs(pid) else 'gone'}"


def _runs(pid: int) -> bool:
    """Whether the process exists, on systems without /proc."""
    if Path("/proc/self").exists():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _committed(delta: DeltaTable, one: Attempt) -> bool:
    """Whether some version carries the attempt's id; read newest first, back to the time when it began."""
    for commit in delta.history():
        if commit.get(COMMIT_KEY) == one.id:
            return True
        if commit.get("timestamp", 0) / 1000 < one.began - 1:
            return False
    return False
