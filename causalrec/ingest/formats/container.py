"""Detects a file's compression, or an unsupported format, by its first bytes and never by its name."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Mapping
from typing import BinaryIO, cast

import pyarrow as pa

from causalrec.errors import SourceError

HEAD_BYTES = 1 << 16
PARQUET = b"PAR1"
COMPRESSIONS: Mapping[bytes, str] = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
}
FOREIGN: Mapping[bytes, tuple[str, str]] = {
    b"ORC": ("an ORC file", "export it as Parquet"),
    b"Obj\x01": ("an Avro file", "export it as Parquet or JSON lines"),
    b"ARROW1": ("an Arrow file", "export it as Parquet"),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "save the sheet as CSV UTF-8"),
    b"7z\xbc\xaf\x27\x1c": ("a 7-Zip archive", "deliver it as gzip or zstd"),
    b"Rar!": ("a RAR archive", "deliver it as gzip or zstd"),
    b"\x04\x22\x4d\x18": ("compressed with LZ4", "deliver it as gzip or zstd"),
    b"\xff\x06\x00\x00sNaPpY": ("compressed with Snappy", "deliver it as gzip or zstd"),
    b"\x1f\x9d": ("compressed with compress (.Z)", "deliver it as gzip or zstd"),
    b"SQLite format 3\x00": ("an SQLite database", "export its table as CSV"),
    b"%PDF": ("a PDF", "export the data as CSV"),
    b"PK\x05\x06": ("an empty zip archive", "deliver it again"),
}
MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<rss", b"<feed")
TAR_AT, TAR = 257, b"ustar"


class NotRead(SourceError):
    """The file has an unsupported format, or cannot be read as it is."""


def compression_of(head: bytes) -> str:
    """Name of the compression that the first bytes indicate; '' for none."""
    return next((name for magic, name in COMPRESSIONS.items() if head.startswith(magic)), "")


def refuse_foreign(file: str, head: bytes) -> None:
    """Stop at formats that are neither Parquet nor text.

    Raises:
        NotRead: names the format and what to deliver instead.
    """
    for magic, (what, cure) in FOREIGN.items():
        if head.startswith(magic):
            raise NotRead(f"{file}: this is {what}", do=cure)
    if head[TAR_AT : TAR_AT + len(TAR)] == TAR:
        raise NotRead(f"{file}: this is a tar archive", do="unpack it into the delivery's folder")
    if head.lstrip()[:64].lower().startswith(MARKUP):
        raise NotRead(
            f"{file}: this is HTML or XML", do="deliver CSV, JSON lines or Parquet; is it an error page?"
        )


def unpacked(stream: BinaryIO, file: str) -> tuple[BinaryIO, str]:
    """The content of a seekable stream and its compression; reading starts at the beginning.

    Raises:
        NotRead: a zip with several files, or an Excel workbook.
    """
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    name = compression_of(head)
    if name == "gzip":
        return cast(BinaryIO, gzip.GzipFile(fileobj=stream)), name
    if name == "bzip2":
        return cast(BinaryIO, bz2.BZ2File(stream)), name
    if name == "xz":
        return cast(BinaryIO, lzma.LZMAFile(stream)), name
    if name == "zstd":
        inner = pa.CompressedInputStream(pa.PythonFile(stream, "r"), "zstd")
        return cast(BinaryIO, io.BufferedReader(inner)), name
    if name == "zip":
        return _only_member(stream, file), name
    return stream, ""


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
