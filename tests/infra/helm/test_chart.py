"""The chart as Helm renders it: valid objects of Kubernetes that name one another, settings and images."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from causalrec.config.settings import Settings
from tests.infra.helm.chart import CHART, Rendered, render

kubernetes_validate = pytest.importorskip("kubernetes_validate", reason="run make setup")
KUBERNETES = "1.34"
TYPICAL: dict[str, Any] = {
    "images": {
        "registry": "registry.example/shop",
        "pullSecrets": ["pull"],
        "spark": {"digest": f"sha256:{'a' * 64}"},
    },
    "executors": {
        "nodeSelector": {"pool": "spark"},
        "tolerations": [{"key": "spot", "operator": "Exists"}],
    },
    "environment": {"CAUSALREC_TASK_RETRIES": "3"},
}  # fmt: skip
LEAST: dict[str, Any] = {"mlflow": {"enabled": False}, "gpu": {"enabled": False}}


@pytest.fixture(scope="module")
def chart() -> Rendered:
    return render()


def pods(chart: Rendered) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every pod that comes of the chart: written out, or in the template of another object."""
    for one in chart.objects:
        if one["kind"] in ("Deployment", "Job"):
            yield one["metadata"]["name"], one["spec"]["template"]["spec"]
    for name, text in chart.named("ConfigMap", "causalrec-pods")["data"].items():
        yield name, yaml.safe_load(text)["spec"]


@pytest.mark.parametrize("values", [{}, TYPICAL, LEAST], ids=["default", "typical", "least"])
def test_every_object_is_valid_in_kubernetes(values: Mapping[str, Any]) -> None:
    chart = render(values)
    assert chart.error == ""
    templates = [yaml.safe_load(text) for text in chart.named("ConfigMap", "causalrec-pods")["data"].values()]
    for one in (*chart.objects, *templates):
        kubernetes_validate.validate(one, KUBERNETES, strict=True)
    names = [(one["kind"], one["metadata"]["name"]) for one in chart.objects]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"executors": {"memory": "4 GB"}}, "/executors/memory"),
        ({"mlflow": {"artefacts": "s3://b"}}, "artefacts"),
        ({"images": {"spark": {"digest": "latest"}}}, "/images/spark/digest"),
        ({"settings": ""}, "/settings"),
    ],
)
def test_wrong_values_are_refused_by_name(values: Mapping[str, Any], said: str) -> None:
    assert said in render(values).error


def test_every_value_is_described() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert set(schema["properties"]) - {"global"} == set(values) == set(schema["required"])
    for name, section in schema["properties"].items():
        assert section.get("description"), name
        for key, value in section.get("properties", {}).items():
            described = value.get("description") or value.get("$ref") or value.get("enum")
            assert described or key == "instances" or value.get("type") == "boolean", f"{name}.{key}"


def test_the_settings_are_a_settings_file(chart: Rendered) -> None:
    text = chart.named("ConfigMap", "causalrec-settings")["data"]["settings.toml"]
    environment = chart.named("ConfigMap", "causalrec-environment")["data"]
    tree: dict[str, Any] = tomllib.loads(text)
    for name, value in environment.items():
        if name.startswith("CAUSALREC__"):
            section, key = name.lower().split("__")[1:]
            tree.setdefault(section, {})[key] = value
    settings = Settings.model_validate(tree)
    assert (settings.paths.store, str(settings.paths.work)) == ("s3://causalrec/shop", "/work")
    assert settings.spark.master == "k8s://https://kubernetes.default.svc"
    server = chart.named("Service", "causalrec-mlflow")
    assert (
        settings.tracking_uri == f"http://{server['metadata']['name']}:{server['spec']['ports'][0]['port']}"
    )
    assert settings.registry.page_url == "http://localhost:5000"


@pytest.mark.parametrize("values", [{}, TYPICAL, LEAST], ids=["default", "typical", "least"])
def test_no_pod_runs_as_root_or_without_limits(values: Mapping[str, Any]) -> None:
    for name, pod in pods(render(values)):
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        for container in pod["containers"]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False, name
            if name != "executor.yaml":  # Spark writes its requests and limits from its own properties
                assert container["resources"]["limits"]["memory"], name
                assert container["resources"]["requests"]["cpu"], name


