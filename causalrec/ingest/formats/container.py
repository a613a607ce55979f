"""Detects a file's compression, or an unsupported format, by its first bytes and never by its name."""

import gzip
import io
import zipfile
from collections.abc import Mapping
from typing import BinaryIO, cast

import pyarrow as pa

from causalrec.errors import SourceError
from causalrec.ingest.formats.xz import Xz
from causalrec.sources.landing import ENDINGS

HEAD_BYTES = 1 << 16
PARQUET = b"PAR1"
COMPRESSIONS: Mapping[bytes, str] = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x04\x22\x4d\x18": "lz4",
    b"PK\x03\x04": "zip",
}
ARROW: Mapping[str, str] = {"bzip2": "bz2", "zstd": "zstd", "lz4": "lz4"}
"""Compressions that Arrow reads, and what it calls them; it refuses bytes that follow the last stream."""
FOREIGN: Mapping[bytes, tuple[str, str]] = {
    b"ORC": ("an ORC file", "export it as Parquet"),
    b"Obj\x01": ("an Avro file", "export it as Parquet or JSON lines"),
    b"ARROW1": ("an Arrow file", "export it as Parquet"),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "save the sheet as CSV UTF-8"),
    b"7z\xbc\xaf\x27\x1c": ("a 7-Zip archive", "deliver it as gzip or zstd"),
    b"Rar!": ("a RAR archive", "deliver it as gzip or zstd"),
    b"\x02\x21\x4c\x18": ("compressed with LZ4 of the old kind", "deliver it as gzip or zstd"),
    b"\x5d\x00\x00": ("compressed with LZMA", "deliver it as xz, gzip or zstd"),
    b"\xff\x06\x00\x00sNaPpY": ("compressed with Snappy", "deliver it as gzip or zstd"),
    b"\x1f\x9d": ("compressed with compress (.Z)", "deliver it as gzip or zstd"),
    b"SQLite format 3\x00": ("an SQLite database", "export its table as CSV"),
    b"%PDF": ("a PDF", "export the data as CSV"),
    b"PK\x05\x06": ("an empty zip archive", "deliver it again"),
}
MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<rss", b"<feed")
AGAIN = "deliver the file again"
TAR_AT, TAR = 257, b"ustar"


class NotRead(SourceError):
    """The file has an unsupported format, or cannot be read as it is."""


def compression_of(head: bytes) -> str:
    """Name of the compression that the first bytes indicate; '' for none."""
    return next((name for magic, name in COMPRESSIONS.items() if head.startswith(magic)), "")


def refuse_foreign(file: str, head: bytes) -> None:
    """Stop at formats that are neither Parquet nor text, and at files that were never filled.

    Raises:
        NotRead: names the format and what to deliver instead.
    """
    for magic, (what, cure) in FOREIGN.items():
        if head.startswith(magic):
            raise NotRead(f"{file}: this is {what}", do=cure)
    if head and not head.strip(b"\x00"):
        raise NotRead(f"{file}: it holds nothing but NUL bytes, so it was never written out", do=AGAIN)
    if head[TAR_AT : TAR_AT + len(TAR)] == TAR:
        raise NotRead(f"{file}: this is a tar archive", do="unpack it into the delivery's folder")
    if head.lstrip()[:64].lower().startswith(MARKUP):
        raise NotRead(
            f"{file}: this is HTML or XML", do="deliver CSV, JSON lines or Parquet; is it an error page?"
        )


def unpacked(stream: BinaryIO, file: str) -> tuple[BinaryIO, str]:
    """The content of a seekable stream and its compression; reading starts at the beginning.

    Raises:
        NotRead: a zip with several files, an Excel workbook, or a file cut off within its first bytes.
    """
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    name = compression_of(head)
    if name in ARROW:
        inner = pa.CompressedInputStream(pa.PythonFile(stream, "r"), ARROW[name])
        return cast(BinaryIO, io.BufferedReader(inner)), name
    if name == "gzip":
        return cast(BinaryIO, gzip.GzipFile(fileobj=stream)), name
    if name == "xz":
        return cast(BinaryIO, Xz(stream)), name
    if name == "zip":
        return _only_member(stream, file), name
    _refuse_stump(file, head)
    return stream, ""


def named_compression(file: str) -> str:
    """The compression that a file's name promises; '' for none."""
    return ENDINGS.get(file.rpartition(".")[2].lower(), "")


def stranger(promised: str) -> str:
    """What is wrong with a file that lacks the compression of its name and is no known text."""
    return f"its name says {promised}, but it does not begin like that"


def _refuse_stump(file: str, head: bytes) -> None:
    """So few bytes of a compressed file that they do not show the compression."""
    promised = named_compression(file)
    begins = (magic for magic, name in COMPRESSIONS.items() if name == promised)
    if any(magic.startswith(head) for magic in begins):
        raise NotRead(f"{file}: it ends within the first bytes of {promised}", do=AGAIN)


def _only_member(stream: BinaryIO, file: str) -> BinaryIO:
    archive = zipfile.ZipFile(stream)
    members = [one for one in archive.infolist() if not one.is_dir() and not _hidden(one.filename)]
    if any(one.filename.startswith("xl/") for one in members):
        raise NotRead(f"{file}: this is an Excel workbook", do="save the sheet as CSV UTF-8")
    if len(members) != 1:
        raise NotRead(f"{file}: a zip archive with {len(members)} files", do="put one file into each archive")
    if members[0].flag_bits & 1:
        raise NotRead(f"{file}: the zip archive has a password", do="deliver it without")
    return cast(BinaryIO, archive.open(members[0]))


def _hidden(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1].startswith(".")
