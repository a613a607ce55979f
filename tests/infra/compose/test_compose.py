"""The compose file, as Docker Compose itself reads it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from causalrec.config import load_settings
from causalrec.pipeline import STAGES

SECRET = "c2VjcmV0"  # noqa: S105 - of nothing
SERVICES = {
    "postgres", "prepare", "api-server", "scheduler", "dag-processor", "triggerer", "mlflow", "spark-master",
    "spark-worker",
}  # fmt: skip


def read(root: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """What Docker Compose says about the file; skips where there is none."""
    beside = shutil.which("docker-compose", path=str(Path(sys.executable).parent))
    program = beside or shutil.which("docker-compose")
    if program is None:
        pytest.skip("no Docker Compose: run make setup (Linux on x86_64)")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CAUSALREC_")}
    return subprocess.run(
        [program, "--file", "infra/compose/compose.yaml", *options, "config", "--format", "json"],
        cwd=root, env=clean | variables, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def compose(root: Path) -> dict[str, Any]:
    done = read(root, "--profile", "celery", CAUSALREC_SECRET=SECRET)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_celery_is_there_if_it_is_asked_for(root: Path, compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {*SERVICES, "redis", "worker"}
    done = read(root, CAUSALREC_SECRET=SECRET, CAUSALREC_EXECUTOR="CeleryExecutor")
    plain = json.loads(done.stdout)["services"]
    assert set(plain) == SERVICES
    assert plain["scheduler"]["environment"]["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"


def test_without_a_secret_nothing_starts(root: Path) -> None:
    done = read(root)
    assert done.returncode != 0
    assert "set CAUSALREC_SECRET" in done.stderr


def test_only_loopback_ports_are_published(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert {(port["host_ip"], port["target"]) for port in ports} == {("127.0.0.1", 8080), ("127.0.0.1", 5000)}


def test_everything_that_keeps_running_has_a_health_check(compose: dict[str, Any]) -> None:
    """MLflow's is in its image, so that it has one wherever it runs."""
    from tests.infra.images.dockerfile import stages

    running = {name: one for name, one in compose["services"].items() if one.get("restart") != "no"}
    assert {name for name, one in running.items() if not one.get("healthcheck")} == {"mlflow"}
    assert stages()["mlflow"].all("HEALTHCHECK")


def test_the_settings_are_settings_that_exist(compose: dict[str, Any]) -> None:
    services = compose["services"]
    given = {k: v for k, v in services["scheduler"]["environment"].items() if k.startswith("CAUSALREC__")}
    settings = load_settings(Path(compose["configs"]["settings"]["file"]), given)
    assert settings.spark.master == f"spark://{services['spark-master']['command'][-1]}:7077"
    assert settings.tracking_uri == "http://mlflow:5000"
    page = settings.registry.page_url  # which a browser on this host can open
    published = {f"http://localhost:{port['published']}" for port in services["mlflow"]["ports"]}
    assert {page} == published
    assert page.removeprefix("http://") in services["mlflow"]["environment"]["MLFLOW_SERVER_ALLOWED_HOSTS"]


def test_mlflow_has_a_database_of_its_own_on_postgresql(compose: dict[str, Any]) -> None:
    address = compose["services"]["mlflow"]["environment"]["MLFLOW_BACKEND_STORE_URI"]
    assert address == f"postgresql+psycopg://airflow:{SECRET}@postgres/mlflow"
    assert compose["configs"]["mlflow-database"]["content"] == "CREATE DATABASE mlflow;"
    (config,) = compose["services"]["postgres"]["configs"]
    assert config["source"] == "mlflow-database"


def test_tables_and_pools_are_made_before_anything_starts(root: Path, compose: dict[str, Any]) -> None:
    assert compose["services"]["prepare"]["command"][-1].endswith(
        "airflow pools import infra/airflow/pools.json"
    )
    for name in ("api-server", "scheduler", "dag-processor", "triggerer", "worker"):
        waits = compose["services"][name]["depends_on"]
        assert waits["prepare"]["condition"] == "service_completed_successfully", name
    pools = json.loads((root / "infra/airflow/pools.json").read_text())
    assert {stage.pool for stage in STAGES.values()} - {"default_pool"} == set(pools)
    assert all(pool["slots"] >= 1 and pool["description"] for pool in pools.values())


def test_images_of_others_can_be_pinned(root: Path) -> None:
    digest = f"postgres@sha256:{'b' * 64}"
    done = read(root, CAUSALREC_SECRET=SECRET, POSTGRES_IMAGE=digest)
    assert json.loads(done.stdout)["services"]["postgres"]["image"] == digest
