"""The database server of the cluster, for real."""

import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from infra.cluster.postgres import accepts, address
from infra.embedded.processes import Processes
from infra.embedded.shop import ROOT

pytestmark = pytest.mark.server


def test_it_has_its_databases_and_ends_when_asked(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="causalrec-pg-", ignore_cleanup_errors=True) as short:
        folder = str(Path(short) / "data")  # its own user must reach it, and sockets have short paths
        assert not accepts(folder, "airflow")
        assert address(folder, "airflow") == f"postgresql+psycopg://postgres@/airflow?host={folder}"
        with Processes(tmp_path, {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}) as processes:
            processes.start(
                "db", [sys.executable, "-m", "infra.cluster.postgres", folder, "airflow", "mlflow"]
            )
            processes.wait_until(lambda: accepts(folder, "mlflow"), "PostgreSQL did not start", 120)
            with psycopg.connect(host=folder, user="postgres", dbname="airflow") as connection:
                assert connection.execute("SELECT current_database()").fetchone() == ("airflow",)
        assert not accepts(folder, "mlflow")
        assert not (Path(folder) / "postmaster.pid").exists()
