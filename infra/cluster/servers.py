"""The servers beside Airflow and PostgreSQL: an object store, MLflow, a Spark master and two workers."""

import re
import sys
from pathlib import Path

import pyspark
from pyarrow import fs

from infra.cluster.shop import BUCKET, REGION
from infra.embedded import ports
from infra.embedded.processes import Processes

START_SECONDS = 300.0
MASTER = "org.apache.spark.deploy.master.Master"
WORKER = "org.apache.spark.deploy.worker.Worker"
SPARK = Path(pyspark.__file__).parent
"""Home of Spark: master and workers start from the jars of the Python package."""


def start_store(processes: Processes) -> str:
    """An S3 server with one empty bucket, in memory; returns its address."""
    processes.start("s3", [sys.executable, "-m", "infra.cluster.s3_server"])
    host = f"{ports.HOST}:{_awaited(processes, 's3', r'^([0-9]+)$')}"
    store = fs.S3FileSystem(endpoint_override=host, scheme="http", region=REGION, allow_bucket_creation=True)
    store.create_dir(BUCKET)
    return f"http://{host}"


def start_mlflow(processes: Processes) -> str:
    """MLflow with artifacts in the bucket; returns its address. Its database is named by the environment."""
    port = ports.any_free()
    processes.start(
        "mlflow",
        [
            sys.executable, "-m", "mlflow", "server", "--host", ports.HOST, "--port", str(port),
            "--workers", "1", "--artifacts-destination", f"s3://{BUCKET}/mlflow",
        ],
    )  # fmt: skip
    processes.wait_until(lambda: not ports.is_free(port), "MLflow did not start", START_SECONDS)
    return f"http://{ports.HOST}:{port}"


def start_spark(processes: Processes, work: Path) -> str:
    """A master and two workers of one core each; returns the address of the master."""
    program = [str(SPARK / "bin" / "spark-class")]
    listen = ["--host", ports.HOST, "--port", "0", "--webui-port", "0"]
    processes.start("spark-master", [*program, MASTER, *listen])
    master = _awaited(processes, "spark-master", r"Starting Spark master at (spark://\S+)")
    for name in ("spark-worker-1", "spark-worker-2"):
        own = ["--cores", "1", "--memory", "2g", "--work-dir", str(work / name)]
        processes.start(name, [*program, WORKER, *listen, *own, master])
    for name in ("spark-worker-1", "spark-worker-2"):
        _awaited(processes, name, r"(Successfully registered with master)")
    return master


def spark_environment() -> dict[str, str]:
    """Variables of the processes of Spark."""
    return {
        "SPARK_HOME": str(SPARK),
        "SPARK_NO_DAEMONIZE": "1",
        "SPARK_LOCAL_IP": ports.HOST,
        "SPARK_DAEMON_MEMORY": "256m",
        "PYSPARK_PYTHON": sys.executable,
    }


def _awaited(processes: Processes, name: str, pattern: str) -> str:
    """What ``pattern`` finds in the log of a server, as soon as it does."""

    def told() -> re.Match[str] | None:
        return re.search(pattern, processes.log(name).read_text(errors="replace"), re.MULTILINE)

    processes.wait_until(lambda: told() is not None, f"{name} did not start", START_SECONDS)
    found = told()
    assert found is not None  # noqa: S101 - the line above
    return found[1]
