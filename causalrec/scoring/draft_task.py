"""Runs on executors: two engines per task, and one list of both per user."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from causalrec.ranking.interleaved import Interleaved
from causalrec.scoring.worker import ScoreTask, as_arrow, asked_of

RIVAL_ROW = "rival_row"
"""Column of the row of a user in the rival's model."""


@dataclass(frozen=True)
class DraftTask:
    """A ``mapInArrow`` function like :class:`~causalrec.scoring.worker.ScoreTask`, with ``rival_row`` too.

    Attributes:
        control, rival: of the same items.
        policy: of rows that the rival chose.
        salt: what the coins of the draft depend on.
    """

    control: ScoreTask
    rival: ScoreTask
    policy: str
    salt: str

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Memory is bounded by the configured block size, whatever the number of users."""
        both = Interleaved(self.control.engine(), self.rival.engine(), self.policy, self.salt)
        ids = pa.array(self.control.catalogue.item_ids, pa.string())
        for batch in batches:
            asked = asked_of(batch, ids, self.control.settings.k, self.control.seed)
            rows = batch.column(RIVAL_ROW).to_numpy(zero_copy_only=False).astype(np.int32)
            for block in both.ranked(asked, rows):
                if block.users.size:
                    yield as_arrow(block, asked, ids, self.control.wording)
