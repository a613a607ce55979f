"""Reads table files in Python workers, for stores without a Spark connector.

Spark's own Parquet reader is faster; it needs the Hadoop connector of the store on its class path
(``hadoop-aws`` for S3), which pyspark does not include. Without one the executors open the files themselves,
with the same file system object that wrote them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from causalrec.lake.partition import value_of
from causalrec.lake.snapshot import DataFile
from causalrec.store import S3, Location

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

    from causalrec.lake.table import LakeTable

S3_CONNECTOR = "org.apache.hadoop.fs.s3a.S3AFileSystem"


def spark_reaches(spark: "SparkSession", location: Location) -> bool:
    """Whether Spark itself can open files of this store."""
    if not location.uri.startswith(S3):
        return True
    found = spark._jvm.org.apache.spark.util.Utils.classIsLoadable(S3_CONNECTOR)
    return bool(found)


def read_by_workers(
    spark: "SparkSession",
    table: "LakeTable",
    files: list[DataFile],
    columns: list[str],
    schema: "StructType",
) -> "DataFrame":
    """A frame over ``files`` with ``columns`` only, one task per file. ``schema`` is that of the result."""
    work = [(file.path, [file.partition[key] for key in table.partition_by]) for file in files]
    listed = spark.createDataFrame(work, "path string, partition array<string>").repartition(len(work))
    task = _ReadTask(table.location, table.schema, table.partition_by, tuple(columns))
    return listed.mapInArrow(task, schema)


@dataclass(frozen=True)
class _ReadTask:
    """Runs on executors: the wanted columns of each listed file, row group by row group."""

    location: Location
    schema: pa.Schema
    partition_by: tuple[str, ...]
    columns: tuple[str, ...]

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for row in batch.to_pylist():
                yield from self._rows(
                    row["path"], dict(zip(self.partition_by, row["partition"], strict=True))
                )

    def _rows(self, path: str, partition: dict[str, str]) -> Iterator[pa.RecordBatch]:
        wanted = pa.schema([self.schema.field(name).with_nullable(True) for name in self.columns])
        stored = [name for name in self.columns if name not in self.partition_by]
        location = self.location
        with pq.ParquetFile(location.path(path), filesystem=location.filesystem) as file:
            held = [name for name in stored if name in file.schema_arrow.names]
            for group in range(file.num_row_groups):
                found = file.read_row_group(group, held)
                arrays = [self._column(found, field, partition) for field in wanted]
                yield from pa.Table.from_arrays(arrays, schema=wanted).to_batches()

    def _column(
        self, found: pa.Table, field: pa.Field, partition: dict[str, str]
    ) -> pa.ChunkedArray | pa.Array:
        if field.name in partition:
            return pa.repeat(value_of(partition[field.name], field.type, field.name), found.num_rows)
        if field.name not in found.column_names:  # written before the column was added
            return pa.nulls(found.num_rows, field.type)
        return found.column(field.name).cast(field.type)
