"""Removes partitions older than their contract's retention."""

import datetime as dt
from typing import TYPE_CHECKING

import pyarrow as pa

from causalrec.lake.attempt import attempt
from causalrec.lake.commit import COMMIT_TRIES, commit_rewrite

if TYPE_CHECKING:
    from causalrec.lake.table import LakeTable


def expire(table: "LakeTable", today: dt.date) -> int:
    """Remove partitions dated more than ``retention_days`` before ``today``; returns their number.

    Tables that are not partitioned by date keep their rows. Pinned versions still hold the removed
    partitions, until the vacuum.

    Raises:
        ConflictError: another writer replaced such a partition meanwhile.
    """
    column = next((key for key in table.partition_by if pa.types.is_date(table.schema.field(key).type)), None)
    seen = table.snapshot()
    if column is None or seen is None:
        return 0
    first = (today - dt.timedelta(days=table.contract.retention_days)).isoformat()
    old = [file for file in seen.files if file.partition[column] < first]
    if not old:
        return 0
    with attempt(table.location, [file.partition for file in old], seen.version) as this:
        commit_rewrite(seen, old, [], this.id, COMMIT_TRIES, data_change=True)
    return len({tuple(file.partition.items()) for file in old})
