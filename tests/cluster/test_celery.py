"""Tasks run by Celery's workers, those of the pool ``gpu`` by the worker of their own queue.

It starts the whole platform for three minutes of CPU, so ``make test`` leaves it out.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]

RECEIVED = "Task execute_workload"


def test_every_task_goes_to_the_worker_of_its_queue(tmp_path: Path, root: Path) -> None:
    pytest.importorskip("celery", reason="the extra celery is not installed")
    work = tmp_path / "cluster"
    settings = tmp_path / "cluster.toml"
    settings.write_text(f'shop = "toy"\n[paths]\nwork = "{work}"\n[source]\nkind = "demo"\n')
    done = subprocess.run(
        [sys.executable, "-m", "tests.cluster.celery_run", str(settings)],
        cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
    assert done.stdout.splitlines()[-1] == "['success']"
    on_gpu = (work / "logs" / "celery-worker-gpu.log").read_text()
    assert on_gpu.count(f"{RECEIVED}[") == 2 * 2  # train and evaluate, received and ended
    assert (work / "logs" / "celery-worker.log").read_text().count(f"{RECEIVED}[") > 2 * 15
