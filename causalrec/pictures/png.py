"""Damaged extras of PNG files.

A PNG is a row of chunks. Those whose name begins with a lower-case letter (texts, time, colour profile) are
ancillary: a reader that finds a wrong checksum in one goes on without it, as libpng does by default. Pillow
does so only together with accepting truncated pictures, for the whole process.
"""

import struct
import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_FRAME = 12  # bytes of a chunk besides its body: length, name and checksum


def without_damaged_extras(data: bytes) -> bytes:
    """The file without its ancillary chunks whose checksum is wrong; all other bytes as they are."""
    if not data.startswith(SIGNATURE):
        return data
    kept, start = [], 0
    for place in _extras(data):
        if not _is_sound(data[place]):
            kept.append(data[start : place.start])
            start = place.stop
    return b"".join([*kept, data[start:]]) if kept else data


def _extras(data: bytes) -> Iterator[slice]:
    """Where the complete ancillary chunks are."""
    start = len(SIGNATURE)
    while start + _FRAME <= len(data):
        (size,) = struct.unpack_from(">I", data, start)
        end = start + _FRAME + size
        if end > len(data):
            return
        if chr(data[start + 4]).islower():
            yield slice(start, end)
        start = end


def _is_sound(chunk: bytes) -> bool:
    return zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")
