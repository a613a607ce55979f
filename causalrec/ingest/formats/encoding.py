"""Text of any encoding as a stream of UTF-8 bytes, a piece at a time."""

import codecs
import io
import re
from typing import BinaryIO, cast

from causalrec.ingest.formats.container import AGAIN, NotRead, named_compression, stranger

BOMS = (  # UTF-32 first: its byte order mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
PIECE_BYTES = 1 << 16
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")
REPLACED = "\N{REPLACEMENT CHARACTER}"
WESTERN_RUN = 2  # letters beyond ASCII in a row, on average; Cyrillic and East Asian words consist of them
FEW_LINES = 2  # a damaged byte affects only one line; in a header it cannot be told from a letter
WIDE_SHARE = 0.2  # share of NUL bytes from which text without a mark can only be UTF-16 or UTF-32
WIDE = {  # places of four that hold NUL bytes, and at least how many of them
    "utf-32-le": ((2, 3), 0.9), "utf-32-be": ((0, 1), 0.9), "utf-16-le": ((1, 3), 0.4),
    "utf-16-be": ((0, 2), 0.4),
}  # fmt: skip
SHIFTS = "\t\n\v\f\r\x0e\x0f\x1b"  # blanks, and what ISO-2022 changes its alphabets with
CONTROLS = [chr(code) for code in [*range(0x20), 0x7F] if chr(code) not in SHIFTS]
BINARY_SHARE = 0.05  # of control characters, which text never has; compressed bytes have about 0.1


def encoding_of(file: str, kind: str, head: bytes, declared: str, *, whole: bool) -> str:
    """Encoding of a text file: its byte order mark, else what is declared, else UTF-8.

    Args:
        file, kind: for the message: the file, and the settings section of its delivery.
        head: its first bytes. whole: whether these are the whole file.

    Raises:
        NotRead: the file is no text, or nothing says how to read its bytes that are no UTF-8.
    """
    marked = next((name for mark, name in BOMS if head.startswith(mark)), "")
    cure = f'set [landing.{kind}] encoding = "{{}}", or save it as UTF-8'
    wide = "" if marked or declared else _wide(head)
    if wide:
        raise NotRead(
            f"{file}: encoding: expected UTF-8, found {wide[:6].upper()} without a byte order mark",
            do=cure.format(wide),
        )
    _refuse_binary(file, head, marked or declared or "utf-8")
    if marked or declared:
        return marked or declared
    broken = _code_page_byte(head, whole=whole)
    if broken is not None:
        found = f"{file}: encoding: expected UTF-8, found byte 0x{head[broken]:02x} at {broken + 1:,}"
        if _is_western(head):
            raise NotRead(f"{found}, as in Latin-1 or Windows text", do=cure.format("windows-1252"))
        raise NotRead(
            f"{found}, as in another alphabet",
            do=f"name the encoding of the export: [landing.{kind}] encoding = 'windows-1251', 'shift_jis', "
            "'gb18030' or another one; or save it as UTF-8",
        )
    return "utf-8"


def _wide(head: bytes) -> str:
    """UTF-16 or UTF-32 by the places of its NUL bytes; '' for anything else."""
    if head.count(0) <= WIDE_SHARE * len(head):
        return ""
    kept = head[: len(head) // 4 * 4]
    for name, (places, least) in WIDE.items():
        empty = sum(kept[place::4].count(0) for place in places) / max(len(kept) // 4 * len(places), 1)
        if empty >= least and _controls(kept, name) <= BINARY_SHARE:
            return name
    return ""


def _refuse_binary(file: str, head: bytes, encoding: str) -> None:
    if _controls(head, encoding) <= BINARY_SHARE:
        return
    promised = named_compression(file)
    if promised:
        raise NotRead(f"{file}: {stranger(promised)}", do=AGAIN)
    raise NotRead(f"{file}: binary data of a kind that is not read", do="deliver CSV, JSON lines or Parquet")


def _controls(data: bytes, encoding: str) -> float:
    """Share of the characters that no text has."""
    text = data.decode(encoding, "replace")
    return sum(map(text.count, CONTROLS)) / max(len(text), 1)


def _code_page_byte(head: bytes, *, whole: bool) -> int | None:
    """Position of the first letter of an 8-bit code page, if all non-ASCII letters belong to one.

    Text that is UTF-8 except for a damaged spot is not: its rows are rejected one by one.
    """
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=whole)
    except UnicodeDecodeError as error:
        lines = [line.decode("utf-8", "replace") for line in head.split(b"\n")]
        damaged = sum(REPLACED in line for line in lines[: None if whole else -1])
        beyond = [char for line in lines for char in line if not char.isascii()]
        sound = len(beyond) > 2 * beyond.count(REPLACED)  # pairs of a code page are UTF-8 by chance at times
        header = REPLACED in next((line for line in lines if not line.startswith("#")), "")
        return error.start if (damaged >= FEW_LINES or header) and not sound else None
    return None


def _is_western(head: bytes) -> bool:
    """Whether letters beyond ASCII stand alone among others, as in Western languages."""
    runs = _BEYOND_ASCII.findall(head)
    return sum(map(len, runs)) <= WESTERN_RUN * len(runs)


class Recoded(io.RawIOBase):
    """Text in another encoding, read as UTF-8. What cannot be decoded becomes an escape such as ``\\x81``."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)("backslashreplace")
        self._ready = b""
        self._ended = False

    def readable(self) -> bool:
        """Always: see :class:`io.RawIOBase`."""
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        """Bytes put into ``target``; 0 at the end."""
        while not self._ready and not self._ended:
            piece = self._stream.read(PIECE_BYTES)
            self._ended = not piece
            text = self._decoder.decode(piece, final=self._ended)
            self._ready = text.encode("utf-8")
        size = min(len(target), len(self._ready))
        target[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size


def as_utf8(stream: BinaryIO, encoding: str) -> BinaryIO:
    """The stream as UTF-8 without a mark."""
    name = codecs.lookup(encoding).name
    if name == "utf-8":
        return stream
    if name == "utf-8-sig":
        stream.read(len(codecs.BOM_UTF8))
        return stream
    return cast(BinaryIO, io.BufferedReader(Recoded(stream, encoding), PIECE_BYTES))
