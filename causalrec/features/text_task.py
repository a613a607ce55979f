"""What a Spark worker does with texts: embed, batch by batch."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from causalrec.config.features import TextSettings
from causalrec.features.encoders.text import load_text_encoder
from causalrec.features.increment import EMBEDDED

KEYS_PER_TASK = 2_048  # texts of one Spark task


@dataclass(frozen=True)
class TextTask:
    """For ``mapInArrow``: keys and texts to vectors. Texts are sorted by length within ``keys_per_task``."""

    settings: TextSettings
    encoder_id: str

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for start in range(0, batch.num_rows, KEYS_PER_TASK):
                yield self._encode(batch.slice(start, KEYS_PER_TASK))

    def _encode(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        encoder = load_text_encoder(self.settings, self.encoder_id)
        before = encoder.halvings
        vectors, truncated = encoder.encode(batch.column("text").to_pylist())
        rows = len(vectors)
        halvings = [encoder.halvings - before] + [0] * (rows - 1) if rows else []
        offsets = pa.array(range(0, rows * encoder.dim + 1, encoder.dim), pa.int32())
        columns = [
            batch.column("content_key").cast(pa.string()),
            pa.ListArray.from_arrays(offsets, pa.array(vectors.ravel())),
            pa.repeat(pa.scalar(encoder.dim, pa.int32()), rows),
            pa.repeat(pa.scalar(self.encoder_id), rows),
            pa.nulls(rows, pa.string()),
            pa.array(truncated),
            pa.repeat(pa.scalar(encoder.device), rows),
            pa.array(halvings, pa.int32()),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=EMBEDDED)
