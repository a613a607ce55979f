"""Detects how a landing file is written: on the driver to check it, on executors to read it."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Literal, cast

from causalrec.config.feed import FeedLayout
from causalrec.ingest.formats.container import HEAD_BYTES, PARQUET, NotRead, refuse_foreign, unpacked
from causalrec.ingest.formats.encoding import as_utf8, encoding_of
from causalrec.sources.files import located

Format = Literal["json", "csv", "parquet", "empty"]


@dataclass(frozen=True)
class FileShape:
    """The form of a file, by its first bytes.

    Attributes:
        format: how its rows are written; ``empty`` for a file without bytes.
        compression: of the file, '' for none.
        encoding: of its text.
    """

    format: Format
    compression: str = ""
    encoding: str = "utf-8"

    def __str__(self) -> str:
        names = {"json": "JSON", "csv": "CSV", "parquet": "Parquet", "empty": "empty"}
        parts = [names[self.format], self.compression, "" if self.format == "parquet" else self.encoding]
        return ", ".join(part for part in parts if part)


class Passed:
    """How far a file has been read while it is open, in bytes of the file itself."""

    def __init__(self) -> None:
        self.size = 0
        self._stream: BinaryIO | None = None

    def watch(self, stream: BinaryIO) -> None:
        """From now on this is the file; it is at its beginning."""
        self.size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        self._stream = stream

    @property
    def bytes(self) -> int:
        """Bytes so far, all of them once it is closed; readers are a block ahead of the rows they return."""
        if self._stream is None:
            return 0
        return self.size if self._stream.closed else self._stream.tell()


@contextmanager
def opened(
    file: str, kind: str, layout: FeedLayout, passed: Passed | None = None
) -> Iterator[tuple[BinaryIO, FileShape]]:
    """The content of a file from its beginning, as UTF-8 text or Parquet, and its shape.

    Args:
        file: path or URI. kind: settings section of its delivery (``events`` or ``products``).
        passed: sees how far the file has been read.

    Raises:
        NotRead: an unsupported format or encoding; the message names it and the fix.
        OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile: the file is damaged or gone.
    """
    files, name = located(file)
    with files.open(name, "rb") as packed:
        if passed is not None:
            passed.watch(packed)
        stream, compression = unpacked(packed, file)
        text = cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, stream), HEAD_BYTES))
        head = text.peek(HEAD_BYTES)  # type: ignore[attr-defined]
        if head.startswith(PARQUET):
            if compression:
                raise NotRead(
                    f"{file}: a Parquet file inside {compression}",
                    do="deliver it without; it is compressed already",
                )
            stream.seek(0)
            yield stream, FileShape("parquet", compression)
            return
        refuse_foreign(file, head)
        encoding = encoding_of(file, kind, head, layout.encoding, whole=len(head) < HEAD_BYTES)
        utf8 = cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, as_utf8(text, encoding)), HEAD_BYTES))
        first = utf8.peek(HEAD_BYTES).lstrip()[:1]  # type: ignore[attr-defined]
        kind_of_rows: Format = "json" if first in (b"{", b"[") else "csv" if first else "empty"
        yield utf8, FileShape(kind_of_rows, compression, encoding)
