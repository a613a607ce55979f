"""The Spark session of a job: the same settings on a laptop (bound to loopback) and on a cluster."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from causalrec.config.spark import SparkSettings
from causalrec.errors import SettingsError

OLDEST_JAVA = 17
FOREIGN = ("SPARK_", "PYSPARK_", "HADOOP_", "YARN_", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS")
"""Prefixes of environment variables of another Spark, Hadoop or Java; ignored on a single machine."""
KEPT = ("SPARK_LOCAL_DIRS", "SPARK_LOCAL_IP", "SPARK_USER", "HADOOP_USER_NAME")
"""Of these, the variables about this machine: its scratch disks, its address, its user."""
_HOW = (
    "install Java 17 or newer (Debian, Ubuntu: apt-get install openjdk-17-jre-headless) "
    "or set JAVA_HOME to one"
)
_LOGGING = Path(__file__).with_name("log4j2.properties")
_LOG_OPTION = f"-Dlog4j2.configurationFile={_LOGGING.as_uri()}"
_FIXED = {
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "50000",
    # trying every compression on every cached column took 4 of 10 CPU seconds (benchmarks/RESULTS.md)
    "spark.sql.inMemoryColumnarStorage.compressed": "false",
    "spark.sql.ansi.enabled": "true",
}
_LOCAL = {
    "spark.master": "local[2]",
    "spark.driver.memory": "2g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "4",
    "spark.ui.enabled": "false",
}
"""Defaults on a single machine."""
SUBMITTED = "PYSPARK_GATEWAY_PORT"
"""Set if ``spark-submit`` started this program: its JVM is already running, with master, memory and cores."""


@contextmanager
def spark_session(settings: SparkSettings, app: str) -> Iterator[SparkSession]:
    """A session with UTC and Arrow, stopped on exit; its workers run this interpreter or ``PYSPARK_PYTHON``.

    An active session is reused and left running.

    Raises:
        SettingsError: there is no Java, or it is too old.
    """
    active = SparkSession.getActiveSession()
    if active is not None:
        yield active
        return
    submitted = SUBMITTED in os.environ
    if _is_local(settings.master, submitted):
        _prepare_local()
    if not submitted:
        require_java()
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    conf = session_conf(settings, submitted=submitted)
    session = SparkSession.builder.appName(app).config(map=conf).getOrCreate()
    try:
        yield session
    finally:
        session.stop()


def session_conf(settings: SparkSettings, *, submitted: bool) -> dict[str, Any]:
    """The properties of the session; everything else is left to the cluster.

    Args:
        submitted: whether ``spark-submit`` started this program; the options of its JVM are then fixed.
    """
    java = f"{_LOG_OPTION} {settings.java_options}".strip()
    named = {
        "spark.master": settings.master,
        "spark.driver.memory": settings.driver_memory,
        "spark.sql.shuffle.partitions": settings.shuffle_partitions,
        "spark.driver.extraJavaOptions": "" if submitted else java,
    }
    return {
        **_FIXED,
        **(_LOCAL if _is_local(settings.master, submitted) else {}),
        **{name: str(value) for name, value in named.items() if value},
        **settings.conf,
    }


def _is_local(master: str, submitted: bool) -> bool:
    """Whether the session runs on this machine alone.

    False under ``spark-submit`` unless the settings name a local master: what it was started with is not
    known.
    """
    return master.startswith("local") if master else not submitted


def _prepare_local() -> None:
    """Make sure that the locked Spark runs as configured, whatever else is installed on this machine."""
    for name in [name for name in os.environ if name.startswith(FOREIGN) and name not in KEPT]:
        del os.environ[name]
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ["PYSPARK_PYTHON"] = sys.executable


def require_java() -> int:
    """Major version of the Java that Spark will start.

    Raises:
        SettingsError: there is none, or it is older than 17.
    """
    home = os.environ.get("JAVA_HOME")
    program = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if program is None or not Path(program).exists():
        raise SettingsError(f"Spark needs Java, none found ({program or 'no java on the PATH'})", do=_HOW)
    answer = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)  # noqa: S603
    found = re.search(r'version "(?:1\.)?(\d+)', answer.stderr + answer.stdout)
    major = int(found.group(1)) if found else 0
    if major < OLDEST_JAVA:
        raise SettingsError(f"Spark needs Java {OLDEST_JAVA} or newer, {program} is version {major}", do=_HOW)
    return major
