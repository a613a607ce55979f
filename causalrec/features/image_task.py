"""What a Spark worker does with pictures: read, verify the bytes, decode ahead, embed."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from causalrec.config.features import ImageSettings
from causalrec.errors import ReasonCode
from causalrec.features.encoders.base import ImageEncoder
from causalrec.features.encoders.image import load_image_encoder
from causalrec.features.increment import EMBEDDED
from causalrec.features.prefetch import Prefetch
from causalrec.pictures.decode import decode
from causalrec.pictures.header import RejectedPicture
from causalrec.pictures.read import read_picture
from causalrec.pictures.resolver import Resolver

READ_AHEAD = 2  # threads that read and decode while the model computes

Row = dict[str, Any]
Found = npt.NDArray[np.float32] | ReasonCode  # a prepared picture, or the reason why there is none


@dataclass(frozen=True)
class ImageTask:
    """For ``mapInArrow``: keys and references to vectors. Holds a few small batches at a time."""

    settings: ImageSettings
    encoder_id: str
    resolver: Resolver

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        encoder: ImageEncoder | None = None
        for batch in batches:
            if encoder is None:  # an empty task loads no model
                encoder = load_image_encoder(self.settings, self.encoder_id)
                prefetch = Prefetch(self._reader(encoder), READ_AHEAD)
            for rows, found in prefetch.over(_small(batch, encoder.batch_size)):
                yield self._embed(encoder, rows, found)

    def _reader(self, encoder: ImageEncoder) -> Callable[[list[Row]], tuple[list[Row], list[Found]]]:
        def read(rows: list[Row]) -> tuple[list[Row], list[Found]]:
            return rows, [self._picture(row["content_key"], row["references"], encoder) for row in rows]

        return read

    def _embed(self, encoder: ImageEncoder, rows: list[Row], found: list[Found]) -> pa.RecordBatch:
        pixels = {place: one for place, one in enumerate(found) if isinstance(one, np.ndarray)}
        before = encoder.halvings
        vectors = dict(zip(pixels, encoder.embed(list(pixels.values())), strict=True))
        embedded = [
            {
                "content_key": row["content_key"],
                "vector": vectors.get(place),
                "dim": encoder.dim,
                "encoder_id": self.encoder_id,
                "reason": None if place in vectors else str(found[place]),
                "truncated": False,
                "device": encoder.device,
                "halvings": 0 if place else encoder.halvings - before,
            }
            for place, row in enumerate(rows)
        ]
        return pa.RecordBatch.from_pylist(embedded, schema=EMBEDDED)

    def _picture(self, key: str, references: Sequence[str], encoder: ImageEncoder) -> Found:
        """The picture with exactly these bytes from the first reference that has it, or the last failure."""
        reason = ReasonCode.IMAGE_MISSING
        for reference in references:
            try:
                data = read_picture(self.resolver, reference, self.settings)
                if hashlib.sha256(data).hexdigest() != key:
                    raise RejectedPicture(ReasonCode.IMAGE_CHANGED, "bytes differ from those ingested")
                return encoder.prepare(decode(data, self.settings, encoder.side))
            except RejectedPicture as rejected:
                reason = rejected.reason
        return reason


def _small(batch: pa.RecordBatch, size: int) -> Iterator[list[Row]]:
    for start in range(0, batch.num_rows, size):
        yield batch.slice(start, size).to_pylist()
