"""The environment of every process of a cluster: addresses and secrets, as on a shop's own platform."""

import sys
from collections.abc import Mapping
from pathlib import Path

import pyspark

from infra.class_archive import archived
from infra.cluster import celery
from infra.cluster.layout import AIRFLOW_DATABASE, SHOP_BUCKET, Layout
from infra.cluster.s3_server import REGION
from infra.embedded.ports import HOST

SPARK_HOME = Path(pyspark.__file__).parent
SUBMIT = SPARK_HOME / "bin" / "spark-submit"
DAEMON = archived("-XX:+UseSerialGC -XX:TieredStopAtLevel=1")


def variables(layout: Layout, password: str, user: str) -> Mapping[str, str]:
    """What stages, Airflow, MLflow and Spark's daemons are told.

    Args:
        password: of ``user`` in Airflow and MLflow.
    """
    database = layout.database_address(AIRFLOW_DATABASE)
    return {
        # the object store, for every client of it: delta-rs, pyarrow, s3fs, boto3
        "AWS_ACCESS_KEY_ID": "cluster",
        "AWS_SECRET_ACCESS_KEY": layout.key,
        "AWS_ENDPOINT_URL": layout.s3_address,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "CAUSALREC__PATHS__STORE": f"s3://{SHOP_BUCKET}/night",
        "CAUSALREC__LAKE__ENDPOINT": layout.s3_address,
        "CAUSALREC__LAKE__REGION": REGION,
        # MLflow
        "CAUSALREC__REGISTRY__TRACKING_URI": layout.mlflow_address,
        "CAUSALREC__REGISTRY__ARTIFACT_ROOT": "mlflow-artifacts:/",
        "CAUSALREC__REGISTRY__PAGE_URL": layout.mlflow_address,
        "MLFLOW_TRACKING_USERNAME": user,
        "MLFLOW_TRACKING_PASSWORD": password,
        # Airflow on PostgreSQL; psycopg is the driver of both kinds of connection
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": database,
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",  # seconds; a killed scheduler left some
        "CAUSALREC_JOB_COMMAND": (
            f"exec {SUBMIT} --master {layout.spark_master} --properties-file {layout.spark_properties}"
            " {root}/jobs/{job}.py --ds {ds}"
        ),
        # Spark's own scripts
        "SPARK_HOME": str(SPARK_HOME),
        "SPARK_LOCAL_IP": HOST,
        "SPARK_NO_DAEMONIZE": "1",
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": DAEMON,
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        **(celery.variables(layout) if layout.celery else {}),
    }
