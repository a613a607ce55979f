"""The single write path: attempt, files, checks, comparison with the current content, one commit."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from causalrec.errors import LakeError, PinError
from causalrec.lake.attempt import attempt, sweep, sweep_dead
from causalrec.lake.commit import COMMIT_TRIES, commit_append, commit_replacement
from causalrec.lake.declared import Writable
from causalrec.lake.digest import Digest
from causalrec.lake.files import NewFile, stored_digest
from causalrec.lake.outcome import Written
from causalrec.lake.partition import Partition, folder, render
from causalrec.lake.snapshot import Snapshot
from causalrec.lake.volume import refuse_small

Store: TypeAlias = Callable[[str], list[NewFile]]
"""Writes the data files of an attempt (given its id) and returns them."""


def write_replacement(
    table: Writable, partitions: Sequence[Partition], allow_empty: bool, store: Store
) -> list[Written]:
    """Replace the whole content of ``partitions`` in one transaction; returns one Written each, in order.

    Partitions with unchanged content are left alone; if all are unchanged, nothing is committed.
    """
    _refuse_mode(table, "replace")
    seen = table.created()
    sweep_dead(table.location, partitions)
    with attempt(table.location, partitions, seen.version) as this:
        new = _grouped(store(this.id), partitions, table.name)
        found = {name: _total(files) for name, files in new.items()}
        if not allow_empty:
            _refuse_empty(table.name, found)
            if table.contract.volume_gate:
                rows = {name: digest.rows for name, digest in found.items()}
                refuse_small(seen, partitions, rows, table.settings)
        changed = [p for p in partitions if not _holds(seen, p, found[render(p)])]
        kept = [file for p in changed for file in new[render(p)]]
        final = seen
        if changed:
            final = commit_replacement(seen, changed, kept, this.id, COMMIT_TRIES)
        sweep(table.location, this, keep=frozenset(file.path for file in kept))
    return [_written(final, p, found[render(p)], p in changed) for p in partitions]


def write_append(table: Writable, store: Store, since: int | None = None) -> Written:
    """Add files in one transaction; the Written counts only the added rows.

    Given ``since``, only if that is still the newest version.
    """
    _refuse_mode(table, "append")
    seen = table.created()
    sweep_dead(table.location, [])
    with attempt(table.location, [], seen.version) as this:
        new = store(this.id)
        total = _total(new)
        final = seen
        if new:
            final = commit_append(seen, new, this.id, COMMIT_TRIES, since)
            touched = tuple(sorted({folder(file.partition) for file in new}))
            sweep(table.location, replace(this, folders=touched), keep=frozenset(file.path for file in new))
    names = {render(file.partition) for file in new}
    return Written(
        table=table.name,
        partition=names.pop() if len(names) == 1 else "",
        version=final.version,
        rows=total.rows,
        bytes=sum(file.size for file in new),
        digest=total.hex,
        changed=bool(new),
        table_id=final.table_id,
    )


def held_digest(snapshot: Snapshot, partition: Partition) -> Digest:
    """Digest of a partition's rows at a version, from the footers of its files."""
    schema = snapshot.stored_schema
    files = snapshot.select({key: [value] for key, value in partition.items()})
    with snapshot.readable():
        return sum((stored_digest(snapshot.location, file.path, schema) for file in files), Digest())


def _holds(snapshot: Snapshot, partition: Partition, content: Digest) -> bool:
    """Whether a partition has this content.

    False if its files are lost or damaged, so that it is rewritten.
    """
    try:
        return held_digest(snapshot, partition) == content
    except PinError:
        return False


def _refuse_mode(table: Writable, mode: str) -> None:
    if table.contract.write != mode:
        raise LakeError(
            f"{table.name} is declared write: {table.contract.write}, not {mode}",
            do=f"use {table.contract.write}, or change schemas/{table.name}.yaml",
        )


def _grouped(new: list[NewFile], partitions: Sequence[Partition], table: str) -> dict[str, list[NewFile]]:
    groups: dict[str, list[NewFile]] = {render(partition): [] for partition in partitions}
    for file in new:
        if render(file.partition) not in groups:
            raise LakeError(
                f"{table}: {file.rows} rows lie in {render(file.partition)},"
                " which this write does not replace",
                do="filter or quarantine them before the write; nothing was written",
            )
        groups[render(file.partition)].append(file)
    return groups


def _total(files: list[NewFile]) -> Digest:
    return sum((Digest.parse(file.digest) for file in files), Digest())


def _refuse_empty(table: str, found: dict[str, Digest]) -> None:
    empty = sorted(name for name, digest in found.items() if digest.rows == 0)
    if empty:
        raise LakeError(
            f"{table}: no rows for {', '.join(empty[:3])} ({len(empty)} in all); the old content stays",
            do="check the input, or pass allow_empty where an empty partition is right",
        )


def _written(snapshot: Snapshot, partition: Partition, digest: Digest, changed: bool) -> Written:
    files = [file for file in snapshot.files if render(file.partition) == render(partition)]
    return Written(
        table=snapshot.name,
        partition=render(partition),
        version=snapshot.version,
        rows=digest.rows,
        bytes=sum(file.size for file in files),
        digest=digest.hex,
        changed=changed,
        table_id=snapshot.table_id,
    )
