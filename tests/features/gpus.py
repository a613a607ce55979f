"""A cluster whose workers own a GPU each, as Spark sees it, and what its tasks say of them."""

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from causalrec.features.encoders.device import gpu_profile, task_address

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PROBE = pa.schema(
    [("address", pa.string()), ("process", pa.int64()), ("began", pa.float64()), ("ended", pa.float64())]
)
SECONDS = 0.3
# Both workers are on this machine: the first to ask owns GPU 0, the other one GPU 1.
DISCOVERY = """#!/bin/sh
if mkdir "$0.taken" 2>/dev/null; then address=0; else address=1; fi
echo "{\\"name\\": \\"gpu\\", \\"addresses\\": [\\"$address\\"]}"
"""


def gpu_conf(work: Path) -> dict[str, str]:
    """Spark's settings of such a cluster; the address of a worker is the address of its executor."""
    work.mkdir(parents=True, exist_ok=True)
    script = work / "discover_gpus.sh"
    script.write_text(DISCOVERY)
    script.chmod(0o755)
    return {
        "spark.worker.resource.gpu.amount": "1",
        "spark.worker.resource.gpu.discoveryScript": str(script),
        "spark.executor.resource.gpu.amount": "1",
    }


def probed(spark: "SparkSession", share: float, tasks: int) -> list[dict[str, Any]]:
    """One row per task of a stage that asks for ``share`` GPUs per task."""
    from pyspark.sql.pandas.types import from_arrow_schema

    frame = spark.range(0, tasks, 1, tasks).mapInArrow(
        probe, from_arrow_schema(PROBE), profile=gpu_profile(spark, share)
    )
    return [row.asDict() for row in frame.collect()]


def probe(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The GPU of this task, and when it ran."""
    for _ in batches:
        pass
    began = time.time()
    time.sleep(SECONDS)
    row = {"address": task_address(), "process": os.getppid(), "began": began, "ended": time.time()}
    yield pa.RecordBatch.from_pylist([row], schema=PROBE)
