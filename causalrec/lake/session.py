"""The Spark session of a job: the same settings on a laptop (bound to loopback) and on a cluster."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import SparkSession

from causalrec.config.sections import SparkSettings
from causalrec.errors import SettingsError

OLDEST_JAVA = 17
FOREIGN = (
    *("SPARK_HOME", "SPARK_CONF_DIR", "PYSPARK_SUBMIT_ARGS", "HADOOP_CONF_DIR"),
    *("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS"),
)
"""Variables of another Spark or of any Java; on one machine the locked Spark runs, as the settings say."""
_HOW = (
    "install Java 17 or newer (Debian, Ubuntu: apt-get install openjdk-17-jre-headless) "
    "or set JAVA_HOME to one"
)
_LOGGING = Path(__file__).with_name("log4j2.properties")
_LOG_OPTION = f"-Dlog4j2.configurationFile={_LOGGING.as_uri()}"
_FIXED = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "50000",
    # trying every compression on every cached column took 4 of 10 CPU seconds (benchmarks/RESULTS.md)
    "spark.sql.inMemoryColumnarStorage.compressed": "false",
    "spark.sql.ansi.enabled": "true",
}
_LOOPBACK = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}


@contextmanager
def spark_session(settings: SparkSettings, app: str) -> Iterator[SparkSession]:
    """A session with UTC, Arrow and this interpreter for its workers; stopped on exit.

    An active session is reused and left running.

    Raises:
        SettingsError: no Java, or one that is too old.
    """
    active = SparkSession.getActiveSession()
    if active is not None:
        yield active
        return
    require_java()
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    local = settings.master.startswith("local")
    if local:
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        for name in FOREIGN:
            os.environ.pop(name, None)
    conf = {
        **_FIXED,
        **(_LOOPBACK if local else {}),
        "spark.master": settings.master,
        "spark.driver.memory": settings.driver_memory,
        "spark.sql.shuffle.partitions": str(settings.shuffle_partitions),
        "spark.driver.extraJavaOptions": f"{_LOG_OPTION} {settings.java_options}".strip(),
        **settings.conf,
    }
    session = SparkSession.builder.appName(app).config(map=dict(conf)).getOrCreate()
    try:
        yield session
    finally:
        session.stop()


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
