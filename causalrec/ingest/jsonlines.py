"""JSON lines: whole chunks by Arrow's parser where every line is clean, line by line where one is not."""

import io
import json
from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from causalrec.contracts import Contract
from causalrec.contracts.types import ARROW_TYPES
from causalrec.errors import ReasonCode
from causalrec.ingest.batch import Origin, Problem, columns_batch, parse_mapping, rows_batch
from causalrec.ingest.values import convert_value

CHUNK_LINES = 16_384
CHUNK_BYTES = 8 << 20
MAX_BRACKETS = 64
SLOW_LINES = 256
_BOM = b"\xef\xbb\xbf"
_FIRST_YEAR = pa.scalar(-62_135_596_800_000_000, pa.int64()).cast(pa.timestamp("us", "UTC"))

Line = tuple[int, bytes]


def read_json_lines(
    stream: BinaryIO, landing: Contract, origin: Origin, max_row_bytes: int
) -> Iterator[pa.RecordBatch]:
    """Parsed batches of a stream of JSON objects, one per line; blank lines are no rows."""
    for chunk in _chunks(stream, max_row_bytes):
        yield from _parse(chunk, landing, origin, max_row_bytes)


def _parse(
    chunk: list[Line], landing: Contract, origin: Origin, max_row_bytes: int
) -> Iterator[pa.RecordBatch]:
    """As few rows as possible go the slow way: a chunk with a doubtful line is halved until it is small."""
    batch = _fast(chunk, landing, origin, max_row_bytes)
    if batch is not None:
        yield batch
    elif len(chunk) <= SLOW_LINES:
        yield _slow(chunk, landing, origin, max_row_bytes)
    else:
        half = len(chunk) // 2
        yield from _parse(chunk[:half], landing, origin, max_row_bytes)
        yield from _parse(chunk[half:], landing, origin, max_row_bytes)


def _chunks(stream: BinaryIO, max_row_bytes: int) -> Iterator[list[Line]]:
    chunk: list[Line] = []
    size = 0
    for number, line in _lines(stream, max_row_bytes):
        chunk.append((number, line))
        size += len(line)
        if len(chunk) == CHUNK_LINES or size > CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _lines(stream: BinaryIO, max_row_bytes: int) -> Iterator[Line]:
    """Numbered lines that are not blank; of an overlong line only ``max_row_bytes`` + 1 bytes."""
    number = 0
    while line := stream.readline(max_row_bytes + 1):
        number += 1
        end = line
        while not end.endswith(b"\n") and (end := stream.readline(max_row_bytes)):
            pass
        line = (line.removeprefix(_BOM) if number == 1 else line).strip(b" \t\r\n")
        if line:
            yield number, line


def _fast(chunk: list[Line], landing: Contract, origin: Origin, max_row_bytes: int) -> pa.RecordBatch | None:
    """The chunk as columns, or None where any line needs a closer look."""
    lines = [line for _, line in chunk]
    if not all(_is_plain(line) and len(line) <= max_row_bytes for line in lines):
        return None
    block = b"\n".join(lines)
    try:
        block.decode()
        table = pa.json.read_json(
            io.BytesIO(block),
            read_options=pa.json.ReadOptions(use_threads=False, block_size=len(block) + 1),
            parse_options=pa.json.ParseOptions(
                explicit_schema=_text_schema(landing), unexpected_field_behavior="infer"
            ),
        )
        if table.num_rows != len(lines):
            return None
        columns = [_typed(table[column.name].combine_chunks(), column.type) for column in landing.columns]
    except ValueError:  # pa.ArrowInvalid and UnicodeDecodeError are both
        return None
    unknown = _unknown(table, landing)
    return columns_batch(
        landing, origin, [n for n, _ in chunk], columns, unknown, lambda i: lines[i].decode()
    )


def _is_plain(line: bytes) -> bool:
    """Safe for Arrow's parser: it reads a block across line ends, and crashes on very deep nesting."""
    brackets = line.count(b"{") + line.count(b"[")
    return line[0] == 0x7B and line[-1] == 0x7D and brackets <= MAX_BRACKETS and b"\x00" not in line


def _text_schema(landing: Contract) -> pa.Schema:
    """What stands in JSON: times and dates are texts there."""
    texts = {"timestamp", "date"}
    return pa.schema(
        [(c.name, pa.string() if c.type in texts else ARROW_TYPES[c.type]) for c in landing.columns]
    )


def _typed(values: pa.Array, type_name: str) -> pa.Array:
    typed = pc.cast(values, ARROW_TYPES[type_name])
    if type_name == "timestamp" and typed.null_count < len(typed) and pc.min(typed).value < _FIRST_YEAR.value:
        raise pa.ArrowInvalid("a time before the year 1")
    if type_name == "array<string>" and _untidy(typed):
        raise pa.ArrowInvalid("a list with empty, missing or padded texts")
    return typed


def _untidy(lists: pa.Array) -> bool:
    texts = lists.flatten()
    trimmed = pc.utf8_trim_whitespace(texts)
    tidy = pc.all(pc.and_(pc.equal(texts, trimmed), pc.not_equal(texts, "")), skip_nulls=False).as_py()
    return tidy is not True and len(texts) > 0


def _unknown(table: pa.Table, landing: Contract) -> pa.Array:
    """Per row, the first key that the contract does not know and that holds a value; else null."""
    names = pa.nulls(table.num_rows, pa.string())
    for name in sorted(set(table.column_names) - set(landing.column_names), reverse=True):
        names = pc.if_else(pc.is_valid(table[name].combine_chunks()), name, names)
    return names


def _slow(chunk: list[Line], landing: Contract, origin: Origin, max_row_bytes: int) -> pa.RecordBatch:
    rows = [_row(line, landing, max_row_bytes) for _, line in chunk]
    return rows_batch(landing, origin, [n for n, _ in chunk], rows, lambda i: readable(chunk[i][1]))


def readable(raw: bytes) -> str:
    """Bytes as text; what is no UTF-8, and NUL, stands as an escape such as ``\\xff``."""
    return raw.decode("utf-8", "backslashreplace").replace("\x00", "\\x00")


def _row(
    line: bytes, landing: Contract, max_row_bytes: int
) -> tuple[list[object], Problem | None, str | None]:
    blank: list[object] = [None] * len(landing.columns)
    if len(line) > max_row_bytes:
        return blank, Problem(ReasonCode.BAD_TEXT, f"the row is longer than {max_row_bytes:,} bytes"), None
    try:
        tree = json.loads(line.decode(), object_pairs_hook=_unique)
    except UnicodeDecodeError as error:
        return blank, Problem(ReasonCode.UNPARSEABLE, f"no UTF-8 at byte {error.start + 1}"), None
    except (ValueError, RecursionError) as error:
        return blank, Problem(ReasonCode.UNPARSEABLE, f"no JSON: {str(error)[:80]}"), None
    if not isinstance(tree, dict):
        return blank, Problem(ReasonCode.UNPARSEABLE, "no JSON object"), None
    known = set(landing.column_names)
    unknown = min(
        (key for key, value in tree.items() if key not in known and value is not None), default=None
    )
    values, problem = parse_mapping(landing, tree, convert_value)
    return values, problem, unknown and readable(unknown.encode("utf-8", "backslashreplace"))


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    tree = dict(pairs)
    if len(tree) < len(pairs):
        raise ValueError("a key stands twice")
    return tree
