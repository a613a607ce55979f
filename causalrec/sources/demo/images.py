"""Writes the pictures of the shop, the broken ones among them."""

import posixpath
import struct
import zlib

from causalrec.errors import ReasonCode
from causalrec.sources.demo.catalogue import image_refs
from causalrec.sources.demo.pictures import draw_product
from causalrec.sources.demo.roles import choose_roles
from causalrec.sources.demo.world import World
from causalrec.sources.files import put

HTML = b"<!doctype html><html><head><title>404</title></head><body>Not found</body></html>\n"
BOMB_SIDE = 50_000
WITHOUT_FILE = (ReasonCode.IMAGE_MISSING, ReasonCode.IMAGE_FORBIDDEN)


def put_pictures(world: World, root: str, first: int, last: int) -> int:
    """Write the pictures of items ``first`` to ``last`` - 1 below ``root``; returns how many files."""
    roles, count = choose_roles(world), 0
    for item in range(first, last):
        fault = roles.broken.get(item)
        if fault in WITHOUT_FILE:
            continue
        for view, ref in enumerate(image_refs(world, roles, item)):
            picture = draw_product(world, item, view)
            put(posixpath.join(root, ref), picture if fault is None else _spoil(picture, fault))
            count += 1
    return count


def _spoil(picture: bytes, fault: ReasonCode) -> bytes:
    if fault == ReasonCode.IMAGE_EMPTY:
        return b""
    if fault == ReasonCode.IMAGE_NOT_AN_IMAGE:
        return HTML
    if fault == ReasonCode.IMAGE_CORRUPT:
        return picture[: len(picture) // 2]
    return _bomb()


def _bomb() -> bytes:
    """A PNG of a few bytes whose header claims 2.5 gigapixels."""
    header = struct.pack(">IIBBBBB", BOMB_SIDE, BOMB_SIDE, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(b"\0" * 64))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
