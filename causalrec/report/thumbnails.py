"""Product pictures as small data URIs, so that a page needs no other file; the total size is bounded."""

import base64
import io
from collections.abc import Mapping

from PIL import Image

from causalrec.config import Settings
from causalrec.errors import CausalrecError
from causalrec.pictures.decode import decode
from causalrec.pictures.resolver import Resolver

MAX_BYTES = 6_000_000  # page size beyond which pictures are left out, in bytes

THUMBNAIL_PIXELS = 112  # side of a picture, in pixels

QUALITY = 78


class Thumbnails:
    """item id -> data URI of its picture; each picture is embedded once.

    Args:
        most_bytes: size of all pictures together, beyond which items have none.
    """

    def __init__(
        self, settings: Settings, references: Mapping[str, str], most_bytes: int = MAX_BYTES
    ) -> None:
        self._most_bytes = most_bytes
        self._caps = settings.features.image
        self._resolver = Resolver(settings.image_roots, settings.fetch)
        self._references = references
        self._found: dict[str, str | None] = {}  # by reference
        self._bytes = 0

    def uri(self, item_id: str) -> str | None:
        """None for an item without a usable picture, and once the page is full."""
        reference = self._references.get(item_id)
        return self.of(reference) if reference else None

    def of(self, reference: str) -> str | None:
        """The same for a picture by its reference."""
        if reference not in self._found:
            self._found[reference] = self._read(reference)
        return self._found[reference]

    def _read(self, reference: str) -> str | None:
        if self._bytes >= self._most_bytes:
            return None
        try:
            data = self._resolver.read(reference, self._caps.max_bytes)
            picture = decode(data, self._caps, THUMBNAIL_PIXELS)
        # a picture never makes a page fail; ingest has recorded the problem
        except (CausalrecError, OSError, ValueError):
            return None
        uri = _as_uri(picture, THUMBNAIL_PIXELS)
        self._bytes += len(uri)
        return uri


def _as_uri(picture: Image.Image, side: int) -> str:
    small = picture.copy()
    small.thumbnail((2 * side, 2 * side))  # twice the CSS size, for dense screens
    target = io.BytesIO()
    small.save(target, "JPEG", quality=QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(target.getvalue()).decode("ascii")
