"""Finds content keys without a vector and appends new vectors; shared by pictures and texts."""

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from causalrec.errors import FeatureError
from causalrec.features.store import feature_table
from causalrec.lake import Lake, LakeTable, Ledger, Written

if TYPE_CHECKING:
    from pyspark.resource import ResourceProfile
    from pyspark.sql import Column, DataFrame, SparkSession

# Output of an embedding task; rows without a vector carry the reason. A batch's first row carries how
# often the batch was halved for want of memory.
EMBEDDED = pa.schema(
    [
        ("content_key", pa.string()),
        ("vector", pa.list_(pa.float32())),
        ("dim", pa.int32()),
        ("encoder_id", pa.string()),
        ("reason", pa.string()),
        ("truncated", pa.bool_()),
        ("device", pa.string()),
        ("halvings", pa.int32()),
    ]
)
DRIVER_ROWS = 200_000  # up to this number, missing vectors are found without Spark
_WORKER_ERROR = re.compile(r"^causalrec\.errors\.FeatureError: (.*?) -> (.*)$", re.MULTILINE)


def content_digest(ledger: Ledger, table: str, ds: dt.date) -> str:
    """One digest of all partitions of ``table`` that had arrived by ``ds``."""
    digests = ledger.partition_digests(table, upto=ds)
    return hashlib.sha256(repr(sorted(digests.items())).encode()).hexdigest()


def rows_upto(table: LakeTable, ds: dt.date, version: int) -> int:
    """Rows that had arrived by ``ds``, from file statistics."""
    snapshot = table.snapshot(version)
    return 0 if snapshot is None else sum(file.rows for file in snapshot.select(arrived(table, ds)))


def arrived(table: LakeTable, ds: dt.date) -> dict[str, list[str]]:
    """Partition filter for what had arrived by ``ds``."""
    return {"arrival_date": table.upto("arrival_date", ds.isoformat())}


def count_missing(lake: Lake, keys: pd.Series, encoder_id: str) -> tuple[int, int]:
    """Distinct keys, and how many of them have no vector; without Spark."""
    table = lake.table(feature_table(encoder_id))
    distinct = pa.array(keys.dropna().unique(), pa.string())
    have = table.read({"encoder_id": [encoder_id]}, ["content_key"])["content_key"].cast(pa.string())
    known = pc.sum(pc.is_in(distinct, value_set=have.combine_chunks())).as_py() or 0
    return len(distinct), len(distinct) - int(known)


def without_vector(
    spark: "SparkSession", lake: Lake, candidates: "DataFrame", encoder_id: str
) -> "DataFrame":
    """Rows of ``candidates`` whose ``content_key`` has no vector under the encoder yet."""
    from causalrec.lake.bridge import read_frame

    table = lake.table(feature_table(encoder_id))
    known = read_frame(spark, table, {"encoder_id": [encoder_id]}, ["content_key"])
    return candidates.join(known, "content_key", "left_anti")


def embedded(
    new: "DataFrame",
    task: "Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]",
    tasks: int,
    profile: "ResourceProfile | None",
) -> "DataFrame":
    """What ``task`` makes of the rows of ``new``, columns :data:`EMBEDDED`; ``profile``: what it asks for."""
    from pyspark.sql.pandas.types import from_arrow_schema

    spread = new.repartition(tasks, "content_key")
    return spread.mapInArrow(task, from_arrow_schema(EMBEDDED), profile=profile)


def append_vectors(
    frame: "DataFrame", lake: Lake, encoder_id: str, measures: "Mapping[str, Column]"
) -> tuple[Written, dict[str, int]]:
    """Run the model over ``frame`` (columns :data:`EMBEDDED`) and commit the vectors in one transaction.

    ``measures`` are aggregates over all rows, taken in the same pass; those that both modalities have
    (encoded, halvings, on_gpu) are added.

    Raises:
        FeatureError: a worker stopped with an error; nothing was committed.
    """
    from pyspark.sql import Observation
    from pyspark.sql import functions as fn

    from causalrec.lake.bridge import append_frame

    table = lake.table(feature_table(encoder_id))
    encoded = fn.col("reason").isNull()
    both = {
        "encoded": fn.count_if(encoded),
        "halvings": fn.sum("halvings"),
        "on_gpu": fn.count_if(encoded & fn.startswith("device", fn.lit("cuda"))),
    }
    seen = Observation()
    watched = frame.observe(seen, *[column.alias(name) for name, column in {**both, **measures}.items()])
    good = watched.where("reason IS NULL").select(*table.contract.arrow_schema.names)
    with worker_errors():
        written = append_frame(good, table)
    return written, {name: int(value or 0) for name, value in seen.get.items()}


@contextmanager
def worker_errors() -> Iterator[None]:
    """Raise a worker's FeatureError itself instead of a Java stack trace."""
    from pyspark.errors import PySparkException

    try:
        yield
    except PySparkException as error:
        found = _WORKER_ERROR.search(str(error))
        if found is None:
            raise
        raise FeatureError(found[1], do=found[2].strip()) from error
