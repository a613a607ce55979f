"""Refuses a partition that is suspiciously small compared with earlier ones.

The row counts come from the table's log, and equal those in the ledger; as part of the version that the write
builds on, they cannot be out of step with it.
"""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence

from causalrec.config.lake import LakeSettings
from causalrec.errors import LakeError
from causalrec.lake.partition import Partition, render
from causalrec.lake.snapshot import Snapshot

HISTORY_PARTITIONS = 7  # number of newest partitions that a new one is compared with


def refuse_small(
    seen: Snapshot, partitions: Sequence[Partition], rows: Mapping[str, int], settings: LakeSettings
) -> None:
    """Compare each partition's new row count with its current one and with the median of those before it.

    Args:
        seen: the version that the write builds on.
        partitions: those that are replaced.
        rows: their new row counts, by rendered name.
        settings: smallest share, window (partitions), and the count below which differences are noise.

    Raises:
        LakeError: fewer than ``min_rows_share`` of either.
    """
    held: Counter[str] = Counter()
    for file in seen.files:
        held[render(file.partition)] += file.rows
    replaced = {render(partition) for partition in partitions}
    for name in sorted(replaced):
        earlier = sorted(other for other in held if other < name and other not in replaced)
        window = [held[other] for other in earlier[-HISTORY_PARTITIONS:]]
        usual = statistics.median(window) if window else 0
        for what, count in ((f"the median of the {len(window)} before it", usual), ("it held", held[name])):
            if count >= settings.history_min_rows and rows[name] < settings.min_rows_share * count:
                raise LakeError(
                    f"{seen.name}: {rows[name]:,} rows for {name}, {what}: {count:,.0f}; at least "
                    f"{settings.min_rows_share:.0%} are expected; the old content stays",
                    do="check the input, or lower lake.min_rows_share where so few rows are right",
                )
