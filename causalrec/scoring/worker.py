"""Runs on executors: one engine per task, blocks of users in, blocks of recommendations out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.arrays import Floats
from causalrec.ranking.ann import load_index
from causalrec.ranking.asked import Asked
from causalrec.ranking.catalogue import Catalogue
from causalrec.ranking.engine import Engine
from causalrec.ranking.histories import from_ids
from causalrec.ranking.ranked import Ranked
from causalrec.ranking.topk import Indices
from causalrec.ranking.wording.compose import Wording

HIDDEN = "hidden"
"""Column of the items that a user must not get."""

RECOMMENDED = pa.schema(
    [
        ("user_id", pa.string()),
        ("rank", pa.int32()),
        ("item_id", pa.string()),
        ("score", pa.float64()),
        ("score_raw", pa.float64()),
        ("score_content", pa.float64()),
        ("score_rank", pa.int32()),
        ("raw_rank", pa.int32()),
        ("reason_code", pa.string()),
        ("reason_text", pa.string()),
        ("reason_item_id", pa.string()),
        ("reason_image", pa.string()),
        ("shop_reason", pa.string()),
        ("adjustment_code", pa.string()),
        ("confounder_code", pa.string()),
        ("fallback", pa.string()),
        ("policy", pa.string()),
        ("propensity", pa.float64()),
    ]
)


@dataclass(frozen=True)
class ScoreTask:
    """A ``mapInArrow`` function over (user_id, user_row, history), and hidden where pairs are hidden.

    Attributes:
        archive: name under which the model's files were sent.
        catalogue: the items that may be recommended; travels once per executor.
        wording: the shop's words for reasons.
        seed: for the random places of exploration and new items.
        index: file name of the approximate index next to the model's files; empty without one.
    """

    archive: str
    catalogue: Catalogue
    settings: ScoringSettings
    wording: Wording
    seed: str = ""
    index: str = ""

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Memory is bounded by the configured block size, whatever the number of users."""
        engine = self.engine()
        ids = pa.array(self.catalogue.item_ids, pa.string())
        for batch in batches:
            yield from recommend_batch(engine, ids, batch, self.settings.k, self.seed, self.wording)

    def engine(self) -> Engine:
        """Of the model's files, as they were sent."""
        from pyspark import SparkFiles

        from causalrec.registry.package import ModelPackage

        package = ModelPackage(Path(SparkFiles.get(self.archive)))
        index = load_index(package.folder / self.index) if self.index else None
        return package.engine(self.settings, self.catalogue, index)


def recommend_batch(
    engine: Engine, ids: pa.Array, batch: pa.RecordBatch, k: int, seed: str, wording: Wording
) -> Iterator[pa.RecordBatch]:
    """Recommendations for the users of one batch, block by block."""
    asked = asked_of(batch, ids, k, seed)
    yield from (as_arrow(block, asked, ids, wording) for block in engine.ranked(asked) if block.users.size)


def asked_of(batch: pa.RecordBatch, ids: pa.Array, k: int, seed: str) -> Asked:
    """What an engine is asked about the users of one batch."""
    users = batch.column("user_id").to_numpy(zero_copy_only=False)
    rows = batch.column("user_row").to_numpy(zero_copy_only=False).astype(np.int32)
    hidden = from_ids(batch.column(HIDDEN), ids) if HIDDEN in batch.schema.names else None
    return Asked(rows, from_ids(batch.column("history"), ids), k, users, seed, hidden)


def as_arrow(block: Ranked, asked: Asked, ids: pa.Array, wording: Wording) -> pa.RecordBatch:
    """Rows of :data:`RECOMMENDED`."""

    def or_null(texts: np.ndarray) -> pa.Array:
        return pa.array(texts, pa.string(), mask=texts == "")

    columns = [
        pa.array(asked.ids, pa.string()).take(pa.array(block.users)),
        pa.array(block.ranks, pa.int32()),
        ids.take(pa.array(block.items)),
        pa.array(block.scores, pa.float64()),
        _numbers(block.raw),
        _numbers(block.content),
        _places(block.places),
        _places(block.raw_places),
        pa.array(block.reason_codes, pa.string()),
        pa.array(block.reason_texts, pa.string()),
        ids.take(pa.array(block.because, mask=block.because < 0)),
        or_null(wording.images(block)),
        or_null(wording.texts(block)),
        or_null(block.adjustments),
        or_null(block.confounders),
        or_null(block.fallback),
        pa.array(block.policies, pa.string()),
        pa.array(block.propensity, pa.float64()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=RECOMMENDED)


def _numbers(values: Floats) -> pa.Array:
    """Doubles, null if there is no value."""
    return pa.array(values.astype(np.float64), mask=np.isnan(values))


def _places(places: Indices) -> pa.Array:
    """Places, null if nothing was compared."""
    return pa.array(places, pa.int32(), mask=places == 0)
