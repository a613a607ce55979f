"""Spark's standalone cluster: its properties, its daemons, what its master says."""

import httpx

from infra.cluster.layout import Layout
from infra.cluster.service import Service
from infra.cluster.variables import SPARK_HOME
from infra.embedded.ports import HOST

CORES = 1  # of a worker
MEMORY = "3g"  # of a worker: an executor of each of two applications
MASTER_CLASS = "org.apache.spark.deploy.master.Master"
WORKER_CLASS = "org.apache.spark.deploy.worker.Worker"


def write_properties(layout: Layout, java_options: str) -> None:
    """Writes the properties: what an operator decides for everyone who uses the cluster."""
    properties = {
        "spark.authenticate": "true",  # a port on loopback is open to every user of the machine
        "spark.authenticate.secret": layout.spark_secret,
        "spark.driver.host": HOST,
        "spark.driver.bindAddress": HOST,
        "spark.driver.memory": "1g",
        "spark.driver.extraJavaOptions": java_options,
        "spark.executor.memory": "1g",
        "spark.executor.extraJavaOptions": java_options,
        "spark.cores.max": "1",  # of an application: two of them share the cluster
        "spark.sql.shuffle.partitions": "2",
        "spark.ui.enabled": "false",
        "spark.log.level": "WARN",  # so that a task's log shows what the stage says
    }
    layout.spark_properties.touch(mode=0o600)
    layout.spark_properties.write_text("".join(f"{name} {value}\n" for name, value in properties.items()))


def master(layout: Layout) -> Service:
    """The master."""
    options = ("--port", str(layout.spark), "--webui-port", str(layout.spark_page))
    return Service(
        "spark-master",
        _daemon(layout, MASTER_CLASS, *options),
        lambda: alive(layout) is not None,
        layout.spark_page_address,
    )


def workers(layout: Layout) -> tuple[Service, ...]:
    """The workers; they are ready when the master knows all of them."""
    return tuple(_worker(layout, port) for port in layout.spark_workers)


def _worker(layout: Layout, port: int) -> Service:
    name = worker_name(layout, port)
    options = (
        "--port", str(port), "--webui-port", "0", "--cores", str(CORES), "--memory", MEMORY,
        "--work-dir", str(layout.folder / name), layout.spark_master,
    )  # fmt: skip
    ready = lambda: len(alive(layout) or ()) == len(layout.spark_workers)  # noqa: E731
    return Service(name, _daemon(layout, WORKER_CLASS, *options), ready)


def worker_name(layout: Layout, port: int) -> str:
    """Name of the worker on ``port``."""
    return f"spark-worker-{layout.spark_workers.index(port) + 1}"


def alive(layout: Layout) -> dict[int, int] | None:
    """Port of each worker that the master reaches, and its cores in use; None without a master."""
    try:
        told = httpx.get(f"{layout.spark_page_address}/json/", trust_env=False, timeout=5).json()
    except (httpx.HTTPError, ValueError):
        return None
    return {one["port"]: one["coresused"] for one in told["workers"] if one["state"] == "ALIVE"}


def _daemon(layout: Layout, program: str, *options: str) -> tuple[str, ...]:
    properties = ("--properties-file", str(layout.spark_properties))
    return (str(SPARK_HOME / "bin" / "spark-class"), program, "--host", HOST, *properties, *options)
