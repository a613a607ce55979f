"""The same bridge where executors are processes of their own."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pyspark
import pytest

from tests.jvm import LIGHT

pytestmark = [pytest.mark.spark, pytest.mark.slow]

PATIENCE = 60  # seconds
MASTER = "org.apache.spark.deploy.master.Master"
WORKER = "org.apache.spark.deploy.worker.Worker"


RUN = "tests/lake/cluster_run.py"


def outcome(command: list[str], root: Path) -> dict[str, object]:
    """What the run says."""
    environment = {**os.environ, "PYTHONPATH": str(root), "PYSPARK_PYTHON": sys.executable}
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def holds(found: dict[str, object]) -> None:
    """Every promise of the bridge, whatever the master."""
    assert found["executors"] == 2
    assert found["digests"] == found["driver"]
    assert found["changed"] == [True, True, False, False]
    assert "which this write does not replace" in str(found["refused"])
    assert (found["pinned"], found["now"]) == (200, 201)


def test_local_cluster(tmp_path: Path, root: Path) -> None:
    """Named by a setting."""
    master = "local-cluster[2,1,1024]"
    found = outcome([sys.executable, RUN, str(tmp_path / "lake"), master], root)
    assert found["master"] == master
    holds(found)


@pytest.fixture
def standalone(tmp_path: Path) -> Iterator[str]:
    """A master and two workers, five processes with the executors, on free loopback ports."""
    with ExitStack() as stack:
        log = _started(stack, tmp_path / "master.log", MASTER, "--port", "0", "--webui-port", "0")
        master = _awaited(log, r"Starting Spark master at (spark://\S+)")
        for number in (1, 2):
            folder = str(tmp_path / f"worker{number}")
            options = ("--port", "0", "--webui-port", "0", "-c", "1", "-m", "1g", "-d", folder, master)
            log = _started(stack, tmp_path / f"worker{number}.log", WORKER, *options)
            _awaited(log, r"(Successfully registered with master)")
        yield master


def test_standalone_cluster(standalone: str, tmp_path: Path, root: Path) -> None:
    """Named by ``spark-submit``, together with the memory and the share of the cluster."""
    options = {
        "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.cores.max": "2",
        "spark.executor.memory": "1g", "spark.executor.extraJavaOptions": LIGHT,
    }  # fmt: skip
    pairs = [word for name, value in options.items() for word in ("--conf", f"{name}={value}")]
    submit = [str(Path(pyspark.__file__).parent / "bin" / "spark-submit"), "--master", standalone]
    own = ["--driver-memory", "900m", "--driver-java-options", LIGHT]
    found = outcome([*submit, *own, *pairs, RUN, str(tmp_path / "lake")], root)
    assert (found["master"], found["memory"], found["cores"]) == (standalone, "900m", "2")
    holds(found)


def _started(stack: ExitStack, log: Path, program: str, *options: str) -> Path:
    home = Path(pyspark.__file__).parent
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_NO_DAEMONIZE": "1",
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": LIGHT,
        "PYSPARK_PYTHON": sys.executable,
    }
    with log.open("w") as stream:
        process = subprocess.Popen(
            [str(home / "bin" / "spark-class"), program, "--host", "127.0.0.1", *options],
            env=environment, stdout=stream, stderr=subprocess.STDOUT, cwd=log.parent,
        )  # fmt: skip
    stack.callback(process.wait)
    stack.callback(process.terminate)
    return log


def _awaited(log: Path, pattern: str) -> str:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = re.search(pattern, log.read_text())
        if found:
            return found[1]
        time.sleep(0.1)
    pytest.fail(f"no {pattern!r} in\n{log.read_text()[-2000:]}")
