"""Spark frames in and out of the lake, without any Spark-Delta package.

Executors write the Parquet files (statistics, digests, read back), the driver commits them in one
transaction; reads go through the file list of a pinned version. Data never passes through the driver.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from causalrec.errors import CausalrecError, ContractError, LakeError
from causalrec.lake.arrow_read import read_by_workers, spark_reaches
from causalrec.lake.evolve import filled_frame, optional, with_sources
from causalrec.lake.files import FileLimits, NewFile, PartitionWriter, by_partition
from causalrec.lake.guard import check_columns, conform
from causalrec.lake.outcome import Written
from causalrec.lake.partition import Partition, Where, render
from causalrec.lake.upkeep.compact import merge_files
from causalrec.lake.write import write_append, write_replacement
from causalrec.store import Location

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from causalrec.lake.table import LakeTable

_REPLY = "file string, error string, do string, kind string"


def read_frame(
    spark: "SparkSession",
    table: "LakeTable",
    where: Where | None = None,
    columns: list[str] | None = None,
    version: int | None = None,
) -> "DataFrame":
    """A frame over the files of a pinned version (None: the newest), pruned to partitions and columns.

    Raises:
        PinError: the version, or a data file of it, is gone.
    """
    names = columns or table.schema.names
    added = table.contract.added
    needed = with_sources(names, added)
    schema = from_arrow_schema(optional(pa.schema([table.schema.field(name) for name in needed]), added))
    found = table.snapshot(version)
    files = found.select(where) if found is not None else []
    if not files:
        return spark.createDataFrame([], schema).select(*names)
    if not spark_reaches(spark, table.location):
        rows = read_by_workers(spark, table, files, needed, schema)
        return filled_frame(rows, added).select(*names)
    paths = [table.location.hadoop_path(file.path) for file in files]
    exact = spark.read.schema(from_arrow_schema(table.schema)).option("__globPaths__", "false")  # no patterns
    frame = exact.option("basePath", table.location.hadoop_path("")).parquet(*paths)
    return filled_frame(frame, added).select(*names)


def write_frame(
    frame: "DataFrame", table: "LakeTable", partitions: Sequence[Partition], allow_empty: bool = False
) -> list[Written]:
    """Replace the listed partitions, and no other, by the rows of ``frame`` in one transaction.

    Partition columns must be columns of the frame. Returns one Written per listed partition, in the given
    order; a partition that already held its rows is left alone.

    Raises:
        ContractError: columns, types, nulls or NaN against the contract.
        LakeError: rows outside the listed partitions; a partition without rows, unless ``allow_empty``.
        ConflictError: another writer replaced one of them meanwhile.
    """
    whole = [table.normalise(partition) for partition in partitions]
    if len({render(partition) for partition in whole}) < len(whole) or not whole:
        raise LakeError(f"{table.name}: partitions {partitions}", do="list at least one, each once")
    _check_frame(frame, table)
    return write_replacement(table, whole, allow_empty, lambda attempt: _store(frame, table, attempt, whole))


def append_frame(frame: "DataFrame", table: "LakeTable") -> Written:
    """Add the rows of ``frame`` in one transaction. For contracts with ``write: append`` only."""
    _check_frame(frame, table)
    return write_append(table, lambda attempt: _store(frame, table, attempt, None))


def _check_frame(frame: "DataFrame", table: "LakeTable") -> None:
    """Check names and types before any work starts; values are checked on the executors."""
    check_columns(to_arrow_schema(frame.schema, timezone="UTC"), table.schema, frozenset(), table.name)


def _store(
    frame: "DataFrame", table: "LakeTable", attempt: str, partitions: list[dict[str, str]] | None
) -> list[NewFile]:
    allowed = None if partitions is None else frozenset(render(partition) for partition in partitions)
    rows = frame.select(*table.schema.names)
    if len(partitions or ()) > 1:  # each task then sees few partitions, one after another
        rows = rows.repartition(*table.partition_by).sortWithinPartitions(*table.partition_by)
    task = _WriteTask(
        table.name, table.location, table.schema, table.partition_by, attempt, table.limits, allowed
    )
    new = []
    for reply in rows.mapInArrow(task, _REPLY).collect():  # one short row per file
        if reply["error"] is not None:
            raise _KINDS.get(reply["kind"], LakeError)(reply["error"], do=reply["do"])
        new.append(NewFile(**json.loads(reply["file"])))
    return merge_files(frame.sparkSession, table, attempt, new)


_KINDS: dict[str, type[CausalrecError]] = {"ContractError": ContractError, "LakeError": LakeError}


@dataclass(frozen=True)
class _WriteTask:
    """Runs on executors: conform, split by partition, write, return the files or the first error."""

    name: str
    location: Location
    schema: pa.Schema
    partition_by: tuple[str, ...]
    attempt: str
    limits: FileLimits
    allowed: frozenset[str] | None

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        try:
            replies = [{"file": json.dumps(asdict(file))} for file in self._write(batches)]
        except CausalrecError as error:
            replies = [{"error": error.what, "do": error.do, "kind": type(error).__name__}]
        yield pa.RecordBatch.from_pylist(replies, schema=_REPLY_SCHEMA)

    def _write(self, batches: Iterable[pa.RecordBatch]) -> list[NewFile]:
        location, done = self.location, list[NewFile]()
        writers: dict[str, PartitionWriter] = {}
        for batch in batches:
            rows = conform(pa.Table.from_batches([batch]), self.schema, self.name)
            parts = list(by_partition(rows, self.partition_by))
            for partition, part in parts:
                key = render(partition)
                if key not in writers:
                    self._refuse_outside(key, part.num_rows)
                    writers[key] = PartitionWriter(
                        location, partition, self.schema, self.attempt, self.limits
                    )
                writers[key].add(part)
        for writer in writers.values():
            done += writer.close()
        return done

    def _refuse_outside(self, key: str, rows: int) -> None:
        if self.allowed is not None and key not in self.allowed:
            raise LakeError(
                f"{self.name}: {rows} or more rows lie in {key}, which this write does not replace",
                do="filter or quarantine them before the write; nothing was written",
            )


_REPLY_SCHEMA = pa.schema([(name, pa.string()) for name in ("file", "error", "do", "kind")])
