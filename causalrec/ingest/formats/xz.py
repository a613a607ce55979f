"""XZ as a stream of what is inside."""

import io
import lzma
from typing import BinaryIO

PIECE_BYTES = 1 << 16
PADDING = b"\x00"  # between streams, as the format allows


class Xz(io.RawIOBase):
    """Streams of XZ, one after another.

    :class:`lzma.LZMAFile` stops without a word at anything that does not look like another stream, so a
    second stream with a damaged first byte would be lost.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ)
        self._ready = b""

    def readable(self) -> bool:
        """Always: see :class:`io.RawIOBase`."""
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        """Bytes put into ``target``; 0 at the end.

        Raises:
            EOFError: the last stream is not complete.
            lzma.LZMAError: a stream is damaged, or something else follows.
        """
        while not self._ready:
            packed = self._packed()
            if packed is None:
                return 0
            self._ready = self._decoder.decompress(packed, PIECE_BYTES)
        size = min(len(target), len(self._ready))
        target[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _packed(self) -> bytes | None:
        """What the decoder takes next; None at the end of the last stream."""
        if not self._decoder.eof:
            piece = self._stream.read(PIECE_BYTES) if self._decoder.needs_input else b""
            if self._decoder.needs_input and not piece:
                raise EOFError("the xz stream ends before its end mark")
            return piece
        rest = self._decoder.unused_data.lstrip(PADDING)
        while not rest:
            piece = self._stream.read(PIECE_BYTES)
            if not piece:
                return None
            rest = piece.lstrip(PADDING)
        self._decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ)
        return rest
