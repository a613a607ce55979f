"""Runs a job that dies by kill -9 around the commit of one table; the Spark session is that of the caller.

``python tests/jobs/deadly_job.py JOB TABLE before|after DS SETTINGS``; PYSPARK_GATEWAY_* name the session.
"""

import os
import signal
import sys

from pyspark import SparkConf, SparkContext
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from causalrec.lake import write
from causalrec.lake.commit import commit_replacement as real
from causalrec.lake.files import NewFile
from causalrec.lake.partition import Partition
from causalrec.lake.snapshot import Snapshot
from jobs._pipeline import load_job
from jobs._runner import main

job, table, moment, ds, settings = sys.argv[1:]


def commit(
    seen: Snapshot, partitions: list[Partition], new: list[NewFile], attempt: str, tries: int
) -> Snapshot:
    """The real commit, but of the one table it is the last thing that this process does, or not even that."""
    if seen.name != table:
        return real(seen, partitions, new, attempt, tries)
    if moment == "after":
        real(seen, partitions, new, attempt, tries)
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nobody outlives kill -9")


gateway = launch_gateway()  # a JVM of its own would cost ten seconds for each death
java = gateway.jvm.org.apache.spark
running = java.api.java.JavaSparkContext(java.SparkContext.getOrCreate())
SparkContext(gateway=gateway, jsc=running, conf=SparkConf(_jconf=running.getConf()))
SparkSession.builder.getOrCreate()
setattr(write, "commit_replacement", commit)  # noqa: B010 - a plain assignment does not pass mypy
main(load_job(job), ["--ds", ds, "--settings", settings])
