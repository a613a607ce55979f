"""The services of a cluster, in the order in which they start."""

import sys

from infra.cluster import celery, spark
from infra.cluster.layout import AIRFLOW_DATABASE, MODEL_BUCKET, MODEL_DATABASE, SHOP_BUCKET, Layout
from infra.cluster.postgres import accepts
from infra.cluster.service import Service, Step, Wave
from infra.embedded.client import AirflowClient
from infra.embedded.home import LOGIN
from infra.embedded.ports import HOST, is_free
from infra.embedded.session import POOLS
from infra.embedded.shop import Shop

SCHEDULER = "scheduler"


def waves(layout: Layout, shop: Shop, client: AirflowClient) -> tuple[Wave, ...]:
    """Everything that has to start, each wave after the one before."""
    queue = (celery.broker(layout),) if layout.celery else ()
    workers = celery.workers(layout) if layout.celery else ()
    return (
        (_postgres(layout), _store(layout), spark.master(layout), *queue),
        (_tables(), _mlflow(layout, shop), *spark.workers(layout)),
        (*_airflow(layout, client), *workers),
    )


def _postgres(layout: Layout) -> Service:
    folder, databases = str(layout.database), (AIRFLOW_DATABASE, MODEL_DATABASE)
    return Service(
        "postgresql",
        (sys.executable, "-m", "infra.cluster.postgres", folder, *databases),
        lambda: all(accepts(folder, name) for name in databases),
    )


def _store(layout: Layout) -> Service:
    return Service(
        "object-store",
        (sys.executable, "-m", "infra.cluster.s3_server", str(layout.s3), SHOP_BUCKET, MODEL_BUCKET),
        lambda: not is_free(layout.s3),
        layout.s3_address,
    )


def _mlflow(layout: Layout, shop: Shop) -> Service:
    command = (
        sys.executable, "-m", "infra.embedded.mlflow_app", "--port", str(layout.mlflow),
        "--users", str(shop.airflow_home / LOGIN),
        "--store", layout.database_address(MODEL_DATABASE), "--artifacts", f"s3://{MODEL_BUCKET}",
    )  # fmt: skip
    return Service("mlflow", command, lambda: not is_free(layout.mlflow), layout.mlflow_address)


def _tables() -> Step:
    airflow = f"'{sys.executable}' -m airflow"
    return Step(
        "airflow-tables", ("sh", "-c", f"{airflow} db migrate && exec {airflow} pools import '{POOLS}'")
    )


def _airflow(layout: Layout, client: AirflowClient) -> tuple[Service, ...]:
    def part(name: str, *options: str, component: str = "", address: str = "") -> Service:
        needed = (component,) if component else ()
        command = (sys.executable, "-m", "airflow", name, *options)
        return Service(name, command, lambda: client.healthy(*needed), address)

    return (
        part("api-server", address=f"http://{HOST}:{layout.airflow}"),
        part(SCHEDULER, "--skip-serve-logs", component="scheduler"),
        part("dag-processor", component="dag_processor"),
        part("triggerer", "--skip-serve-logs", component="triggerer"),
    )
