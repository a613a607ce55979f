"""Reads pictures on Spark workers: bytes are fetched, hashed and checked there and never leave the worker."""

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa

from causalrec.config.features import ImageSettings
from causalrec.errors import ReasonCode, ResourceRefused, ResourceUnreachable
from causalrec.pictures.header import RejectedPicture, check_picture
from causalrec.pictures.resolver import Resolver, ResourceTooLarge

READ_THREADS = 4  # pictures that one Spark task reads at a time

INSPECTED = pa.schema(
    [
        ("image_ref", pa.string()),
        ("sha256", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("format", pa.string()),
        ("bytes", pa.int64()),
        ("reason_code", pa.string()),
        ("detail", pa.string()),
    ]
)


def read_picture(resolver: Resolver, reference: str, caps: ImageSettings) -> bytes:
    """The bytes behind a reference.

    Raises:
        RejectedPicture: forbidden, missing, out of reach, empty or too large.
    """
    try:
        data = resolver.read(reference, caps.max_bytes)
    except ResourceTooLarge as error:
        raise RejectedPicture(ReasonCode.IMAGE_TOO_LARGE, f"more than {caps.max_bytes} bytes") from error
    except ResourceRefused as error:
        raise RejectedPicture(ReasonCode.IMAGE_FORBIDDEN, error.what) from error
    except FileNotFoundError as error:
        raise RejectedPicture(ReasonCode.IMAGE_MISSING, "no such file under the image roots") from error
    except ResourceUnreachable as error:
        raise RejectedPicture(ReasonCode.IMAGE_UNREACHABLE, error.what) from error
    except MemoryError:
        raise  # the machine's trouble, not the picture's
    except Exception as error:  # store clients may raise anything; one address must not end a night
        raise RejectedPicture(ReasonCode.IMAGE_UNREACHABLE, f"unreadable ({type(error).__name__})") from error
    if not data:
        raise RejectedPicture(ReasonCode.IMAGE_EMPTY, "no bytes")
    return data


@dataclass(frozen=True)
class InspectTask:
    """For ``mapInArrow``: batches of references (column ``image_ref``) to batches of :data:`INSPECTED`."""

    resolver: Resolver
    caps: ImageSettings

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        with ThreadPoolExecutor(READ_THREADS) as pool:
            for batch in batches:
                rows = list(pool.map(self.inspect, batch.column("image_ref").to_pylist()))
                yield pa.RecordBatch.from_pylist(rows, schema=INSPECTED)

    def inspect(self, reference: str) -> dict[str, object]:
        """One row: what the picture is, or why it cannot be used."""
        try:
            data = read_picture(self.resolver, reference, self.caps)
            header = check_picture(data, self.caps)
        except RejectedPicture as rejected:
            return {"image_ref": reference, "reason_code": str(rejected.reason), "detail": rejected.detail}
        return {
            "image_ref": reference,
            "sha256": hashlib.sha256(data).hexdigest(),
            "width": header.width,
            "height": header.height,
            "format": header.format,
            "bytes": len(data),
        }
