"""Spark with the properties and pods of the chart and the entry point of the image, on loopback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infra.helm.apiserver import Cluster, own_environment, serving
from tests.infra.helm.chart import render
from tests.jvm import LIGHT

kubernetes_validate = pytest.importorskip("kubernetes_validate", reason="run make setup")
pytestmark = [pytest.mark.spark, pytest.mark.slow]

DRIVER = "score-x7k2"
SMALL = {"instances": 1, "cores": 1, "memory": "512m", "memoryOverhead": "256m", "cpuLimit": "1"}
WORK = """
import json, sys
from causalrec.config.spark import SparkSettings
from causalrec.lake.session import spark_session

settings = SparkSettings(master=sys.argv[1], java_options=sys.argv[2])
with spark_session(settings, "score") as spark:
    rows = spark.range(100, numPartitions=1).mapInArrow(lambda batches: batches, "id long")
    conf = spark.sparkContext.getConf()
    print(json.dumps({"rows": rows.count(), "host": conf.get("spark.driver.host")}))
"""


def test_a_stage_runs_on_executors_that_the_chart_describes(tmp_path: Path, root: Path) -> None:
    chart = render({"executors": SMALL})
    for name, folder in (("causalrec-spark", "spark"), ("causalrec-pods", "pods")):
        (tmp_path / folder).mkdir()
        for file, text in chart.named("ConfigMap", name)["data"].items():
            (tmp_path / folder / file).write_text(text.replace("/etc/causalrec", str(tmp_path)))
    with (tmp_path / "spark/spark-defaults.conf").open("a") as properties:  # loopback, and any free port
        properties.write(f"spark.driver.port 0\nspark.driver.blockManager.port 0\nspark.ui.enabled false\n"
                         f"spark.executor.extraJavaOptions {LIGHT}\n")  # fmt: skip
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    here = {**own_environment(), "PYTHONPATH": str(root), "PATH": path}
    cluster = Cluster(root / "infra/images/entrypoint.sh", tmp_path, here)
    pod = {"SPARK_CONF_DIR": str(tmp_path / "spark"), "POD_NAME": DRIVER, "POD_IP": "127.0.0.1"}
    with serving(cluster, DRIVER) as address:
        done = subprocess.run(
            [sys.executable, "-c", WORK, f"k8s://{address}", LIGHT],
            env=here | pod, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {"rows": 100, "host": "127.0.0.1"}

    (executor,) = cluster.pods
    kubernetes_validate.validate(executor, "1.34", strict=True)
    spec = executor["spec"]
    assert executor["metadata"]["name"].endswith("-exec-1")
    assert executor["metadata"]["ownerReferences"][0]["name"] == DRIVER
    assert executor["metadata"]["labels"]["app.kubernetes.io/component"] == "executor"
    assert spec["serviceAccountName"] == "causalrec-executor"
    assert spec["securityContext"]["runAsNonRoot"] is True
    (container,) = spec["containers"]
    assert container["image"] == "causalrec-spark:0.4.0"
    assert container["resources"]["limits"] == {"cpu": "1", "memory": "768Mi"}
    assert {"secretRef": {"name": "causalrec-credentials", "optional": True}} in container["envFrom"]
    volumes = [volume["name"] for volume in spec["volumes"]]
    assert len(volumes) == len(set(volumes))  # Kubernetes refuses a pod that names one twice
    assert {mount["name"] for mount in container["volumeMounts"]} == set(volumes)
