"""Order-independent content digest of rows: the same for every file layout, engine and run.

A row's hash is taken from the values alone (column name, value; nulls add nothing, so an added nullable
column changes no digest). Row hashes are summed modulo 2**64 in two independently mixed lanes; with the row
count that makes 192 bits. It detects changed content; it does not protect against forgery. The mixer is the
finaliser of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
"""

import hashlib
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Words: TypeAlias = npt.NDArray[np.uint64]

MODULUS = 1 << 64
CACHED_ROWS = 8_192  # hashed at once, to fit a processor's cache
LONG_TEXT = 4096  # bytes; longer values are rare and hashed one by one
_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_LANES = (np.uint64(0x243F6A8885A308D3), np.uint64(0x13198A2E03707344))


@dataclass(frozen=True)
class Digest:
    """Sum of row hashes; adding two digests is the digest of both row sets together."""

    rows: int = 0
    low: int = 0
    high: int = 0

    def __add__(self, other: "Digest") -> "Digest":
        return Digest(
            self.rows + other.rows, (self.low + other.low) % MODULUS, (self.high + other.high) % MODULUS
        )

    @property
    def hex(self) -> str:
        """48 hexadecimal digits: row count, lane, lane."""
        return f"{self.rows:016x}{self.low:016x}{self.high:016x}"

    @classmethod
    def parse(cls, text: str) -> "Digest":
        """The digest behind a :attr:`hex` string."""
        return cls(*(int(text[start : start + 16], 16) for start in (0, 16, 32)))


def digest_of(data: pa.Table | pa.RecordBatch, exclude: frozenset[str] = frozenset()) -> Digest:
    """Digest of all rows over the columns that are not excluded (the partition columns, as a rule)."""
    table = pa.Table.from_batches([data]) if isinstance(data, pa.RecordBatch) else data
    total = Digest()
    for batch in table.to_batches(max_chunksize=CACHED_ROWS):
        if batch.num_rows:
            total += _of_batch(batch, exclude)
    return total


def _of_batch(batch: pa.RecordBatch, exclude: frozenset[str]) -> Digest:
    sums = [np.zeros(batch.num_rows, np.uint64) for _ in _LANES]
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if name in exclude:
            continue
        seed = np.frombuffer(hashlib.blake2b(name.encode(), digest_size=8).digest(), "<u8")[0]
        values, present = _hash_values(column) ^ seed, _present(column)
        for lane, total in zip(_LANES, sums, strict=True):
            mixed = _mix(values + lane)
            total += mixed if present is None else np.where(present, mixed, np.uint64(0))
    low, high = (
        int(_mix(total + lane).sum(dtype=np.uint64)) for lane, total in zip(_LANES, sums, strict=True)
    )
    return Digest(batch.num_rows, low, high)


def _mix(words: Words) -> Words:
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def _present(column: pa.Array) -> npt.NDArray[np.bool_] | None:
    return column.is_valid().to_numpy(zero_copy_only=False) if column.null_count else None


def _hash_values(column: pa.Array) -> Words:
    """One 64-bit word per value; the word of a null is arbitrary."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _hash_values(column.dictionary_decode())
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        return _hash_texts(column.cast(pa.large_binary()))
    if pa.types.is_large_string(kind) or pa.types.is_large_binary(kind):
        return _hash_texts(column.cast(pa.large_binary()))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _hash_lists(column)
    return _mix(_plain_words(column) + _GAMMA)


def _plain_words(column: pa.Array) -> Words:
    kind = column.type
    if pa.types.is_floating(kind):
        numbers = _filled(column.cast(pa.float64()), 0.0)
        numbers = np.where(np.isnan(numbers), np.nan, numbers + 0.0)  # one NaN; -0.0 counts as 0.0
        return numbers.view(np.uint64)
    if pa.types.is_boolean(kind):
        return _filled(column.cast(pa.int64()), 0).view(np.uint64)
    if pa.types.is_date32(kind):
        return _filled(column.cast(pa.int32()).cast(pa.int64()), 0).view(np.uint64)
    if pa.types.is_timestamp(kind):
        micros = column.cast(pa.timestamp("us", tz=kind.tz)).cast(pa.int64())
        return _filled(micros, 0).view(np.uint64)
    if pa.types.is_integer(kind):
        return _filled(column.cast(pa.int64()), 0).view(np.uint64)
    raise TypeError(f"no digest for columns of type {kind}")


def _filled(column: pa.Array, fill: float) -> npt.NDArray[Any]:
    """Values as a contiguous array of 8-byte numbers, nulls replaced."""
    filled = pc.fill_null(column, pa.scalar(fill, column.type)) if column.null_count else column
    return np.ascontiguousarray(filled.to_numpy(zero_copy_only=False))


def _hash_texts(column: pa.Array) -> Words:
    """Words of variable-length bytes: eight bytes per round, over the rows that still have bytes."""
    starts, lengths, data = _text_buffers(column)
    state = _mix(lengths.view(np.uint64) + _GAMMA)
    at = np.ndarray((len(data) - 7,), "<u8", data, strides=(1,))  # the eight bytes at every offset
    active = np.flatnonzero((lengths > 0) & (lengths <= LONG_TEXT))
    done = 0
    while active.size:
        left = lengths[active] - done
        words = at[starts[active] + done]
        short = left < 8
        words[short] &= (np.uint64(1) << (left[short] * 8).astype(np.uint64)) - np.uint64(1)
        state[active] = _mix((state[active] ^ words) + _GAMMA)
        done += 8
        active = active[left > 8]
    for row in np.flatnonzero(lengths > LONG_TEXT):
        value = data[starts[row] : starts[row] + lengths[row]].tobytes()
        state[row] = np.frombuffer(hashlib.blake2b(value, digest_size=8).digest(), "<u8")[0]
    return state


def _text_buffers(
    column: pa.Array,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    _, offsets_buffer, data_buffer = column.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int64)[column.offset : column.offset + len(column) + 1]
    first, last = int(offsets[0]), int(offsets[-1])
    data = np.zeros(last - first + 8, np.uint8)  # eight bytes of slack for the last window
    if data_buffer is not None:
        data[: last - first] = np.frombuffer(data_buffer, np.uint8)[first:last]
    lengths = np.diff(offsets)
    if column.null_count:
        lengths = np.where(column.is_valid().to_numpy(zero_copy_only=False), lengths, 0)
    return offsets[:-1] - first, np.ascontiguousarray(lengths), data


def _hash_lists(column: pa.Array) -> Words:
    """Words of lists: elements mixed with their position, an empty list differs from a null."""
    if pa.types.is_fixed_size_list(column.type):
        column = column.cast(pa.list_(column.type.value_type))
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    elements = column.flatten()  # skips data behind nulls and slices
    ends = np.cumsum(lengths)
    place = np.arange(len(elements), dtype=np.int64) - np.repeat(ends - lengths, lengths)
    words = _hash_values(elements) if len(elements) else np.zeros(0, np.uint64)
    present = _present(elements)
    if present is not None:
        words = np.where(present, words, np.uint64(0))
    mixed = _mix(words + _mix(place.view(np.uint64) + _GAMMA))
    running = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed, dtype=np.uint64)])
    sums = running[ends] - running[ends - lengths]
    return _mix(sums + _mix(lengths.view(np.uint64) + _GAMMA))
