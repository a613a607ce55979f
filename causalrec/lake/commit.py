"""One transaction: remove the files that were read, add the new ones, only if nobody was faster.

delta-rs merges two concurrent overwrites of a partition that was empty (both land, rows double), so its own
conflict check is not enough. Here every commit is a compare-and-set on the table version (no retries inside
delta-rs); after a lost race the partitions are compared with what the writer had seen, and the commit is
repeated only if no other writer touched them.
"""

import random
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from deltalake import CommitProperties
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction, RemoveAction

from causalrec.errors import ConflictError, LakeError
from causalrec.lake.attempt import COMMIT_KEY
from causalrec.lake.files import NewFile
from causalrec.lake.partition import Partition, render
from causalrec.lake.snapshot import DataFile, Snapshot

PAUSE = 0.02  # seconds; grows with every lost race
LONGEST_PAUSE = 0.5

Removals: TypeAlias = Callable[[Snapshot], list[DataFile]]
"""The files that must leave, given the version the commit builds on; raises where that is a conflict."""


def commit_replacement(
    seen: Snapshot, partitions: Sequence[Partition], new: list[NewFile], attempt: str, tries: int
) -> Snapshot:
    """Replace the whole content of ``partitions`` by ``new``; the committed version.

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


def commit_append(seen: Snapshot, new: list[NewFile], attempt: str, tries: int) -> Snapshot:
    """Add files; the committed version. Appends never conflict with one another.

    Raises:
        LakeError: the race for the version was lost ``tries`` times.
    """
    return _commit(seen, new, attempt, tries, lambda _: [])


def _commit(seen: Snapshot, new: list[NewFile], attempt: str, tries: int, removals: Removals) -> Snapshot:
    missing = seen.location.missing([file.path for file in new])
    if missing:  # delta-rs would commit entries of files that do not exist
        raise LakeError(
            f"{seen.name}: {len(missing)} files vanished before the commit, first {missing[0]}",
            do="let every executor write to storage that the driver sees too",
        )
    adds = [_add(file) for file in new]
    current = seen
    for turn in range(tries):
        removes = [_remove(file) for file in removals(current)]
        try:
            current.delta.create_write_transaction(
                [*removes, *adds],
                "append",  # append with explicit removals: exactly these files leave
                current.delta.schema(),
                list(current.partition_by),
                commit_properties=CommitProperties(
                    custom_metadata={COMMIT_KEY: attempt}, max_commit_retries=0
                ),
            )
        except CommitFailedError as error:
            newer = current.reopened()
            if newer.version == current.version:  # no race: the log itself could not be written
                raise LakeError(
                    f"{seen.name}: commit failed: {error}", do="check disk space and rights"
                ) from error
            time.sleep(min(LONGEST_PAUSE, PAUSE * (turn + 1)) * (0.5 + random.random()))  # noqa: S311 - spreads writers
            current = newer
            continue
        return current.reopened(current.version + 1)
    raise LakeError(
        f"{seen.name}: {tries} commits in a row lost the race for the next version",
        do="run the job again with fewer writers at once",
    )


def _held(snapshot: Snapshot, partitions: Iterable[Partition]) -> list[DataFile]:
    wanted = {render(partition) for partition in partitions}
    return [file for file in snapshot.files if render(file.partition) in wanted]


def _add(file: NewFile) -> AddAction:
    return AddAction(file.path, file.size, dict(file.partition), int(time.time() * 1000), True, file.stats)


def _remove(file: DataFile) -> RemoveAction:
    return RemoveAction(file.path, True, int(time.time() * 1000), file.size, dict(file.partition))
