"""A Delta table at one version: its files, and the refusal of tables that cannot be read correctly."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.dataset as pds
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from causalrec.errors import ContractError, LakeError, PinError
from causalrec.lake.evolve import Added, filled, optional, with_sources
from causalrec.lake.partition import Partition, Where, matches, value_of
from causalrec.store import Location

WRITABLE_PROTOCOL = 2  # append-only and invariants; 3 to 6 add constraints, change feeds, identity columns
NAMED_FEATURES = 7  # from here on, features are listed one by one
WRITABLE_FEATURES = frozenset({"appendOnly", "invariants"})
LONGEST = 300  # maximum number of characters of another library's message
READABLE_PROTOCOL = 1  # version 2 maps column names, version 3 brings features such as deletion vectors


@dataclass(frozen=True)
class DataFile:
    """One Parquet file of a table; ``path`` is relative to the table's folder."""

    path: str
    partition: Partition
    size: int
    rows: int


@dataclass(frozen=True)
class Snapshot:
    """An opened version. ``schema`` is that of the contract, including partition columns."""

    name: str
    location: Location
    schema: pa.Schema
    partition_by: tuple[str, ...]
    delta: DeltaTable
    added: Added = field(default_factory=dict)
    retired: frozenset[str] = frozenset()

    @property
    def version(self) -> int:
        """The Delta version."""
        return int(self.delta.version())

    @property
    def table_id(self) -> str:
        """Given when the table was made; copies and restored folders keep it."""
        return str(self.delta.metadata().id)

    @property
    def stored_schema(self) -> pa.Schema:
        """Columns as stored in the files: without the partition columns."""
        inside = [column for column in self.schema if column.name not in self.partition_by]
        return optional(pa.schema(inside), self.added)

    @property
    def lacking(self) -> pa.Schema:
        """Columns added to the contract since: declared but not in the table yet, as it would store them."""
        stored = {column.name for column in self.delta.schema().fields}
        gained = [column for column in self.schema if column.name not in stored]
        return optional(pa.schema(gained), self.added)

    def reopened(self, version: int | None = None) -> "Snapshot":
        """The same table at another version (None: the newest)."""
        found = open_snapshot(
            self.name, self.location, self.schema, self.partition_by, version, self.added, self.retired
        )
        if found is None:
            raise LakeError(f"{self.name}: the table vanished", do="restore it or rebuild it")
        return found

    @cached_property
    def files(self) -> tuple[DataFile, ...]:
        """All live files, ordered by path."""
        actions = pa.table(self.delta.get_add_actions(flatten=True)).to_pylist()
        found = [
            DataFile(
                path=unquote(action["path"]),
                partition={key: str(action[f"partition.{key}"]) for key in self.partition_by},
                size=int(action["size_bytes"]),
                rows=int(action["num_records"] or 0),
            )
            for action in actions
        ]
        return tuple(sorted(found, key=lambda file: file.path))

    def select(self, where: Where | None) -> list[DataFile]:
        """Files that pass the partition filter, checked to be there with their original size.

        Raises:
            LakeError: the filter names a column that is not a partition column.
            PinError: a file of this version is gone, or has another size.
        """
        for key in where or {}:
            if key not in self.partition_by:
                raise LakeError(
                    f"{self.name}: cannot filter by {key}, only by its partitions {list(self.partition_by)}",
                    do="filter by partition columns here and by others on the result",
                )
        chosen = [file for file in self.files if matches(file.partition, where)]
        with self.location.answering():
            sizes = self.location.sizes([file.path for file in chosen])
        pairs = list(zip(chosen, sizes, strict=True))
        self._refuse([file for file, size in pairs if size is None], len(chosen), "are gone")
        changed = [file for file, size in pairs if size != file.size]
        self._refuse(changed, len(chosen), "have not the size that they were written with")
        return chosen

    def _refuse(self, bad: list[DataFile], count: int, what: str) -> None:
        if bad:
            raise PinError(
                f"{self.name}@{self.version}: {len(bad)} of {count} data files {what}, first {bad[0].path}",
                do="restore them, or rebuild these partitions with --force",
            )

    @contextmanager
    def readable(self) -> Iterator[None]:
        """Context for reading data files: damaged files raise a clear error.

        Raises:
            PinError: the bytes are no longer what was written.
        """
        try:
            with self.location.answering():
                yield
        except (pa.ArrowInvalid, OSError) as error:
            raise PinError(
                f"{self.name}@{self.version}: a data file cannot be read: {_brief(error)}",
                do="restore it, or rebuild its partition with --force",
            ) from error

    def read(self, files: list[DataFile], columns: list[str] | None) -> pa.Table:
        """The rows of ``files``; only the needed columns are read from disk."""
        names = columns or self.schema.names
        with self.readable():
            found = self._dataset(files).to_table(columns=with_sources(names, self.added))
        return filled(found, self.added).select(names)

    def batches(
        self, files: list[DataFile], columns: list[str] | None, rows: int
    ) -> Iterator[pa.RecordBatch]:
        """The same, at most ``rows`` at a time, for partitions that need not fit into memory."""
        names = columns or self.schema.names
        found: Iterator[pa.RecordBatch] = self._dataset(files).to_batches(
            columns=with_sources(names, self.added), batch_size=rows, batch_readahead=1, fragment_readahead=1
        )
        while True:
            with self.readable():
                batch = next(found, None)
            if batch is None:
                return
            yield from filled(pa.Table.from_batches([batch]), self.added).select(names).to_batches()

    def _dataset(self, files: list[DataFile]) -> pds.Dataset:
        style = pds.ParquetFileFormat()
        fragments = [
            style.make_fragment(
                self.location.path(file.path),
                self.location.filesystem,
                partition_expression=self._expression(file.partition),
            )
            for file in files
        ]
        return pds.FileSystemDataset(
            fragments, optional(self.schema, self.added), style, self.location.filesystem
        )

    def _expression(self, partition: Partition) -> pds.Expression | None:
        expression = None
        for key, text in partition.items():
            this = pds.field(key) == value_of(text, self.schema.field(key).type, f"{self.name}.{key}")
            expression = this if expression is None else expression & this
        return expression


