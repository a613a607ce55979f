"""What Airflow stores of a task, and shows to everybody who may see a DAG, never holds a secret."""

import runpy
import sys
from pathlib import Path

import pytest
from airflow.sdk import DAG

SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "aws-Zk31",
    "CAUSALREC_POSTGRES_PASSWORD": "pg-Zk32",
    "CAUSALREC_QDRANT_API_KEY": "qd-Zk36",
    "CAUSALREC_REDIS_PASSWORD": "rd-Zk33",
    "MLFLOW_TRACKING_PASSWORD": "ml-Zk34",
    "PGPASSWORD": "pg-Zk35",
}


def test_secrets_of_the_environment_are_in_no_task(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every DAG is parsed with the secrets set; all that its tasks consist of is read."""
    for name, secret in SECRETS.items():
        monkeypatch.setenv(name, secret)
    for name in [name for name in sys.modules if name.startswith("causalrec_dags")]:
        monkeypatch.delitem(sys.modules, name)
    dags = [
        value
        for file in sorted((root / "dags").glob("*.py"))
        for value in runpy.run_path(str(file)).values()
        if isinstance(value, DAG)
    ]
    stored = {f"{dag.dag_id}.{task.task_id}": str(vars(task)) for dag in dags for task in dag.tasks}
    assert {"nightly.land", "training.train", "maintenance.maintain"} <= set(stored)
    assert "jobs.land --ds" in stored["nightly.land"]
    shown = "\n".join([*stored.values(), *(f"{vars(dag)}" for dag in dags)])
    assert [name for name, secret in SECRETS.items() if secret in shown] == []
