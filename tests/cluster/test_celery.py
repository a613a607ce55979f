"""Tasks run by Celery's workers, those of the pool ``gpu`` by the worker of their own queue.

It starts the whole platform for three minutes of CPU, so ``make test`` leaves it out.
"""

from pathlib import Path

import pytest

from tests.cluster.toys import played

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]

RECEIVED = "Task execute_workload["


def test_every_task_goes_to_the_worker_of_its_queue(tmp_path: Path, root: Path) -> None:
    pytest.importorskip("celery", reason="the extra celery is not installed")
    work = tmp_path / "cluster"
    lines = played(work, root, "echo {job} {ds}", "celery")
    assert lines[-1] == "['success']"
    on_gpu = (work / "logs" / "celery-worker-gpu.log").read_text()
    assert on_gpu.count(RECEIVED) == 2 * 2  # train and evaluate, received and ended
    assert (work / "logs" / "celery-worker.log").read_text().count(RECEIVED) > 2 * 15
