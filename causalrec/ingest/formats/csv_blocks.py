"""Splits CSV into blocks of whole rows, and reads blocks with one row per line as columns of text."""

import io
import re
from collections.abc import Iterator
from functools import cache
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv

BLOCK_BYTES = 1 << 18


def blocks(stream: BinaryIO, max_row_bytes: int) -> Iterator[bytes]:
    """Pieces that end at a line end outside quotes, judging by the count of quotes.

    A piece without a final line feed is the end of the file, or a row beyond the cap.
    """
    while piece := stream.read(BLOCK_BYTES):
        parts, size, inside = [piece], len(piece), piece.count(b'"') % 2
        while (inside or not parts[-1].endswith(b"\n")) and size <= BLOCK_BYTES + 2 * max_row_bytes:
            line = stream.readline(max_row_bytes + 1)
            if not line:
                break
            parts.append(line)
            size, inside = size + len(line), (inside + line.count(b'"')) % 2
        yield b"".join(parts)


def after_lines(block: bytes, lines: int) -> int | None:
    """Offset at which the rows begin, after this many lines; None if there are none, or line ends differ."""
    ends = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n"))
    if not 0 < lines <= len(ends):
        return 0 if lines == 0 else None
    start = int(ends[lines - 1]) + 1
    return start if start < len(block) and b"\r" not in block[:start].replace(b"\r\n", b"\n") else None


def is_plain(block: bytes, delimiter: str, max_row_bytes: int) -> bool:
    """Whether every line of a block is one non-blank row for any strict CSV reader."""
    if b"\r" in block or b"\x00" in block or b"\n\n" in block or block.startswith(b"\n"):
        return False
    if not block.endswith(b"\n") or len(delimiter.encode()) != 1:
        return False
    ends = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n"))
    if np.diff(ends, prepend=-1).max() > max_row_bytes:
        return False
    return b'"' not in block or _rows_of(delimiter).fullmatch(block) is not None


@cache
def _rows_of(delimiter: str) -> re.Pattern[bytes]:
    sign = re.escape(delimiter.encode())
    cell = rb'(?:"(?:[^"\n]|"")*+"|[^"\n' + sign + rb"]*+)"
    return re.compile(rb"(?:" + cell + rb"(?:" + sign + cell + rb")*+\n)*+")


def text_columns(block: bytes, delimiter: str, width: int) -> pa.RecordBatch:
    """The cells of a plain block, columns named ``0``, ``1``, ...

    Raises:
        ValueError: it is not UTF-8, or a row has a different number of cells.
    """
    if not block.isascii():
        block.decode()
    names = [str(place) for place in range(width)]
    table = pa.csv.read_csv(
        io.BytesIO(block),
        read_options=pa.csv.ReadOptions(column_names=names, use_threads=False, block_size=len(block) + 1),
        parse_options=pa.csv.ParseOptions(delimiter=delimiter, ignore_empty_lines=False),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    )
    if table.num_rows != block.count(b"\n"):
        raise pa.ArrowInvalid("rows and lines differ")
    return table.combine_chunks().to_batches()[0]
