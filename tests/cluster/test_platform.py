"""The whole platform as processes: nights, a backfill and a training, with parts killed on the way.

It takes most of an hour of CPU, so ``make test`` leaves it out; ``sh infra/test.sh -m cluster`` runs it.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(5400)]


def test_nights_survive_the_loss_of_a_worker_and_of_the_scheduler(tmp_path: Path, root: Path) -> None:
    work = tmp_path / "cluster"
    settings = tmp_path / "cluster.toml"
    text = (root / "infra" / "settings" / "cluster.toml").read_text()
    settings.write_text(text.replace(".work/cluster", str(work)))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    done = subprocess.run(
        [sys.executable, "-m", "infra.cluster", "--settings", str(settings)],
        cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    said = done.stdout
    assert done.returncode == 0, said[-6000:]
    assert re.search(r"spark-worker-[12] was killed with its executors, while \w+.* of 2026-03-01", said)
    assert re.search(
        r"the scheduler was killed with its children and started again, while \w+.* of 2026-03-02", said
    )
    assert "approved over the API" in said
    assert "2026-03-03 answer: success" in said
    assert "night of 2026-03-01" in said
    assert "failed" not in re.findall(r"^2026-\S+ \w+: (\w+)", said, re.MULTILINE)
    left = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(work) not in left
