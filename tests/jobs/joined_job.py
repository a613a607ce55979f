"""Runs a job in a process of its own, in the Spark session of the suite: its JVM is already running.

``python -m tests.jobs.joined_job JOB --ds DS``; PYSPARK_GATEWAY_* name the session.
"""

import os
import runpy
import sys
from typing import TYPE_CHECKING

from pyspark import SparkConf, SparkContext
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

if TYPE_CHECKING:
    from collections.abc import Mapping


def named(session: SparkSession) -> "Mapping[str, str]":
    """The variables by which a process finds the JVM of ``session``."""
    server = session.sparkContext._gateway.java_parameters
    return {"PYSPARK_GATEWAY_PORT": str(server.port), "PYSPARK_GATEWAY_SECRET": server.auth_token}


def join() -> None:
    """Make the session that the variables name the active one; the job reuses it and leaves it running."""
    gateway = launch_gateway()
    java = gateway.jvm.org.apache.spark
    running = java.api.java.JavaSparkContext(java.SparkContext.getOrCreate())
    SparkContext(gateway=gateway, jsc=running, conf=SparkConf(_jconf=running.getConf()))
    SparkSession.builder.getOrCreate()


if __name__ == "__main__":
    os.environ["PYSPARK_PYTHON"] = sys.executable  # as a job that makes a session does
    join()
    job = sys.argv.pop(1)
    runpy.run_module(f"jobs.{job}", run_name="__main__")