def open_snapshot(
    name: str,
    location: Location,
    schema: pa.Schema,
    partition_by: tuple[str, ...],
    version: int | None = None,
    added: Added | None = None,
    retired: frozenset[str] = frozenset(),
) -> Snapshot | None:
    """The table at ``version`` (None: the newest); None if the table does not exist.

    Raises:
        PinError: the table does not have this version, or no longer has it.
        StoreError: the store does not respond.
        LakeError: the log is unreadable, or the table uses a feature that this reader does not support.
        ContractError: the stored columns differ from the contract.
    """
    try:
        delta = DeltaTable(location.uri, version=version, storage_options=location.delta_options)
    except TableNotFoundError as error:
        if version is None:
            return None
        raise PinError(
            f"{name}@{version}: there is no such table", do="run the job that writes it"
        ) from error
    except (DeltaError, OSError, ValueError) as error:
        location.require_store()  # otherwise it would look like a damaged log
        if version is not None:
            raise PinError(
                f"{name}@{version} is not readable: {_brief(error)}",
                do="use a version that still exists, or rebuild",
            ) from error
        raise LakeError(
            f"{name}: the table log at {location.uri} is not readable: {_brief(error)}",
            do="restore _delta_log from a copy, or move the folder away and rebuild the table",
        ) from error
    except Exception as error:  # delta-rs raises its panics as bare Exceptions
        raise LakeError(
            f"{name}: cannot open {location.uri}: {_brief(error)}", do="check the folder and its log"
        ) from error
    _refuse_empty_entry(name, location, delta.version())
    _refuse_unknown(name, delta)
    given = added or {}
    _check_schema(name, delta, optional(schema, given), partition_by, retired)
    return Snapshot(name, location, schema, partition_by, delta, given, retired)


def _brief(error: Exception) -> str:
    """The message of delta-rs or Arrow, without their internal stack traces."""
    return str(error).strip().partition("\n")[0][:LONGEST]


def _refuse_empty_entry(name: str, location: Location, version: int) -> None:
    """A power cut may leave the newest log entry empty; delta-rs then sees no change."""
    entry = f"_delta_log/{version:020d}.json"
    with location.answering():
        (size,) = location.sizes([entry])
    if size == 0:
        raise LakeError(
            f"{name}@{version}: {location.uri}/{entry} is empty, what it committed is lost",
            do="restore it from a copy; or delete it and run what wrote this version again",
        )


def _refuse_unknown(name: str, delta: DeltaTable) -> None:
    protocol = delta.protocol()
    if protocol.min_reader_version > READABLE_PROTOCOL:
        features = ", ".join(sorted(protocol.reader_features or [])) or "column mapping"
        raise LakeError(
            f"{name}: the table needs reader version {protocol.min_reader_version} ({features})",
            do="rewrite it without them (deletion vectors: REORG ... APPLY (PURGE)), then drop the feature",
        )


def refuse_unwritable(snapshot: Snapshot) -> None:
    """Raise if writers of the table must uphold guarantees that this writer does not support.

    Raises:
        LakeError: check constraints, generated columns, row tracking, a change feed and the like.
    """
    protocol = snapshot.delta.protocol()
    named = set(protocol.writer_features or []) - WRITABLE_FEATURES
    if named or WRITABLE_PROTOCOL < protocol.min_writer_version < NAMED_FEATURES:
        raise LakeError(
            f"{snapshot.name}: the table needs writer version {protocol.min_writer_version} "
            f"({', '.join(sorted(named)) or 'constraints or generated columns'})",
            do="write it with what created it, or drop these features first",
        )


def _check_schema(
    name: str, delta: DeltaTable, schema: pa.Schema, partition_by: tuple[str, ...], retired: frozenset[str]
) -> None:
    do = f"rebuild the table, or bring schemas/{name}.yaml back to what is stored"
    stored: Any = pa.schema(delta.schema().to_arrow())
    if tuple(delta.metadata().partition_columns) != partition_by:
        raise ContractError(
            f"{name}: expected partitions {list(partition_by)}, found {delta.metadata().partition_columns}",
            do=do,
        )
    for column in schema:
        if column.name not in stored.names:
            if column.nullable:
                continue  # a later version of the contract added it: older rows read as null
            raise ContractError(
                f"{name}: required column {column.name} ({column.type}) is not stored",
                do=f"say under 'added' in schemas/{name}.yaml what older rows read as, or rebuild the table",
            )
        found = stored.field(column.name).type
        if not _same_type(found, column.type):
            raise ContractError(f"{name}.{column.name}: expected {column.type}, found {found}", do=do)
    for known in stored.names:
        if known not in schema.names and known not in retired:
            raise ContractError(f"{name}: stored column {known} is not declared", do=do)


def _same_type(left: pa.DataType, right: pa.DataType) -> bool:
    """Equal up to the names of list elements."""
    if pa.types.is_list(left) and pa.types.is_list(right):
        return _same_type(left.value_type, right.value_type)
    return bool(left.equals(right))
