"""Writes the Parquet files of one attempt; used by the driver for Arrow data and by Spark executors."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from causalrec.errors import LakeError
from causalrec.lake.digest import Digest, digest_of
from causalrec.lake.partition import Partition, folder
from causalrec.lake.stats import statistics
from causalrec.store import Location

DIGEST_KEY = "causalrec.digest"
NAME_PARTS = 3


@dataclass(frozen=True)
class NewFile:
    """A written file that is not committed yet; ``path`` is relative to the table's folder."""

    path: str
    partition: Partition
    size: int
    rows: int
    digest: str
    stats: str


@dataclass(frozen=True)
class FileLimits:
    """Bounds of one data file and of the memory while writing it, in bytes of Arrow data.

    Attributes:
        file_bytes: a new file is started beyond this.
        group_bytes: a row group is flushed beyond this.
        hidden: columns whose smallest and largest values are kept out of the table's log, which is never
            rewritten: they would outlive an erased user.
    """

    file_bytes: int
    group_bytes: int
    hidden: frozenset[str] = frozenset()


@dataclass
class PartitionWriter:
    """Buffers the rows of one partition and writes them as files of bounded size."""

    location: Location
    partition: Partition
    schema: pa.Schema  # of the table, partition columns included
    attempt: str
    limits: FileLimits
    _pending: list[pa.Table] = field(default_factory=list)
    _pending_bytes: int = 0
    _open: "_OpenFile | None" = None
    _done: list[NewFile] = field(default_factory=list)

    def add(self, rows: pa.Table) -> None:
        """Add conformed rows of this partition."""
        self.add_stored(rows.drop_columns(list(self.partition)) if self.partition else rows)

    def add_stored(self, rows: pa.Table) -> None:
        """Add rows as stored: without the partition columns."""
        step = max(1, rows.num_rows * self.limits.group_bytes // max(1, rows.nbytes))
        for start in range(0, rows.num_rows, step):
            part = rows.slice(start, step)
            self._pending.append(part)
            self._pending_bytes += part.nbytes
            if self._pending_bytes >= self.limits.group_bytes:
                self._flush()

    def close(self) -> list[NewFile]:
        """Write what is left; returns the files, each read back and compared."""
        self._flush()
        self._finish()
        return self._done

    def _flush(self) -> None:
        rows = pa.concat_tables(self._pending) if self._pending else None
        self._pending, self._pending_bytes = [], 0
        if rows is None or rows.num_rows == 0:
            return
        with self._or_refused():
            if self._open is None:
                self._open = _OpenFile(
                    self.location, self.partition, rows.schema, self.attempt, self.limits.hidden
                )
            self._open.write(rows)
        if self._open.bytes >= self.limits.file_bytes:
            self._finish()

    def _finish(self) -> None:
        if self._open is not None:
            with self._or_refused():
                self._done.append(self._open.close())
            self._open = None

    @contextmanager
    def _or_refused(self) -> Iterator[None]:
        """A store that accepts no more bytes is a LakeError.

        The half-written file is deleted to free its space.
        """
        try:
            yield
        except OSError as error:
            if self._open is not None:
                self._open.abandon()
            raise cannot_write(self.location, error) from error


class _OpenFile:
    """One Parquet file in the making."""

    def __init__(
        self,
        location: Location,
        partition: Partition,
        schema: pa.Schema,
        attempt: str,
        hidden: frozenset[str],
    ) -> None:
        where = folder(partition)
        self.hidden = hidden
        self.location, self.partition, self.schema = location, partition, schema
        self.path = f"{where}/{file_name(attempt)}" if where else file_name(attempt)
        self.bytes, self.digest = 0, Digest()
        if where:
            location.make_folder(where)
        self.sink = location.filesystem.open_output_stream(location.path(self.path))
        self.writer = pq.ParquetWriter(self.sink, schema, compression="zstd")

    def write(self, rows: pa.Table) -> None:
        """Append one row group."""
        self.digest += digest_of(rows)
        self.writer.write_table(rows, row_group_size=max(1, rows.num_rows))
        self.bytes += rows.nbytes

    def close(self) -> NewFile:
        """Finish the file and read it back.

        Raises:
            LakeError: the bytes on disk are not what was written.
        """
        self.writer.add_key_value_metadata({DIGEST_KEY: self.digest.hex})
        self.writer.close()
        self.sink.close()
        found = read_back(self.location, self.path, self.schema)
        if found != self.digest:
            raise LakeError(
                f"{self.path}: read back {found.rows} rows with digest {found.hex}, "
                f"wrote {self.digest.rows} with {self.digest.hex}",
                do="check the disk; nothing was committed",
            )
        with self.location.filesystem.open_input_file(self.location.path(self.path)) as stream:
            size, metadata = stream.size(), pq.read_metadata(stream)
        rows = self.digest.rows
        return NewFile(
            self.path,
            self.partition,
            size,
            rows,
            self.digest.hex,
            statistics(metadata, self.schema, self.hidden),
        )

    def abandon(self) -> None:
        """Give up a file that cannot be finished."""
        self.writer.is_open = False  # it would write its footer on garbage collection
        with suppress(OSError):
            self.sink.close()


def cannot_write(location: Location, error: OSError) -> LakeError:
    """The error for a full disk, a missing permission or a store that is down."""
    return LakeError(
        f"cannot write to {location.uri}: {error}", do="free space or check rights; nothing was committed"
    )


def read_back(location: Location, path: str, schema: pa.Schema) -> Digest:
    """Digest of a file's rows as stored on disk, row group by row group."""
    total = Digest()
    with pq.ParquetFile(location.path(path), filesystem=location.filesystem) as file:
        for group in range(file.num_row_groups):
            total += digest_of(file.read_row_group(group).cast(schema))
    return total


def stored_digest(location: Location, path: str, schema: pa.Schema) -> Digest:
    """Digest of a live file: from its footer, or from its rows if another writer made it."""
    with location.filesystem.open_input_file(location.path(path)) as stream:
        metadata = pq.read_metadata(stream).metadata or {}
    found = metadata.get(DIGEST_KEY.encode())
    return Digest.parse(found.decode()) if found else read_back(location, path, schema)


def file_name(attempt: str) -> str:
    """A unique file name that contains the attempt's id."""
    return f"part-{attempt}-{uuid4().hex[:12]}.parquet"


def attempt_of(name: str) -> str:
    """The attempt in the name of a data file; empty for a file of another writer."""
    parts = name.split("-")
    return parts[1] if parts[0] == "part" and len(parts) == NAME_PARTS else ""


def by_partition(rows: pa.Table, partition_by: Iterable[str]) -> Iterator[tuple[dict[str, str], pa.Table]]:
    """Split conformed rows by their partition values, in the order of the values."""
    keys = list(partition_by)
    if not keys:
        yield {}, rows
        return
    distinct = rows.select(keys).group_by(keys).aggregate([]).sort_by([(key, "ascending") for key in keys])
    for values in distinct.to_pylist():
        if distinct.num_rows == 1:
            chosen = rows
        else:
            mask = None
            for key in keys:
                same = pc.equal(rows.column(key), pa.scalar(values[key], rows.schema.field(key).type))
                mask = same if mask is None else pc.and_(mask, same)
            chosen = rows.filter(mask)
        yield {key: str(values[key]) for key in keys}, chosen
