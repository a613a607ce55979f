"""One transaction: remove the files that were read and add the new ones, unless another writer was faster.

delta-rs merges two concurrent overwrites of a partition that was empty (both land, rows double), so its own
conflict check is not enough. Here every commit is a compare-and-set on the table version (no retries inside
delta-rs); after a lost race the partitions are compared with what the writer had read, and the commit is
repeated only if no other writer has touched them.
"""

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from deltalake import CommitProperties, PostCommitHookProperties
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import AddAction, RemoveAction

from causalrec.errors import ConflictError, LakeError
from causalrec.lake import clock
from causalrec.lake.attempt import COMMIT_KEY
from causalrec.lake.files import NewFile
from causalrec.lake.partition import Partition, render
from causalrec.lake.snapshot import DataFile, Snapshot

COMMIT_TRIES = 100  # while other writers are faster
PAUSE = 0.02  # seconds; grows with every lost race
LONGEST_PAUSE = 0.5
REVOKED_KEY = "causalrec.revoked"
KEEP_LOG = PostCommitHookProperties(cleanup_expired_logs=False)
"""delta-rs would drop log entries after 30 days, and with them pinned versions; see :mod:`upkeep`."""

Removals: TypeAlias = Callable[[Snapshot], list[DataFile]]
"""The files to remove, given the version the commit builds on; raises on a conflict."""


def commit_replacement(
    seen: Snapshot, partitions: Sequence[Partition], new: list[NewFile], attempt: str, tries: int
) -> Snapshot:
    """Replace the whole content of ``partitions`` by ``new``; returns the committed version.

    Raises:
        ConflictError: another writer changed one of the partitions since ``seen``.
        LakeError: the race for the version was lost ``tries`` times.
    """
    before = _held(seen, partitions)

    def removals(current: Snapshot) -> list[DataFile]:
        held = _held(current, partitions)
        if {file.path for file in held} != {file.path for file in before}:
            names = ", ".join(render(partition) for partition in partitions[:3])
            raise ConflictError(
                f"{seen.name} {names}: another writer replaced it "
                f"between versions {seen.version} and {current.version}",
                do="run this job again; it starts from the other writer's result",
            )
        return held

    return _commit(seen, new, attempt, tries, removals)


def commit_append(
    seen: Snapshot, new: list[NewFile], attempt: str, tries: int, since: int | None = None
) -> Snapshot:
    """Add files; returns the committed version. Appends conflict only with commits after version ``since``.

    Raises:
        ConflictError: the table is no longer at ``since``.
        LakeError: the race for the version was lost ``tries`` times.
    """

    def removals(current: Snapshot) -> list[DataFile]:
        if since is not None and current.version != since:
            raise ConflictError(
                f"{seen.name} is at version {current.version}, the row was written for version {since}",
                do="read what came in between, then run this again",
            )
        return []

    return _commit(seen, new, attempt, tries, removals)


def commit_rewrite(
    seen: Snapshot,
    old: list[DataFile],
    new: list[NewFile],
    attempt: str,
    tries: int,
    *,
    data_change: bool,
) -> Snapshot:
    """Replace the files ``old`` by ``new``, whatever else was added meanwhile; returns the version.

    Args:
        seen: the version that holds ``old``.
        old: files to remove. new: files to add; none if rows are only deleted.
        attempt: id of the attempt that wrote them.
        tries: how many races for the version may be lost.
        data_change: False if the rows stay the same in fewer files.

    Raises:
        ConflictError: another writer removed one of the old files meanwhile.
        LakeError: the race for the version was lost ``tries`` times.
    """
    leaving = {file.path for file in old}

    def removals(current: Snapshot) -> list[DataFile]:
        held = [file for file in current.files if file.path in leaving]
        if len(held) < len(leaving):
            raise ConflictError(
                f"{seen.name}: another writer replaced {len(leaving) - len(held)} of the files to rewrite "
                f"between versions {seen.version} and {current.version}",
                do="run this again; it starts from the other writer's result",
            )
        return held

    return _commit(seen, new, attempt, tries, removals, data_change)


def commit_revocation(seen: Snapshot, attempts: Sequence[str], tries: int) -> Snapshot:
    """Commit a version without content, after which none of ``attempts`` can commit; returns that version.

    Whether one of them committed before is in the log up to it: versions order the two events, which clocks
        of different machines cannot.

    Raises:
        LakeError: the race for the version was lost ``tries`` times.
    """
    return _commit(seen, [], ",".join(attempts), tries, lambda _: [], key=REVOKED_KEY)


def _commit(
    seen: Snapshot,
    new: list[NewFile],
    attempt: str,
    tries: int,
    removals: Removals,
    data_change: bool = True,
    key: str = COMMIT_KEY,
) -> Snapshot:
    missing = seen.location.missing([file.path for file in new])
    if missing:  # delta-rs would commit entries of files that do not exist
        raise LakeError(
            f"{seen.name}: {len(missing)} files vanished before the commit, first {missing[0]}",
            do="let every executor write to storage that the driver sees too",
        )
    adds = [_add(file, data_change) for file in new]
    current = seen
    for turn in range(tries):
        removes = [_remove(file, data_change) for file in removals(current)]
        try:
            current.delta.create_write_transaction(
                [*removes, *adds],
                "append",  # append with explicit removals: exactly these files leave
                current.delta.schema(),
                list(current.partition_by),
                commit_properties=CommitProperties(custom_metadata={key: attempt}, max_commit_retries=0),
                post_commithook_properties=KEEP_LOG,
            )
        except CommitFailedError as error:
            newer = current.reopened()
            between = newer.delta.history(max(0, newer.version - current.version))
            if any(entry.get(key) == attempt for entry in between):
                return newer  # it went through; the response was lost and the client retried
            _refuse_revoked(seen.name, attempt, between)
            if newer.version == current.version:  # not a race: the log itself could not be written
                raise LakeError(
                    f"{seen.name}: commit failed: {error}", do="check disk space and rights"
                ) from error
            pause(turn)
            current = newer
            continue
        except (DeltaError, OSError) as error:
            raise LakeError(
                f"{seen.name}: the commit failed: {error}", do="check disk space, rights and the store"
            ) from error
        return current.reopened(current.version + 1)
    raise LakeError(
        f"{seen.name}: {tries} commits in a row lost the race for the next version",
        do="run the job again with fewer writers at once",
    )


def pause(turn: int) -> None:
    """Wait a little after a lost race, longer with every further one."""
    time.sleep(min(LONGEST_PAUSE, PAUSE * (turn + 1)) * (0.5 + random.random()))  # noqa: S311 - spreads writers


def _refuse_revoked(table: str, attempt: str, between: Iterable[Mapping[str, Any]]) -> None:
    for entry in between:
        if attempt in str(entry.get(REVOKED_KEY, "")).split(","):
            raise ConflictError(
                f"{table}: upkeep on another machine took this writer for dead in version {entry['version']}",
                do="run this job again; let upkeep (python -m jobs.maintain) run once a night",
            )


def _held(snapshot: Snapshot, partitions: Iterable[Partition]) -> list[DataFile]:
    wanted = {render(partition) for partition in partitions}
    return [file for file in snapshot.files if render(file.partition) in wanted]


def _add(file: NewFile, data_change: bool) -> AddAction:
    return AddAction(file.path, file.size, dict(file.partition), clock.millis(), data_change, file.stats)


def _remove(file: DataFile, data_change: bool) -> RemoveAction:
    return RemoveAction(file.path, data_change, clock.millis(), file.size, dict(file.partition))
