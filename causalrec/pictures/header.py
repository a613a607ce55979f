"""Judges a picture by its header before anything is decoded, then verifies that it decodes.

Pillow raises errors of many families on hostile input (``DecompressionBombError`` is no ``OSError``); here
every one of them ends as a :class:`RejectedPicture` with a reason code.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import pillow_heif
from PIL import Image, PngImagePlugin, UnidentifiedImageError

from causalrec.config.features import ImageSettings
from causalrec.errors import ReasonCode, SourceError
from causalrec.pictures.frames import shown_frame
from causalrec.pictures.png import without_damaged_extras

MAX_SCANS = 100  # of a progressive JPEG; each costs a pass over all pixels

# A JPEG is verified by decoding it at this size or the next larger scale: the whole entropy-coded stream is
# still read, at an eighth of the work.
PROOF_SIDE = 32
JPEG, START_OF_SCAN, END = b"\xff\xd8\xff", b"\xff\xda", b"\xff\xd9"
OTHER_PIXELS = b"\x55\xaa" * 64
MAX_TEXT_BYTES = 16 << 20  # of one PNG text; editors leave megabytes of XMP there


class RejectedPicture(SourceError):
    """A picture that must not be used, with the reason code that is recorded."""

    def __init__(self, reason: ReasonCode, detail: str) -> None:
        super().__init__(f"{reason}: {detail}", do="deliver the picture again")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Header:
    """Header facts: format (Pillow's name), width and height in pixels before rotation."""

    format: str
    width: int
    height: int


def open_picture(data: bytes, caps: ImageSettings) -> Image.Image:
    """Open ``data`` lazily: header read and judged, no pixel decoded.

    Raises:
        RejectedPicture: empty, too many bytes, not an image of an allowed format, or of a size out of bounds.
    """
    if not data:
        raise RejectedPicture(ReasonCode.IMAGE_EMPTY, "no bytes")
    if len(data) > caps.max_bytes:
        raise RejectedPicture(ReasonCode.IMAGE_TOO_LARGE, f"{len(data)} bytes")
    scans = data.count(START_OF_SCAN) if data.startswith(JPEG) else 0
    if scans > MAX_SCANS:
        raise RejectedPicture(ReasonCode.IMAGE_TOO_LARGE, f"{scans} scans, at most {MAX_SCANS} are read")
    with pillow_errors():
        stream = io.BytesIO(without_damaged_extras(data))
        picture = Image.open(stream, formats=_known(caps.formats))
    width, height = picture.size
    if min(width, height) < caps.min_side or max(width, height) > caps.max_side:
        raise RejectedPicture(ReasonCode.IMAGE_BAD_SIZE, f"{width}x{height}")
    if width * height > caps.max_pixels:
        raise RejectedPicture(ReasonCode.IMAGE_BAD_SIZE, f"{width}x{height} is over {caps.max_pixels} pixels")
    return picture


def check_picture(data: bytes, caps: ImageSettings) -> Header:
    """Header of a picture that has been verified to decode completely.

    Raises:
        RejectedPicture: as :func:`open_picture`, or truncated or corrupt.
    """
    picture = open_picture(data, caps)
    header = Header(str(picture.format), *picture.size)
    if header.format == "PNG":
        with pillow_errors():
            open_picture(data, caps).verify()  # the chunks' checksums; decoding ignores them
    load_picture(data, caps, PROOF_SIDE)
    return header


def load_picture(data: bytes, caps: ImageSettings, side: int) -> Image.Image:
    """The decoded picture; a JPEG at a smaller scale of at least ``side`` if it has one.

    Of an animation it is the first frame of more than one colour.
    A JPEG with all of its pixels that lacks only the end marker is accepted, as in every browser.

    Raises:
        RejectedPicture: as :func:`open_picture`, or truncated or corrupt.
    """
    try:
        return _loaded(data, caps, side)
    except RejectedPicture as rejected:
        ended = data.rstrip(b"\xff") + END
        if rejected.reason is not ReasonCode.IMAGE_CORRUPT or not _lacks_the_end_alone(data, caps):
            raise
        return _loaded(ended, caps, side)


def _loaded(data: bytes, caps: ImageSettings, side: int) -> Image.Image:
    picture = open_picture(data, caps)
    with pillow_errors():
        picture.draft(None, (side, side))  # only a JPEG takes the hint
        picture.load()
        return shown_frame(picture)


def _lacks_the_end_alone(data: bytes, caps: ImageSettings) -> bool:
    """Whether appended bytes change no pixel: a decoder would take missing pixels from them."""
    if not data.startswith(JPEG) or data.endswith(END):
        return False
    body = data.rstrip(b"\xff")
    try:
        first, second = (_loaded(body + rest + END, caps, caps.max_side) for rest in (b"", OTHER_PIXELS))
    except RejectedPicture:
        return False
    return first.tobytes() == second.tobytes()


@cache
def _known(formats: tuple[str, ...]) -> tuple[str, ...]:
    """The allowed formats that this Pillow can read; all plug-ins are loaded first."""
    Image.init()
    pillow_heif.register_heif_opener(thumbnails=False)
    PngImagePlugin.MAX_TEXT_CHUNK = MAX_TEXT_BYTES
    return tuple(name for name in formats if name in Image.OPEN)


@contextmanager
def pillow_errors() -> Iterator[None]:
    """Turn whatever Pillow raises on bad bytes into :class:`RejectedPicture`."""
    try:
        yield
    except RejectedPicture:
        raise
    except Image.DecompressionBombError as error:
        raise RejectedPicture(ReasonCode.IMAGE_BAD_SIZE, "decompression bomb") from error
    except UnidentifiedImageError as error:
        raise RejectedPicture(ReasonCode.IMAGE_NOT_AN_IMAGE, "no allowed image format") from error
    except MemoryError:
        raise  # the machine's trouble, not the picture's
    except Exception as error:  # plug-ins raise OSError, SyntaxError, struct.error, IndexError, ...
        detail = f"{type(error).__name__}: {error}"[:200]
        raise RejectedPicture(ReasonCode.IMAGE_CORRUPT, detail) from error
