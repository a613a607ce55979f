"""Keeps the number of files per partition bounded: many small files of one attempt become few."""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from causalrec.lake.files import FileLimits, NewFile, PartitionWriter
from causalrec.lake.partition import Partition, render
from causalrec.store import Location

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from causalrec.lake.table import LakeTable


def merge_files(spark: "SparkSession", table: "LakeTable", attempt: str, new: list[NewFile]) -> list[NewFile]:
    """``new``, with too many files of a partition rewritten into fewer.

    Executors rewrite, one task per resulting file; the small files are left for the attempt's sweep.
    """
    groups: dict[str, list[NewFile]] = defaultdict(list)
    for file in new:
        groups[render(file.partition)].append(file)
    kept, work = [], []
    for files in groups.values():
        if len(files) <= table.settings.max_files_per_partition:
            kept += files
            continue
        wanted = math.ceil(sum(file.size for file in files) / table.limits.group_bytes)
        bundles = _bundles(files, min(wanted, table.settings.max_files_per_partition))
        work += [(json.dumps(dict(files[0].partition)), [file.path for file in bundle]) for bundle in bundles]
    if not work:
        return new
    frame = spark.createDataFrame(work, "partition string, paths array<string>").repartition(len(work))
    task = _MergeTask(table.location, table.schema, attempt, table.limits)
    replies = frame.mapInArrow(task, "file string").collect()
    return kept + [NewFile(**json.loads(reply["file"])) for reply in replies]


def _bundles(files: list[NewFile], count: int) -> list[list[NewFile]]:
    """``count`` bundles of similar size; largest files first, into the smallest bundle."""
    bundles: list[list[NewFile]] = [[] for _ in range(count)]
    for file in sorted(files, key=lambda file: -file.size):
        min(bundles, key=lambda bundle: sum(other.size for other in bundle)).append(file)
    return bundles


@dataclass(frozen=True)
class _MergeTask:
    """Runs on executors: copies the rows of some files into one writer."""

    location: Location
    schema: pa.Schema
    attempt: str
    limits: FileLimits

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for row in batch.to_pylist():
                files = self._merge(json.loads(row["partition"]), row["paths"])
                yield pa.RecordBatch.from_pylist([{"file": json.dumps(asdict(file))} for file in files])

    def _merge(self, partition: Partition, paths: list[str]) -> list[NewFile]:
        location = self.location
        writer = PartitionWriter(location, partition, self.schema, self.attempt, self.limits)
        for path in paths:
            with pq.ParquetFile(location.path(path), filesystem=location.filesystem) as file:
                for group in range(file.num_row_groups):
                    writer.add_stored(file.read_row_group(group))
        return writer.close()