def test_what_a_pod_names_is_there(chart: Rendered) -> None:
    """Secrets are made by others, by reference; so is Airflow's own configuration."""
    made = {(one["kind"], one["metadata"]["name"]) for one in chart.objects}
    for name, pod in pods(chart):
        volumes = pod.get("volumes", [])
        mounted = {mount["name"] for one in pod["containers"] for mount in one.get("volumeMounts", [])}
        assert mounted == {volume["name"] for volume in volumes}, name
        for volume in volumes:
            if "configMap" in volume and volume["configMap"]["name"] != "airflow-config":
                assert ("ConfigMap", volume["configMap"]["name"]) in made, name
            if "persistentVolumeClaim" in volume:
                assert ("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]) in made
        account = pod.get("serviceAccountName")
        assert account is None or ("ServiceAccount", account) in made
        for source in (source for one in pod["containers"] for source in one.get("envFrom", [])):
            assert "secretRef" in source or ("ConfigMap", source["configMapRef"]["name"]) in made
    assert not [one for one in chart.objects if one["kind"] == "Secret"]


def test_a_training_gets_a_gpu_and_nothing_else_does(chart: Rendered) -> None:
    limits = {name: pod["containers"][0].get("resources", {}).get("limits", {}) for name, pod in pods(chart)}
    assert [name for name, limit in limits.items() if "nvidia.com/gpu" in limit] == ["gpu.yaml"]
    pod = dict(pods(chart))["gpu.yaml"]
    assert pod["containers"][0]["name"] == "base"
    assert pod["nodeSelector"] == {"nvidia.com/gpu.present": "true"}
    assert pod["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    environment = chart.named("ConfigMap", "causalrec-environment")["data"]
    assert environment["CAUSALREC_POD_TEMPLATES"] == "gpu=/etc/causalrec/pods/gpu.yaml"
    assert "CAUSALREC_POD_TEMPLATES" not in render(LEAST).named("ConfigMap", "causalrec-environment")["data"]


def test_services_find_the_pods_that_they_name(chart: Rendered, root: Path) -> None:
    deployment = chart.named("Deployment", "causalrec-mlflow")["spec"]["template"]["metadata"]["labels"]
    selector = chart.named("Service", "causalrec-mlflow")["spec"]["selector"]
    assert selector.items() <= deployment.items()
    airflow = yaml.safe_load((root / "infra/helm/airflow-values.yaml").read_text())
    assert chart.named("Service", "causalrec-driver")["spec"]["selector"] == airflow["workers"]["labels"]


def test_airflow_finds_what_the_chart_made(chart: Rendered, root: Path) -> None:
    values = yaml.safe_load((root / "infra/helm/airflow-values.yaml").read_text())
    made = {(one["kind"], one["metadata"]["name"]) for one in chart.objects}
    assert {("ConfigMap", volume["configMap"]["name"]) for volume in values["volumes"]} <= made
    assert {one["name"] for one in values["volumeMounts"]} == {one["name"] for one in values["volumes"]}
    config, secret = yaml.safe_load(values["extraEnvFrom"])
    assert ("ConfigMap", config["configMapRef"]["name"]) in made
    own = yaml.safe_load((CHART / "values.yaml").read_text())
    assert secret["secretRef"]["name"] == own["credentials"]["secret"]
    assert ("PersistentVolumeClaim", values["logs"]["persistence"]["existingClaim"]) in made
    assert ("ServiceAccount", values["workers"]["serviceAccount"]["name"]) in made
    image = own["images"]["airflow"]
    assert (values["defaultAirflowRepository"], values["defaultAirflowTag"]) == (
        image["repository"],
        image["tag"],
    )
    properties = chart.named("ConfigMap", "causalrec-spark")["data"]["spark-defaults.conf"]
    given = {one["name"] for one in values["workers"]["env"]}
    assert set(re.findall(r"\$\{env:(\w+)\}", properties)) == given
    mounts = [*values["volumeMounts"], *values["workers"]["extraVolumeMounts"]]
    environment = chart.named("ConfigMap", "causalrec-environment")["data"]
    for name in (
        environment["CAUSALREC_SETTINGS"],
        environment["SPARK_CONF_DIR"],
        "/etc/causalrec/pods",
        "/work",
    ):
        assert name in {one["mountPath"] for one in mounts}


def test_the_pools_job_waits_for_airflow(chart: Rendered, root: Path) -> None:
    job = chart.named("Job", "causalrec-pools-1")["spec"]["template"]["spec"]
    (container,) = job["containers"]
    assert container["args"][-1].startswith("airflow db check-migrations")
    (file,) = re.findall(r"/opt/causalrec/(\S+\.json)", container["args"][-1])
    assert (root / file).is_file()
    assert container["env"][0]["valueFrom"]["secretKeyRef"] == {
        "name": "airflow-metadata",
        "key": "connection",
    }


def test_mlflow_is_on_postgresql_and_an_object_store(chart: Rendered) -> None:
    (container,) = chart.named("Deployment", "causalrec-mlflow")["spec"]["template"]["spec"]["containers"]
    variables = {one["name"]: one for one in container["env"]}
    assert variables["MLFLOW_BACKEND_STORE_URI"]["valueFrom"]["secretKeyRef"]["name"] == "causalrec-mlflow"
    assert variables["MLFLOW_ARTIFACTS_DESTINATION"]["value"].startswith("s3://")
    assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(container)


def test_the_notes_say_what_to_do_next() -> None:
    notes = render().notes
    if not notes:
        pytest.skip("helm template prints no notes")
    assert "job/causalrec-pools-1" in notes
    assert "causalrec-credentials causalrec-mlflow" in notes


def test_images_are_named_once_with_registry_and_digest() -> None:
    chart = render(TYPICAL)
    images = {name: pod["containers"][0]["image"] for name, pod in pods(chart)}
    assert images == {
        "causalrec-mlflow": "registry.example/shop/causalrec-mlflow:0.4.0",
        "causalrec-pools-1": "registry.example/shop/causalrec-airflow:0.4.0",
        "executor.yaml": f"registry.example/shop/causalrec-spark@sha256:{'a' * 64}",
        "gpu.yaml": "registry.example/shop/causalrec-train-gpu:0.4.0",
    }
    properties = chart.named("ConfigMap", "causalrec-spark")["data"]["spark-defaults.conf"]
    assert images["executor.yaml"] in properties
