"""Compose file and Helm values: valid YAML that names things which exist."""

import json
import re
from pathlib import Path

import pytest
import yaml

from causalrec.config import load_settings
from causalrec.pipeline import STAGES


def test_compose_services_and_their_commands(root: Path) -> None:
    compose = yaml.safe_load((root / "infra/compose/compose.yaml").read_text())
    assert set(compose["services"]) == {
        "postgres", "prepare", "api-server", "scheduler", "dag-processor", "triggerer", "mlflow",
        "spark-master", "spark-worker",
    }  # fmt: skip
    published = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def _compose_settings(root: Path) -> dict[str, str]:
    compose = yaml.safe_load((root / "infra/compose/compose.yaml").read_text())
    return dict(compose["x-causalrec"]["environment"])


def _helm_settings(root: Path) -> dict[str, str]:
    return dict(yaml.safe_load((root / "infra/helm/causalrec/values.yaml").read_text())["settings"])


@pytest.mark.parametrize("read", [_compose_settings, _helm_settings])
def test_settings_of_a_cluster_are_settings_that_exist(root: Path, read: object) -> None:
    assert callable(read)
    environment = {k: v for k, v in read(root).items() if k.startswith("CAUSALREC__")}
    settings = load_settings(None, environment)
    assert settings.spark.master == environment["CAUSALREC__SPARK__MASTER"]
    assert settings.tracking_uri == environment["CAUSALREC__REGISTRY__TRACKING_URI"]


def test_templates_use_only_values_that_are_declared(root: Path) -> None:
    chart = root / "infra/helm/causalrec"
    values = yaml.safe_load((chart / "values.yaml").read_text())
    used = {
        name
        for template in (chart / "templates").glob("*.yaml")
        for name in re.findall(r"\.Values\.([\w.]+)", template.read_text())
    }
    assert used
    for name in used:
        node = values
        for part in name.split("."):
            assert part in node, name
            node = node[part]


def test_airflow_values_are_yaml(root: Path) -> None:
    values = yaml.safe_load((root / "infra/helm/airflow-values.yaml").read_text())
    assert values["executor"] == "KubernetesExecutor"
    assert yaml.safe_load(values["extraEnvFrom"]) == [{"configMapRef": {"name": "causalrec-settings"}}]


def test_pools_of_the_dags_are_declared(root: Path) -> None:
    pools = json.loads((root / "infra/airflow/pools.json").read_text())
    used = {stage.pool for stage in STAGES.values()}
    assert used - {"default_pool"} == set(pools)
    assert all(pool["slots"] >= 1 and pool["description"] for pool in pools.values())
