"""Rewrites an array of objects, or objects over several lines, as one object per line."""

import io
import itertools
import json
import re
from collections.abc import Iterator
from typing import BinaryIO, cast

HEAD_BYTES = 1 << 16
PIECE_BYTES = 1 << 18
_MARKS = re.compile(rb'"(?:[^"\\]++|\\.)*+"|"|[{}\[\]]', re.DOTALL)  # possessive: nothing to try again
_BLANKS = re.compile(rb"[\r\n]")
_OPENING = b"{["
_INSIDE = (b'"', b"}", b",", b"]")  # how the second line of an object begins


def one_per_line(stream: BinaryIO, max_row_bytes: int) -> BinaryIO:
    """The stream itself if each line is an object, else its objects, one per line."""
    peeked = stream if hasattr(stream, "peek") else io.BufferedReader(cast(io.RawIOBase, stream), HEAD_BYTES)
    head = bytes(peeked.peek(HEAD_BYTES))
    if not spans_lines(head):
        return peeked
    objects = _Joined(_objects(peeked, max_row_bytes))
    return cast(BinaryIO, io.BufferedReader(objects, PIECE_BYTES))


def spans_lines(head: bytes) -> bool:
    """Whether the first bytes start an array, or an object that continues on the next line."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"["):
        return start[1:].lstrip().startswith((b"{", b"]"))
    line, end, below = start.partition(b"\n")
    if not start.startswith(b"{") or not end or not below.lstrip().startswith(_INSIDE):
        return False
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return True
    return False


def joined(first: bytes, rest: BinaryIO) -> BinaryIO:
    """A stream that starts with bytes that have already been read."""
    pieces = itertools.chain([first], iter(lambda: rest.read(PIECE_BYTES), b""))
    return cast(BinaryIO, io.BufferedReader(_Joined(pieces), PIECE_BYTES))


class _Joined(io.RawIOBase):
    """Pieces of bytes as a stream."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        while not self._ready:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._ready = piece
        size = min(len(target), len(self._ready))
        target[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size


def _objects(stream: BinaryIO, max_row_bytes: int) -> Iterator[bytes]:
    """Every outermost object (or other element) on a line of its own.

    Of an element beyond the cap, the first ``max_row_bytes`` + 1 bytes are yielded, which is too long for a
    row.

    Raises:
        EOFError: an object, or the array, is not closed.
    """
    scan = _Scan(max_row_bytes)
    while piece := stream.read(PIECE_BYTES):
        yield from scan.take(piece)
    yield from scan.end()


class _Scan:
    """Finds where outermost objects begin and end. ``_held`` is the text of the open one."""

    def __init__(self, max_row_bytes: int) -> None:
        self._cap = max_row_bytes
        self._depth = 0  # depth of brackets, not counting the outermost array
        self._inside = False  # of that array
        self._held = b""
        self._rest = b""  # text that may end inside a string
        self._count = 0

    def take(self, piece: bytes) -> Iterator[bytes]:
        """Objects that this piece completes."""
        text = self._rest + piece
        begin = at = 0
        for mark in _MARKS.finditer(text):
            if mark[0] == b'"':  # a string that continues in the next piece
                break
            at = mark.end()
            if mark[0].startswith(b'"'):
                continue
            if self._depth == 0:
                yield from self._stray(text[begin : mark.start()])
                begin = mark.start()
            if self._depth == 0 and not self._inside and mark[0] == b"[":
                self._inside, begin = True, mark.end()
            elif mark[0] in _OPENING:
                self._depth += 1
            elif self._depth:
                self._depth -= 1
                if self._depth == 0:
                    yield self._line(text[begin : mark.end()])
                    begin = mark.end()
            else:
                self._inside, begin = False, mark.end()
        self._keep(text[begin:at] if self._depth else b"")
        self._rest = text[at:] if self._depth else text[begin:]
        if len(self._rest) > self._cap:
            self._keep(self._rest)
            self._rest = b'"'  # still inside that string

    def end(self) -> Iterator[bytes]:
        """Check that nothing is left over."""
        if self._depth or self._inside:
            raise EOFError(f"the file ends inside object {self._count + 1:,}")
        yield from self._stray(self._rest)

    def _stray(self, text: bytes) -> Iterator[bytes]:
        """Anything but commas between objects is yielded too, so that it counts as a row."""
        yield from (self._line(part) for part in text.split(b",") if part.strip())

    def _keep(self, text: bytes) -> None:
        self._held += text[: max(self._cap + 1 - len(self._held), 0)]

    def _line(self, text: bytes) -> bytes:
        self._keep(text)
        whole, self._held = self._held, b""
        self._count += 1
        return _BLANKS.sub(b" ", whole) + b"\n"
