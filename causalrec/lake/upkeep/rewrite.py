"""Compaction: rewrites the many small files of a partition into few with the same rows."""

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from causalrec.errors import LakeError
from causalrec.lake.attempt import attempt
from causalrec.lake.commit import COMMIT_TRIES, commit_rewrite
from causalrec.lake.digest import Digest
from causalrec.lake.files import NewFile, PartitionWriter, stored_digest
from causalrec.lake.partition import render
from causalrec.lake.snapshot import DataFile, Snapshot

if TYPE_CHECKING:
    from causalrec.lake.table import LakeTable


@dataclass(frozen=True)
class Compacted:
    """Files before and after, over the partitions that were rewritten."""

    partitions: int = 0
    before: int = 0
    after: int = 0


def compact(table: "LakeTable") -> Compacted:
    """Rewrite every partition of more than ``max_files_per_partition`` files, in one transaction each.

    One row group is in memory at a time. Files that other writers add meanwhile are kept.

    Raises:
        ConflictError: another writer replaced a partition meanwhile; partitions already done stay compacted.
        LakeError: the new files do not hold the old rows; the old ones stay.
    """
    total = Compacted()
    seen = table.snapshot()
    if seen is None:
        return total
    groups: dict[str, list[DataFile]] = defaultdict(list)
    for file in seen.files:
        groups[render(file.partition)].append(file)
    for name, old in sorted(groups.items()):
        if len(old) <= table.settings.max_files_per_partition:
            continue
        with attempt(table.location, [old[0].partition], seen.version) as this:
            new = _merged(table, seen, old, this.id)
            before = sum((stored_digest(table.location, f.path, seen.stored_schema) for f in old), Digest())
            after = sum((Digest.parse(file.digest) for file in new), Digest())
            if before != after:
                raise LakeError(
                    f"{table.name} {name}: {before.rows:,} rows would become {after.rows:,} different rows",
                    do="check the disk; the old files stay",
                )
            seen = commit_rewrite(seen, old, new, this.id, COMMIT_TRIES, data_change=False)
        total = Compacted(total.partitions + 1, total.before + len(old), total.after + len(new))
    return total


def _merged(table: "LakeTable", seen: Snapshot, old: list[DataFile], attempt_id: str) -> list[NewFile]:
    size = sum(file.size for file in old)
    wanted = min(math.ceil(size / table.limits.group_bytes), table.settings.max_files_per_partition)
    new: list[NewFile] = []
    step = math.ceil(len(old) / max(1, wanted))
    for start in range(0, len(old), step):
        new += copied(table, seen, old[start : start + step], attempt_id, lambda rows: rows)
    return new


def copied(
    table: "LakeTable",
    seen: Snapshot,
    files: list[DataFile],
    attempt_id: str,
    keep: Callable[[pa.Table], pa.Table],
) -> list[NewFile]:
    """New files with the rows of ``files`` (all of one partition) that pass ``keep``."""
    location = table.location
    partition = files[0].partition
    writer = PartitionWriter(location, partition, table.schema, attempt_id, table.limits)
    for file in files:
        with pq.ParquetFile(location.path(file.path), filesystem=location.filesystem) as stored:
            for group in range(stored.num_row_groups):
                writer.add_stored(keep(aligned(stored.read_row_group(group), seen.stored_schema)))
    return writer.close()


def aligned(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """``rows`` in the columns of ``schema``; a column that the file lacks is null."""
    columns = [
        rows.column(field.name).cast(field.type)
        if field.name in rows.column_names
        else pa.chunked_array([pa.nulls(rows.num_rows, field.type)])
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)
