"""One Delta table of the lake, declared by its contract."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable
from deltalake.exceptions import DeltaError

from causalrec.config.lake import LakeSettings
from causalrec.errors import LakeError, PinError
from causalrec.lake.declared import Declared
from causalrec.lake.files import FileLimits, NewFile, PartitionWriter, by_partition
from causalrec.lake.guard import conform
from causalrec.lake.outcome import Written
from causalrec.lake.partition import Partition, Where, normalise
from causalrec.lake.properties import PROPERTIES, described
from causalrec.lake.snapshot import Snapshot, open_snapshot, refuse_unwritable
from causalrec.lake.write import write_append, write_replacement
from causalrec.store import Location

MIB = 1 << 20


@dataclass(frozen=True)
class LakeTable:
    """Reads pinned versions; replaces whole partitions or appends, one transaction per write."""

    contract: Declared
    location: Location
    settings: LakeSettings

    @property
    def name(self) -> str:
        """Table name."""
        return self.contract.name

    @property
    def schema(self) -> pa.Schema:
        """Columns as declared, partition columns included."""
        return self.contract.arrow_schema

    @property
    def partition_by(self) -> tuple[str, ...]:
        """Partition columns in order."""
        return tuple(self.contract.partition_by)

    @property
    def limits(self) -> FileLimits:
        """Limits of data files, and the columns whose values must not appear in the log."""
        hidden = frozenset((*self.contract.user_ids, *self.contract.user_texts, *self.contract.user_notes))
        return FileLimits(self.settings.file_mb * MIB, self.settings.row_group_mb * MIB, hidden)

    def exists(self) -> bool:
        """Whether any version of the table has been written."""
        return self.snapshot() is not None

    def version(self) -> int:
        """The newest Delta version.

        Raises:
            PinError: the table does not exist yet.
        """
        found = self.snapshot()
        if found is None:
            raise PinError(f"{self.name} does not exist yet", do="run the job that writes it first")
        return found.version

    def snapshot(self, version: int | None = None) -> Snapshot | None:
        """The table at a version (None: the newest); None if nothing was ever written."""
        return open_snapshot(
            self.name,
            self.location,
            self.schema,
            self.partition_by,
            version,
            self.contract.added,
            self.contract.retired,
        )

    def require_whole(self) -> None:
        """Check that every data file of the newest version exists; a table never written passes.

        Raises:
            PinError: another program deleted some.
        """
        found = self.snapshot()
        if found is not None:
            found.select(None)

    def read(
        self, where: Where | None = None, columns: list[str] | None = None, version: int | None = None
    ) -> pa.Table:
        """Rows of the chosen partitions and columns, in no particular order.

        Args:
            where: partition column -> accepted values as text (dates as ISO strings).
            columns: names to read; None reads all, partition columns included.
            version: a pinned version; None reads the newest.

        Raises:
            PinError: the version, or a data file of it, is gone.
        """
        found = self.snapshot(version)
        if found is None:
            empty: pa.Table = self.schema.empty_table()
            return empty if columns is None else empty.select(columns)
        return found.read(found.select(where), columns)

    def partitions(self, version: int | None = None) -> list[dict[str, str]]:
        """The partitions that hold rows, sorted."""
        found = self.snapshot(version)
        distinct = {tuple(file.partition.items()) for file in found.files} if found else set()
        return [dict(items) for items in sorted(distinct)]

    def upto(self, column: str, last: str) -> list[str]:
        """Values of a partition column up to ``last`` (ISO dates compare as text), sorted."""
        if column not in self.partition_by:
            raise LakeError(
                f"{self.name} is not partitioned by {column}", do=f"one of {list(self.partition_by)}"
            )
        return sorted({partition[column] for partition in self.partitions() if partition[column] <= last})

    def replace(self, data: pa.Table, partition: Mapping[str, str], allow_empty: bool = False) -> Written:
        """Make ``data`` the whole content of one partition. Equal content makes no commit.

        ``data`` may omit the partition's columns.

        Raises:
            ContractError: columns, types, nulls or NaN against the contract.
            LakeError: rows outside the partition; no rows without ``allow_empty``.
            ConflictError: another writer replaced the partition meanwhile.
        """
        whole = self.normalise(partition)
        rows = conform(data, self.schema, self.name, whole)
        (written,) = write_replacement(self, [whole], allow_empty, lambda attempt: self.store(rows, attempt))
        return written

    def append(self, data: pa.Table, since: int | None = None) -> Written:
        """Add rows; existing ones stay. For contracts with ``write: append`` only.

        Args:
            since: write only if this is still the newest version, for rows that depend on earlier ones.

        Raises:
            ConflictError: another writer committed after version ``since``.
        """
        rows = conform(data, self.schema, self.name)
        return write_append(self, lambda attempt: self.store(rows, attempt), since)

    def store(self, rows: pa.Table, attempt: str) -> list[NewFile]:
        """Write conformed rows as files, uncommitted."""
        done: list[NewFile] = []
        for partition, part in by_partition(rows, self.partition_by):
            writer = PartitionWriter(self.location, partition, self.schema, attempt, self.limits)
            writer.add(part)
            done += writer.close()
        return done

    def normalise(self, partition: Partition) -> dict[str, str]:
        """The partition in declared order and canonical text."""
        return normalise(partition, self.partition_by, self.schema, self.name)

    def created(self) -> Snapshot:
        """The newest version; an empty version 0 is committed first if there is no table."""
        found = self.snapshot()
        if found is None:
            with suppress(DeltaError, OSError):  # another writer was faster: its version 0 is just as good
                DeltaTable.create(
                    self.location.uri,
                    schema=described(self.schema, self.contract.descriptions),
                    mode="ignore",
                    partition_by=list(self.partition_by),
                    name=self.name,
                    configuration=PROPERTIES,
                    commit_properties=CommitProperties(max_commit_retries=0),
                    storage_options=self.location.delta_options,
                )
            found = self.snapshot()
        if found is None:
            raise LakeError(
                f"{self.name}: cannot create {self.location.uri}", do="check rights and disk space"
            )
        refuse_unwritable(found)
        return self._grown(found) if found.lacking else found

    def _grown(self, found: Snapshot) -> Snapshot:
        """The table with the columns added to its contract; existing rows have null in them."""
        # another writer was faster; the next check shows whether the columns are there
        with suppress(DeltaError):
            found.delta.alter.add_columns(described(found.lacking, self.contract.descriptions).fields)
        grown = found.reopened()
        if grown.lacking:
            raise LakeError(
                f"{self.name}: cannot add {', '.join(grown.lacking.names)}", do="run the job once more"
            )
        return grown
